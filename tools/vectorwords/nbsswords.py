"""Words of nbss, for the vectors of every protocol that carries it."""
from ber import *
from wire import *

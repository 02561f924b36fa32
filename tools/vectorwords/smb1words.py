"""Words of smb1, for the vectors of every protocol that carries it."""
from ber import *
from wire import *

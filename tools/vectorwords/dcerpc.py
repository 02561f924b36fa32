"""Words of vector expressions for DCE/RPC over TCP and over datagrams."""
from ber import *
from wire import *
from rpcwords import *
from authwords import *


"""Words of SMB messages: the session service, both versions, and what they carry."""
from ber import *
from wire import *
from authwords import *
from rpcwords import *
from ndrwords import *
from nbsswords import *
from smb1words import *
from smb2words import *

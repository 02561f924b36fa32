"""Words of vector expressions for DCE/RPC over TCP and over datagrams."""
from ber import *
from wire import *
from rpcwords import *
from ndrwords import *
from authwords import *


def cl_pdu(ptype=0, body=b"", opnum=0, interface=EPMAPPER, sequence=1, fragment=0, flags=0x20, flags2=0, version=4, auth=0, length=None,
           activity="41414141-0000-4000-8000-414141414141", big_endian=False):
    """A connectionless PDU, C706 12.5.2.1."""
    body, order = piece(body), big_endian
    return cat(num(version, 1), num(ptype, 1), num(flags, 1), num(flags2, 1), bytes([0 if order else 0x10, 0, 0]), b"\0", b"\0" * 16,
               uuid(interface[0], order), uuid(activity, order), num(0, 4), num(interface[1] | interface[2] << 16, 4, order),
               num(sequence, 4, order), num(opnum, 2, order), b"\xff" * 4, num(body.size if length is None else length, 2, order),
               num(fragment, 2, order), num(auth, 1), b"\0", body)

"""Words of nbss, for the vectors of every protocol that carries it."""
from ber import *
from wire import *

NBSS_MESSAGE, NBSS_REQUEST, NBSS_POSITIVE, NBSS_NEGATIVE, NBSS_RETARGET, NBSS_KEEPALIVE = 0, 0x81, 0x82, 0x83, 0x84, 0x85


def nbss(*parts, type=NBSS_MESSAGE, length=None):
    """A session packet; `length` may say something else than what follows, or be a piece that replaces the field."""
    body = cat(*parts)
    if length is None:
        length = body.size
    return u8(type) + (length if isinstance(length, Piece) else be24(length)) + body


def nbss_name(text="SERVER", suffix=0x20, scope=()):
    """A name in the first level encoding, with the labels of a scope."""
    raw = text.encode("ascii").ljust(15)[:15] + bytes([suffix])
    letters = bytes(0x41 + half for octet in raw for half in (octet >> 4, octet & 15))
    return u8(32) + piece(letters) + cat(*[u8(len(label)) + piece(label) for label in scope]) + u8(0)


def nbss_request(called=None, calling=None):
    return nbss(nbss_name() if called is None else called, nbss_name("CLIENT", 0) if calling is None else calling, type=NBSS_REQUEST)


def nbss_positive():
    return nbss(type=NBSS_POSITIVE)

"""Words every protocol of plain fields shares: numbers of either byte order, texts in UTF-16, padding."""
from ber import Piece, piece

__all__ = ["u8", "le16", "le32", "le64", "be16", "be24", "be32", "be64", "utf16", "utf16be", "padded"]


def _number(value, octets, order):
    return piece(int(value).to_bytes(octets, order))


def u8(value):
    return _number(value, 1, "little")


def le16(value):
    return _number(value, 2, "little")


def le32(value):
    return _number(value, 4, "little")


def le64(value):
    return _number(value, 8, "little")


def be16(value):
    return _number(value, 2, "big")


def be24(value):
    return _number(value, 3, "big")


def be32(value):
    return _number(value, 4, "big")


def be64(value):
    return _number(value, 8, "big")


def utf16(text):
    return piece(text.encode("utf-16-le"))


def utf16be(text):
    return piece(text.encode("utf-16-be"))


def padded(value, multiple, octet=b"\0"):
    """The piece and as many octets behind it as make its length a multiple."""
    value = piece(value)
    return value + Piece(octet, -len(value) % multiple)

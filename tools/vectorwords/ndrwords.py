"""Words of the arguments of RPC operations (C706 chapter 14), for the vectors of every protocol that carries them.

`ndr(part, part, ..., big=False)` is a stub: the arguments in order, each a part made by the words below. A part aligns itself; what a
pointer points to comes where it belongs: behind the construction that holds the pointer. NDR_AT in front of a part, or at="actual"
in a string, marks where the fault must stand.
"""
from ber import *
from ber import AT, Piece, piece

__all__ = ["ndr", "ndr_u8", "ndr_u16", "ndr_u32", "ndr_octets", "ndr_raw", "ndr_wstring", "ndr_string", "ndr_unique", "ndr_array",
           "ndr_varying", "ndr_struct", "ndr_conformant", "ndr_counted", "ndr_union", "NDR_AT", "NDR_NULL"]


class _Stub:
    def __init__(self, big):
        self.parts, self.size, self.big, self.later = [], 0, big, []

    def add(self, data):
        data = piece(data)
        self.parts.append(data)
        self.size += data.size

    def align(self, octets):
        self.add(Piece(b"\0", -self.size % octets))

    def number(self, value, octets, at=False):
        self.align(octets)
        if at:
            self.add(AT)
        self.add(int(value).to_bytes(octets, "big" if self.big else "little"))

    def whole(self, part):
        """A construction, then what its pointers point to, each with all of its own."""
        kept, self.later = self.later, []
        part(self)
        waiting, self.later = self.later, kept
        for one in waiting:
            self.whole(one)


def ndr(*parts, big=False):
    stub = _Stub(big)
    for part in parts:
        stub.whole(part)
    return Piece(parts=tuple(stub.parts) or (piece(b""),))


def NDR_AT(stub):
    stub.add(AT)


def ndr_u8(value):
    return lambda stub: stub.number(value, 1)


def ndr_u16(value, at=False):
    return lambda stub: stub.number(value, 2, at)


def ndr_u32(value, at=False):
    return lambda stub: stub.number(value, 4, at)


def ndr_octets(data, align=1, at=False):
    def write(stub):
        stub.align(align)
        if at:
            stub.add(AT)
        stub.add(data)
    return write


def ndr_raw(data):
    return lambda stub: stub.add(data)


def _text(text, width, max, offset, actual, end, at):
    def write(stub):
        code = {1: "latin-1", 2: "utf-16-be" if stub.big else "utf-16-le"}[width]
        data = piece(text) if isinstance(text, (bytes, Piece)) else piece(text.encode(code, "surrogatepass"))
        n = data.size // width + 1
        stub.number(n if max is None else max, 4, at == "max")
        stub.number(offset, 4, at == "offset")
        stub.number(n if actual is None else actual, 4, at == "actual")
        if at == "text":
            stub.add(AT)
        stub.add(data)
        if end is not None:
            stub.number(end, width, at == "end")
    return write


def ndr_wstring(text, max=None, offset=0, actual=None, end=0, at=None):
    """A wide string and its terminator; `end` is what stands in the terminator's place (None: nothing)."""
    return _text(text, 2, max, offset, actual, end, at)


def ndr_string(text, max=None, offset=0, actual=None, end=0, at=None):
    return _text(text, 1, max, offset, actual, end, at)


def NDR_NULL(stub):
    stub.number(0, 4)


def ndr_unique(part, referent=0x20000, at=False):
    """A pointer that points, with what it points to."""
    def write(stub):
        stub.number(referent, 4, at)
        if part is not None:
            stub.later.append(part)
    return write


def ndr_array(*elements, max=None, at=False):
    """A conformant array."""
    def write(stub):
        stub.number(len(elements) if max is None else max, 4, at)
        for element in elements:
            element(stub)
    return write


def ndr_varying(*elements, max=None, offset=0, actual=None, at=None):
    """A conformant varying array."""
    def write(stub):
        stub.number(len(elements) if max is None else max, 4, at == "max")
        stub.number(offset, 4, at == "offset")
        stub.number(len(elements) if actual is None else actual, 4, at == "actual")
        for element in elements:
            element(stub)
    return write


def ndr_struct(*members, align=4):
    def write(stub):
        stub.align(align)
        for member in members:
            member(stub)
    return write


def ndr_conformant(count, *members, align=4):
    """A structure that ends in a conformant array of `count` elements, whose maximum stands in front."""
    def write(stub):
        stub.number(count, 4)
        ndr_struct(*members, align=align)(stub)
    return write


def ndr_union(tag, width, arm=None, at=False):
    def write(stub):
        stub.number(tag, width, at)
        if arm:
            arm(stub)
    return write


def ndr_counted(text, length=None, maximum=None, room=None, offset=0, actual=None, null=False, at=None):
    """RPC_UNICODE_STRING; its characters come later."""
    def write(stub):
        data = text if isinstance(text, bytes) else text.encode("utf-16-be" if stub.big else "utf-16-le")
        n = len(data) // 2
        stub.align(4)
        stub.number(n * 2 if length is None else length, 2, at == "length")
        stub.number(n * 2 if maximum is None else maximum, 2)
        stub.number(0 if null else 0x20004, 4, at == "buffer")

        def buffer(stub):
            stub.number(n if room is None else room, 4, at == "max")
            stub.number(offset, 4, at == "offset")
            stub.number(n if actual is None else actual, 4, at == "actual")
            if at == "text":
                stub.add(AT)
            stub.add(data)
        if not null:
            stub.later.append(buffer)
    return write

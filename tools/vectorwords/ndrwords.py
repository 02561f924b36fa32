"""Words of the arguments of RPC operations (C706 chapter 14), for the vectors of every protocol that carries them.

`ndr(part, part, ..., big=False)` is a stub: the arguments in order, each a part made by the words below. A part aligns itself; what a
pointer points to comes where it belongs: behind the construction that holds the pointer. NDR_AT in front of a part, or at="actual"
in a string, marks where the fault must stand.
"""
from ber import *
from ber import AT, Piece, piece
from wire import *

__all__ = ["ndr", "ndr_u8", "ndr_u16", "ndr_u32", "ndr_octets", "ndr_raw", "ndr_wstring", "ndr_string", "ndr_unique", "ndr_array",
           "ndr_varying", "ndr_struct", "ndr_conformant", "ndr_counted", "ndr_union", "NDR_AT", "NDR_NULL",
           "dcom_activation", "dcom_instance", "dcom_other", "dcom_serialized"]


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


# activations of DCOM: little endian whatever the PDU is

def dcom_guid(number):
    return le32(number) + hex("00000000c000000000000046")


def dcom_serialized(body, version=1, size=None):
    """Type serialization version 1 (MS-RPCE 2.2.6): two headers, the object, padding to a multiple of 8."""
    body = piece(body)
    pad = b"\0" * (-body.size % 8)
    return u8(version) + hex("100800cccccccc") + le32(body.size + len(pad) if size is None else size) + le32(0) + body + pad


def dcom_instance(path, **header):
    """InstanceInfo: the file whose object is activated; a text, or what ndr_wstring() makes."""
    path = ndr_wstring(path) if isinstance(path, str) else path
    return dcom_guid(0x1AD), dcom_serialized(ndr(ndr_struct(ndr_unique(path), ndr_u32(0), NDR_NULL, NDR_NULL)), **header)


def dcom_other():
    """SpecialSystemProperties, which are not read."""
    return dcom_guid(0x1B9), dcom_serialized(fill("S", 88))


def dcom_activation(*properties, flags=4, class_=0x338, count=None, header=None, behind=b""):
    """pActProperties: an object reference with the properties of an activation (MS-DCOM 2.2.22), each a GUID and its octets."""
    n, sizes = len(properties), [piece(data).size for _, data in properties]
    size = 16 + 48 + 8 + 20 * n
    size += -size % 8
    total = size + sum(sizes)
    custom = dcom_serialized(cat(le32(total), le32(size if header is None else header), le32(0), le32(2), le32(n if count is None else count),
                                 b"\0" * 16, le32(0x20000), le32(0x20004), le32(0), le32(n), *[id_ for id_, _ in properties],
                                 le32(n), *[le32(s) for s in sizes]))
    blob = cat(b"MEOW", le32(flags), dcom_guid(0x1A2), dcom_guid(class_), le32(0), le32(total + 16), le32(total), le32(0), custom,
               *[data for _, data in properties], behind)
    return ndr_unique(ndr_conformant(blob.size, ndr_u32(blob.size), ndr_raw(blob)))

"""Words of vector expressions that every BER protocol shares: pieces of bytes, lengths, runs, and the AT mark.

A piece knows its length and where its AT mark stands; joining pieces costs nothing, so a nest of 3,000
levels or a run of 4 MiB stays small until `segments()` asks for (bytes, times) pairs.
A protocol's own words stand in vectorwords/<protocol>.py, which begins with `from ber import *`.
"""

__all__ = ["Piece", "piece", "AT", "mark", "at_length", "tlv", "seq", "set_", "octets", "integer", "enumerated",
           "boolean", "null", "oid", "app", "app_prim", "ctx", "ctx_prim", "hex", "fill", "rep", "nest", "cat",
           "long_length", "raw_length", "indefinite", "cut", "length_octets"]

EXPAND_MAX = 1 << 16  # a repeated group of several runs is written out up to this size


class Piece:
    """Bytes in the making: a run (data x times) or a list of parts. Never changes after it is made."""
    __slots__ = ("data", "times", "parts", "size", "at")

    def __init__(self, data=b"", times=1, parts=None, at=None):
        self.data, self.times, self.parts, self.at = data, times, parts, at
        if parts is None:
            self.size = len(data) * times
            return
        self.size = 0
        for part in parts:
            if part.at is not None:
                if self.at is not None:
                    raise ValueError("more than one AT in one message")
                self.at = self.size + part.at
            self.size += part.size
        if times != 1:
            if self.at is not None:
                raise ValueError("AT inside a repeated piece: put it beside one of them")
            self.size *= times

    def __len__(self):
        return self.size

    def __add__(self, other):
        return Piece(parts=(self, piece(other)))

    def __radd__(self, other):
        return Piece(parts=(piece(other), self))

    def __mul__(self, n):
        return rep(n, self)

    __rmul__ = __mul__

    def runs(self):
        """All runs in order as (bytes, times), without recursion: nests may be thousands deep."""
        stack = [self]
        while stack:
            p = stack.pop()
            if p.parts is None:
                if p.size:
                    yield p.data, p.times
            elif p.times == 1:
                stack.extend(reversed(p.parts))
            elif p.size:
                yield from _repeated(Piece(parts=p.parts), p.times)

    def segments(self):
        """(bytes, times) pairs: neighbours joined, short runs written out."""
        out, plain = [], bytearray()
        for data, times in self.runs():
            if len(data) * times <= 64 or times == 1:
                plain += data * times
                continue
            if plain:
                out.append((bytes(plain), 1))
                plain = bytearray()
            out.append((data, times))
        if plain:
            out.append((bytes(plain), 1))
        return out

    def bytes(self):
        return b"".join(data * times for data, times in self.runs())


def _repeated(inner, times):
    segments = inner.segments()
    if len(segments) == 1:
        yield segments[0][0], segments[0][1] * times
    elif inner.size <= EXPAND_MAX:
        yield inner.bytes(), times
    else:
        for _ in range(times):
            yield from segments


def piece(x):
    """Whatever an expression may hand in: a piece, bytes, text (UTF-8), or a list of these."""
    if isinstance(x, Piece):
        return x
    if isinstance(x, str):
        return Piece(x.encode("utf-8"))
    if isinstance(x, (bytes, bytearray)):
        return Piece(bytes(x))
    if isinstance(x, (list, tuple)):
        return cat(*x)
    raise TypeError(f"a piece, bytes or text is wanted here, not {type(x).__name__}")


def cat(*parts):
    return Piece(parts=tuple(piece(p) for p in parts))


AT = Piece(at=0)


def mark(offset, p):
    """AT at this offset inside a piece."""
    p = piece(p)
    if p.at is not None:
        raise ValueError("more than one AT in one message")
    if not 0 <= offset <= p.size:
        raise ValueError(f"AT at {offset} lies outside a piece of {p.size} bytes")
    return Piece(parts=(p,), at=offset)


def at_length(p):
    """AT at the first length octet of an element with a one-octet identifier."""
    return mark(1, p)


def _tag(tag):
    return bytes(tag) if isinstance(tag, (bytes, bytearray)) else bytes([tag])


def length_octets(n, octets=None):
    """The shortest form of a length, or the long form in this many octets."""
    if octets is None:
        if n < 0x80:
            return bytes([n])
        octets = (n.bit_length() + 7) // 8
    return bytes([0x80 | octets]) + n.to_bytes(octets, "big")


def tlv(tag, *parts):
    """An element: identifier octet (or octets, as bytes), shortest length, contents."""
    body = cat(*parts)
    return Piece(parts=(Piece(_tag(tag) + length_octets(body.size)), body))


def long_length(tag, octets, *parts):
    """The true length, in this many octets after the first."""
    body = cat(*parts)
    return Piece(parts=(Piece(_tag(tag) + length_octets(body.size, octets)), body))


def raw_length(tag, length, *parts):
    """Whatever length octets are given, true or not."""
    return Piece(parts=(Piece(_tag(tag)), hex(length) if isinstance(length, str) else piece(length), cat(*parts)))


def indefinite(tag, *parts):
    """Length octet 0x80, contents, end-of-contents."""
    return Piece(parts=(Piece(_tag(tag) + b"\x80"), cat(*parts), Piece(b"\0\0")))


def seq(*parts):
    return tlv(0x30, *parts)


def set_(*parts):
    return tlv(0x31, *parts)


def octets(value="", tag=0x04):
    return tlv(tag, value)


def integer(n, tag=0x02):
    """The shortest two's complement form."""
    size = 1
    while not -(1 << (8 * size - 1)) <= n < 1 << (8 * size - 1):
        size += 1
    return tlv(tag, n.to_bytes(size, "big", signed=True))


def enumerated(n, tag=0x0a):
    return integer(n, tag)


def boolean(value, tag=0x01):
    """True is FF and False 00; a number is that octet."""
    return tlv(tag, bytes([(0xff if value else 0) if isinstance(value, bool) else value]))


def null(tag=0x05):
    return tlv(tag)


def oid(text, tag=0x06):
    """A dotted object identifier."""
    arcs = [int(a) for a in text.split(".")]
    out = bytearray()
    for arc in [arcs[0] * 40 + arcs[1]] + arcs[2:]:
        group = [arc & 0x7f]
        while arc > 0x7f:
            arc >>= 7
            group.append(0x80 | arc & 0x7f)
        out += bytes(reversed(group))
    return tlv(tag, out)


def _number(n):
    if not 0 <= n < 31:
        raise ValueError(f"tag number {n} does not fit one identifier octet: give tlv() the octets")
    return n


def app(n, *parts):
    """Application tag, constructed."""
    return tlv(0x60 | _number(n), *parts)


def app_prim(n, *parts):
    return tlv(0x40 | _number(n), *parts)


def ctx(n, *parts):
    """Context tag, constructed."""
    return tlv(0xa0 | _number(n), *parts)


def ctx_prim(n, *parts):
    return tlv(0x80 | _number(n), *parts)


def hex(text):
    return Piece(bytes.fromhex(text))


def fill(letter, n):
    """One letter (or byte) n times, without writing it out."""
    data = letter.encode("utf-8") if isinstance(letter, str) else bytes(letter)
    if len(data) != 1:
        raise ValueError("fill takes one letter; rep repeats longer pieces")
    return Piece(data, n)


def rep(n, p):
    """A piece n times, without writing it out."""
    return Piece(parts=(piece(p),), times=n)


def nest(n, wrapper, p):
    """wrapper(wrapper(...(p))), n times."""
    for _ in range(n):
        p = wrapper(p)
    return piece(p)


def cut(p, n):
    """A piece without its last n bytes."""
    p = piece(p)
    if n > p.size:
        raise ValueError(f"cannot cut {n} bytes from a piece of {p.size}")
    left, parts = p.size - n, []
    for data, times in p.runs():
        if not left:
            break
        whole = min(times, left // len(data))
        if whole:
            parts.append(Piece(data, whole))
            left -= whole * len(data)
        if whole < times and left:
            parts.append(Piece(data[:left]))
            left = 0
    if p.at is not None and p.at > p.size - n:
        raise ValueError("AT was cut off")
    return Piece(parts=tuple(parts), at=p.at)

"""Seeded mutations of messages: blind ones (a byte, a cut), of BER ones that keep every length right (a field gone, twice, retagged), of others numbers that are a little off."""

CONSTRUCTED = 0x20
LENGTH_OCTETS = [0x00, 0x01, 0x7F, 0x80, 0x81, 0x82, 0x84, 0x85, 0xFF]


class Node:
    """One element: where it stands in the message, and its children."""

    def __init__(self, at, tag, head, length):
        self.at, self.tag, self.head, self.length, self.children = at, tag, head, length, []

    @property
    def end(self):
        return self.at + self.head + self.length


def parse(data, at=0, end=None):
    """The elements of data[at:end], as far as they are well formed."""
    end, nodes = len(data) if end is None else end, []
    while at + 2 <= end:
        tag, first = data[at], data[at + 1]
        octets = first & 0x7F if first & 0x80 else 0
        if octets > 4 or first == 0x80 or at + 2 + octets > end or tag & 0x1F == 0x1F:
            break
        length = int.from_bytes(data[at + 2 : at + 2 + octets], "big") if octets else first
        node = Node(at, tag, 2 + octets, length)
        if node.end > end:
            break
        if tag & CONSTRUCTED:
            node.children = parse(data, at + node.head, node.end)
        nodes.append(node)
        at = node.end
    return nodes


def flatten(nodes):
    for node in nodes:
        yield node
        yield from flatten(node.children)


def encode_length(n):
    if n < 0x80:
        return bytes([n])
    octets = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def rebuild(data, nodes, target, replace):
    """The message with `target` replaced by replace(its bytes), and the lengths of all that hold it corrected."""
    out = b""
    for node in nodes:
        whole = data[node.at : node.end]
        if node is target:
            out += replace(whole)
        elif node.children:
            inner = rebuild(data, node.children, target, replace) + data[node.children[-1].end : node.end]
            out += bytes([node.tag]) + encode_length(len(inner)) + inner
        else:
            out += whole
    return out


def leaves(data, nodes, path=()):
    """(path of tags, contents) of every element without elements; the tokens of a bind count as None."""
    for i, node in enumerate(nodes):
        here = (*path, node.tag)
        if node.tag & CONSTRUCTED:
            yield here, b""
            yield from leaves(data, node.children, here)
        else:
            # [APPLICATION 0] authentication [3] credentials, or [APPLICATION 1] serverSaslCreds [7]
            token = (here == (0x30, 0x60, 0xA3, 0x04) and i == 1) or here == (0x30, 0x61, 0x87)
            yield here, None if token else data[node.at + node.head : node.end]


def only_token_differs(before, after):
    """Do two messages differ in nothing but the token of a bind?"""
    trees = parse(before), parse(after)
    whole = all(tree and tree[-1].end == len(data) for tree, data in zip(trees, (before, after)))
    return whole and list(leaves(before, trees[0])) == list(leaves(after, trees[1]))


def flip_bit(rng, data, _next):
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def flip_byte(rng, data, _next):
    at = rng.randrange(len(data))
    return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]


def cut_inside(rng, data, _next):
    at, n = rng.randrange(len(data)), rng.randrange(1, 9)
    return data[:at] + data[at + n :]


def cut_tail(rng, data, _next):
    return data[: rng.randrange(1, len(data))]


def insert(rng, data, _next):
    at = rng.randrange(len(data))
    return data[:at] + rng.randbytes(rng.randrange(1, 5)) + data[at:]


def glue_self(_rng, data, _next):
    return data + data


def glue_next(_rng, data, following):
    return data + following


def glue_noise(rng, data, _next):
    return data + rng.randbytes(rng.randrange(1, 9))


def a_node(rng, data):
    return rng.choice(list(flatten(parse(data))))


def length_octet(rng, data, _next):
    """One length octet, a little off or of a special form."""
    node = a_node(rng, data)
    at = node.at + 1
    value = (data[at] + rng.choice([-2, -1, 1, 2])) & 0xFF if rng.random() < 0.5 else rng.choice(LENGTH_OCTETS)
    return data[:at] + bytes([value]) + data[at + 1 :]


def length_long(rng, data, _next):
    """The same length in more octets than needed; everything above it corrected."""
    tree = parse(data)
    node = rng.choice(list(flatten(tree)))
    octets = rng.randrange(1, 5)
    length = bytes([0x80 | octets]) + min(node.length, 256**octets - 1).to_bytes(octets, "big")
    return rebuild(data, tree, node, lambda whole: whole[:1] + length + whole[node.head :])


def inner(rng, data):
    """The tree and one element that is not the message itself."""
    tree = parse(data)
    nodes = [n for top in tree for n in flatten(top.children)]
    return tree, rng.choice(nodes) if nodes else tree[0]


def field_gone(rng, data, _next):
    tree, node = inner(rng, data)
    return rebuild(data, tree, node, lambda whole: b"")


def field_twice(rng, data, _next):
    tree, node = inner(rng, data)
    return rebuild(data, tree, node, lambda whole: whole + whole)


def field_empty(rng, data, _next):
    tree, node = inner(rng, data)
    return rebuild(data, tree, node, lambda whole: whole[:1] + b"\0")


def field_retagged(rng, data, _next):
    tree, node = inner(rng, data)
    tag = rng.choice([0x01, 0x02, 0x04, 0x05, 0x0A, 0x24, 0x30, 0x31, 0x80, 0x84, 0xA0, 0xA3, node.tag ^ 1, node.tag ^ CONSTRUCTED])
    return rebuild(data, tree, node, lambda whole: bytes([tag]) + whole[1:])


def field_noise(rng, data, _next):
    """Other contents of the same element."""
    tree, node = inner(rng, data)
    noise = rng.randbytes(rng.choice([1, 2, node.length or 1]))
    return rebuild(data, tree, node, lambda whole: whole[:1] + encode_length(len(noise)) + noise)


def number(octets):
    """A number of this size, a little off or at one of its ends."""

    def mutation(rng, data, _next):
        if len(data) < octets + 4:
            return data
        at = rng.randrange(2, (len(data) - octets) // 2 + 1) * 2
        value = int.from_bytes(data[at : at + octets], "little")
        most = 256**octets - 1
        value = rng.choice([value + 1, value - 1, value + 8, value - 8, 0, 1, most, most // 2 + 1]) % (most + 1)
        return data[:at] + value.to_bytes(octets, "little") + data[at + octets :]

    mutation.__name__ = f"number_{8 * octets}"
    return mutation


BLIND = (flip_bit, flip_byte, cut_inside, cut_tail, insert, glue_self, glue_next, glue_noise)


def named(functions):
    return {f.__name__.replace("_", "-"): f for f in functions}


KINDS = named((*BLIND, length_octet, length_long, field_gone, field_twice, field_empty, field_retagged, field_noise))


def framed_kinds(reframe):
    """Kinds for protocols of plain fields; `reframe` makes the frame's length fit what is in it."""

    def keeping(mutation):
        def framed(rng, data, following):
            return reframe(mutation(rng, data, following))

        framed.__name__ = "framed_" + mutation.__name__
        return framed

    return named((*BLIND, number(1), number(2), number(4), *map(keeping, (cut_inside, cut_tail, insert, glue_noise))))

"""A conversation of DCE/RPC as other carriers would carry it: over the pipes of SMB 1 and SMB 2, whole or in pieces, under another bind."""
import socket
import struct
import threading

import peer
import rpc_peer
import smb_frames as smb
from rpc_peer import ALTER, ALTER_RESP, BIND, BIND_ACK, FIRST, HEADER, LAST, OBJECT, REQUEST

SMALL = 16
WKSSVC = bytes.fromhex("98d0ff6b12a11036983346c3f87e345a") + struct.pack("<HH", 1, 0)  # an interface nobody minds
UNUSED = 0x7FF0  # a context no vector has


def order_of(pdu):
    return "<" if pdu[4] & 0x10 else ">"


def is_whole(pdu):
    """One PDU, and no more, without an authentication trailer."""
    return len(pdu) >= HEADER and pdu[:1] == b"\5" and struct.unpack(order_of(pdu) + "HH", pdu[8:12]) == (len(pdu), 0)


def as_alter(messages):
    """The vector's first bind as an alter_context behind a bind to something else; None where that cannot be."""
    if not messages or messages[0][0] != "client" or not is_whole(messages[0][1]) or messages[0][1][2] != BIND:
        return None
    out, order = [], order_of(messages[0][1])
    context = WKSSVC[:16] if order == "<" else rpc_peer.swapped(WKSSVC[:16], True)
    offer = struct.pack(order + "HHIB3xHBB", 4280, 4280, 0, 1, UNUSED, 1, 0) + context + struct.pack(order + "HH", 1, 0) + rpc_peer.ndr(order)
    accept = struct.pack(order + "HHIH", 4280, 4280, 0x1234, 4) + b"135\0" + bytes(2) + b"\1\0\0\0" + struct.pack(order + "HH", 0, 0) + rpc_peer.ndr(order)
    out += [("client", rpc_peer.made(order, BIND, 0x7001, offer)), ("server", rpc_peer.made(order, BIND_ACK, 0x7001, accept))]
    first = messages[0][1]
    out.append(("client", first[:2] + bytes([ALTER]) + first[3:]))
    for number, (side, data) in enumerate(messages[1:]):
        if number == 0 and side == "server" and is_whole(data) and data[2] == BIND_ACK:
            data = altered_answer(data)
        out.append((side, data))
    return out


def altered_answer(pdu):
    """A bind_ack as an alter_context_resp: without the secondary address."""
    order = order_of(pdu)
    length = struct.unpack(order + "H", pdu[24:26])[0]
    results = 26 + length + -(26 + length) % 4
    made = rpc_peer.made(order, ALTER_RESP, struct.unpack(order + "I", pdu[12:16])[0], pdu[16:24] + bytes(4) + pdu[results:])
    return made


def in_fragments(messages):
    """The last request in fragments of 16 octets of arguments; None where there is none to cut."""
    side, pdu = messages[-1]
    if side != "client" or not is_whole(pdu) or pdu[2] != REQUEST or pdu[3] & (FIRST | LAST) != FIRST | LAST or len(pdu) <= 24 + SMALL:
        return None
    order, begin = order_of(pdu), 40 if pdu[3] & OBJECT else 24
    out, flags, number = [], pdu[3] & ~(FIRST | LAST), struct.unpack(order + "I", pdu[12:16])[0]
    for at in range(begin, len(pdu), SMALL):
        last = at + SMALL >= len(pdu)
        this = flags | (FIRST if at == begin else 0) | (LAST if last else 0)
        out.append((side, rpc_peer.made(order, REQUEST, number, pdu[16:begin] + pdu[at : at + SMALL], this)))
    return [*messages[:-1], *out]


SHAPES = {"as it is": lambda messages: messages, "by alter_context": as_alter, "in RPC fragments": in_fragments}
CARRIERS = {  # the client, how a message with an answer goes, octets per write
    "SMB 1 TransactNmPipe": (smb.One, "transceive", 0),
    "SMB 1 WriteAndX": (smb.One, "write", 0),
    "SMB 1 WriteAndX of 16": (smb.One, "write", SMALL),
    "SMB 2.0.2 WRITE": (lambda: smb.Two(0x0202), "write", 0),
    "SMB 2.1 WRITE": (smb.Two, "write", 0),
    "SMB 2.1 WRITE of 16": (smb.Two, "write", SMALL),
    "SMB 2.1 PIPE_TRANSCEIVE": (smb.Two, "transceive", 0),
    "SMB 2.1 compounded": (smb.Two, "compound", 0),
}


class Script:
    """What stands behind one pipe: says what the vector's server says when the client's octets before it have come."""

    def __init__(self, messages):
        self.got, self.said, self.due, before = b"", 0, [], 0
        for side, data in messages:
            if side == "client":
                before += len(data)
            else:
                self.due.append((before, data))

    def write(self, data):
        self.got += data

    def read(self):
        if self.said < len(self.due) and len(self.got) >= self.due[self.said][0]:
            self.said += 1
            return self.due[self.said - 1][1]
        return None


class Scripts:
    """The scripts of conversations that run at once, by the pipe's name."""

    def __init__(self):
        self.lock, self.by_name, self.count = threading.Lock(), {}, 0

    def add(self, messages):
        with self.lock:
            self.count += 1
            name = f"srvsvc{self.count}"
            self.by_name[name] = script = Script(messages)
        return name, script

    def open_pipe(self, name):
        return self.by_name[name.lstrip("\\")]


class Outcome:
    def __init__(self):
        self.port, self.problem, self.script, self.heard, self.ended, self.status = 0, "", None, b"", False, 0


class Ended(Exception):
    """The gate, or whoever, ended the connection."""


def answer(stream):
    """One whole SMB message."""
    got, ended = peer.receive(stream, lambda b: len(b) >= 4 and len(b) >= 4 + int.from_bytes(b[1:4], "big"), peer.PATIENCE)
    if ended or len(got) < 4:
        raise Ended()
    return got[4:]


def play(messages, carrier, gate, source, scripts, session=False):
    """One conversation through `gate`; what came of it. The last message is the one that must not get through."""
    kind, how, size = CARRIERS[carrier]
    decided = next((n for n, (s, d) in enumerate(messages) if s == "client" and len(d) > HEADER and d[2] == REQUEST and not d[3] & LAST), len(messages) - 1)
    client, out = kind(), Outcome()
    name, out.script = scripts.add(messages)
    with socket.create_connection(gate, peer.PATIENCE, (source, 0)) as stream:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        out.port = stream.getsockname()[1]
        try:
            greet(stream, client, session, name)
        except Ended:
            out.problem = "the connection ended before the pipe was open"
            return out
        if out.script is None or client.handle in (0xFFFF, b"\xff" * 16):
            out.problem = "the pipe was not opened"
            return out
        for number, (side, data) in enumerate(messages):
            if side != "client":
                continue
            # Of fragments any may be the one that is refused, or be held back until the last has come.
            last = number >= decided or all(s == "server" for s, _ in messages[number + 1 :])
            before = len(out.script.got)
            try:
                out.status = carry(stream, client, data, how, size, [d for s, d in answers_to(messages, number)], out)
            except Ended:
                out.ended = True
            if not last and (out.ended or out.script.got[before:] != data):
                out.problem = f"an earlier message arrived as {len(out.script.got) - before} of {len(data)} octets"
                return out
            if out.ended or out.status:
                break
    return out


def greet(stream, client, session, name):
    if session:
        peer.send(stream, smb.session_request())
        if peer.receive(stream, lambda b: len(b) >= 4, peer.PATIENCE)[0] != smb.SESSION_GRANTED:
            raise Ended()
    for step in [*smb.greeting(client), lambda: client.create(name)]:
        peer.send(stream, step())
        client.learn(answer(stream))


def answers_to(messages, number):
    """The server's messages right behind the client's."""
    found = []
    for message in messages[number + 1 :]:
        if message[0] == "client":
            break
        found.append(message)
    return found


def carry(stream, client, data, how, size, due, out):
    """One message there, and what the server says to it back; the first status that is no success."""
    if not due and how != "write":
        how = "write"  # nothing comes back: clients write it
    if how in ("transceive", "compound"):
        peer.send(stream, getattr(client, how)(data))
        said = answer(stream)
        out.heard += client.data(said)
        due = due[1:]
        if client.status(said):
            return client.status(said)
    else:
        for at in range(0, len(data), size or len(data)):
            peer.send(stream, client.write(data[at : at + (size or len(data))]))
            status = client.status(answer(stream))
            if status:
                return status
    for _ in due:
        peer.send(stream, client.read())
        said = answer(stream)
        out.heard += client.data(said)
        if client.status(said):
            return client.status(said)
    return 0

"""Plays both ends of a vector around the gate: its client in front, and behind it a server that says what the vector says."""
import select
import socket
import struct
import time

import answerer

MARK = b"refused by the gateway: "  # in every answer the gate makes itself (proto/ldap/ldap_answer.c)
PATIENCE = 5.0  # seconds until something that must come counts as lost
GRACE = 2.0  # seconds until a refusal that nobody sees ends by our half-close
HELLO = (bytes.fromhex("300c020164600702010304008000"), bytes.fromhex("300c02016461070a010004000400"))  # an anonymous bind, id 100, and success


class Outcome:
    """What each side received, from which port the client spoke, and what went wrong before the last message."""

    def __init__(self):
        self.got, self.port, self.problem, self.dialled = {"client": b"", "server": b""}, 0, "", False


def ready(streams, seconds):
    """Those of them that have something to say. select() would stop at descriptor 1023."""
    poll, by_number = select.poll(), {stream.fileno(): stream for stream in streams}
    for number in by_number:
        poll.register(number, select.POLLIN)
    return [by_number[number] for number, _ in poll.poll(max(0, seconds) * 1000)]


def receive(stream, enough, patience):
    """What comes until `enough(bytes)`, the end, or the deadline; and whether it has ended."""
    got, deadline = b"", time.monotonic() + patience
    while not enough(got):
        left = deadline - time.monotonic()
        if left <= 0 or not ready([stream], left):
            return got, False
        try:
            data = stream.recv(1 << 18)
        except ConnectionError:
            return got, True
        if not data:
            return got, True
        got += data
    return got, False


def send(stream, data):
    """All of it, or what the other side still takes."""
    try:
        stream.sendall(data)
    except OSError:
        pass


def needs_hello(vector):
    """The gate dials when the client has spoken: where the server begins, or nothing of the client's arrives before it speaks, a bind comes first."""
    sides = [side for side, _ in vector.messages]
    if vector.datagram or "server" not in sides or not vector.directory:
        return False
    return not any(vector.arrivals()[: sides.index("server")])


def refusal(vector, got):
    """A test for what the client hears: whether the gate has answered itself."""
    if vector.directory:
        return lambda heard: MARK in heard
    if vector.last == "server":
        return lambda heard: False  # nothing is said to the client of what the server may not say
    return lambda heard: len(heard) > got


class Stream:
    """A server's listener behind one service, for one conversation at a time."""

    def __init__(self, address=("127.0.0.1", 0)):
        self.listener = socket.create_server(address, backlog=16)
        self.port = self.listener.getsockname()[1]

    def close(self):
        self.listener.close()

    def accept(self, patience):
        if not ready([self.listener], patience):
            return None
        stream = self.listener.accept()[0]
        stream.settimeout(PATIENCE)
        return stream

    def play(self, vector, gate, source):
        """One vector from a source address of its own."""
        out = Outcome()
        client = socket.create_connection(gate, PATIENCE, (source, 0))
        ends = {"client": client, "server": None}
        try:
            out.port = client.getsockname()[1]
            steps = [(*message, arrives) for message, arrives in zip(vector.messages, vector.arrivals())]
            if needs_hello(vector):
                steps = [("client", HELLO[0], HELLO[0]), ("server", HELLO[1], HELLO[1]), *steps]
            for side, data, arrives in steps[:-1]:
                if not self._pass(ends, side, data, arrives, out):
                    return out
            self._last(ends, *steps[-1][:2], out, refusal(vector, len(out.got["client"])))
        finally:
            for stream in ends.values():
                if stream:
                    stream.close()
        return out

    def _pass(self, ends, side, data, arrives, out):
        """A message that must arrive."""
        other = "server" if side == "client" else "client"
        send(ends[side], data)
        if not arrives:
            return True
        if ends["server"] is None:
            ends["server"] = self.accept(PATIENCE)
            out.dialled = ends["server"] is not None
        if ends["server"] is None:
            out.problem = "nothing was dialled"
            return False
        got, _ = receive(ends[other], lambda b: len(b) >= len(arrives), PATIENCE)
        out.got[other] += got
        if got != arrives:
            out.problem = f"an earlier message of the {side} arrived as {len(got)} of {len(arrives)} bytes"
        return got == arrives

    def _last(self, ends, side, data, out, refused):
        """The message that decides: until the gate says something, or lets it pass, or ends the flow; then everything there is."""
        before = len(out.got["server"])
        send(ends[side], data)
        if side == "client" and ends["server"] is None:
            self._until_known(ends, out, refused)
        other = "server" if side == "client" else "client"
        if ends[other]:
            self._watch(ends, other, before + len(data) if other == "server" else len(out.got["client"]) + len(data), out, refused)
        for name in ("client", "server"):
            if ends[name]:
                try:
                    ends[name].shutdown(socket.SHUT_WR)
                except OSError:
                    pass
        for name in ("server", "client"):
            if ends[name]:
                got, ended = receive(ends[name], lambda b: False, PATIENCE)
                out.got[name] += got
                if not ended:
                    out.problem = f"the {name}'s connection does not end"

    def _until_known(self, ends, out, refused):
        """A first message: either the gate dials, or the client hears of its refusal."""
        heard = ready([self.listener, ends["client"]], GRACE)
        if self.listener not in heard and ends["client"] in heard:
            got, _ = receive(ends["client"], refused, GRACE)
            out.got["client"] += got
        ends["server"] = self.accept(0)
        out.dialled = ends["server"] is not None

    def _watch(self, ends, other, whole, out, refused):
        """Both ends at once until one of them tells how it went."""
        deadline, live = time.monotonic() + GRACE, {ends["client"]: "client", ends["server"]: "server"}
        while live and not refused(out.got["client"]) and len(out.got[other]) < whole:
            heard = ready(list(live), deadline - time.monotonic())
            if not heard:
                return
            for stream in heard:
                got, ended = receive(stream, len, 0.1)
                out.got[live[stream]] += got
                if ended:
                    return


def lawful(protocol):
    """A question and its answer over datagrams that must pass behind every vector, and that no vector has."""
    if protocol == "dcerpc-cl":
        return tuple(datagram(kind, 0xB0B) for kind in (0, 2))
    if protocol == "krb5-udp":
        return kerberos()
    done = answerer.tlv(0x65, answerer.tlv(10, b"\0"), answerer.tlv(4), answerer.tlv(4))
    return answerer.search(9999), answerer.message(9999, done)


def datagram(kind, number):
    """A connectionless PDU without a body: a request to the endpoint mapper, or a response (C706 12.5.2.1)."""
    mapper = bytes.fromhex("0883afe11f5dc91191a408002b14a0fa")
    head = struct.pack("<BBBB3sB", 4, kind, 0x20, 0, b"\x10\0\0", 0) + bytes(16) + mapper + b"sallyport-behind"
    return head + struct.pack("<IIIHHHHHBB", 0, 3, number, 0, 0xFFFF, 0xFFFF, 0, 0, 0, 0)


def kerberos():
    """An AS-REQ, and an error for it (RFC 4120 5.4.1, 5.9.1)."""
    tlv = answerer.tlv

    def number(value):
        return tlv(2, value.to_bytes(4, "big"))

    def name(*words):
        return tlv(0x30, tlv(0xA0, tlv(2, b"\1")), tlv(0xA1, tlv(0x30, *[tlv(0x1B, word) for word in words])))

    realm, until = tlv(0x1B, b"BEHIND.EXAMPLE"), tlv(0x18, b"20300101000000Z")
    body = [tlv(3, bytes(5)), name(b"behind"), realm, name(b"krbtgt", b"BEHIND.EXAMPLE"), until, number(0x12345678), tlv(0x30, tlv(2, b"\x12"))]
    tags = (0xA0, 0xA1, 0xA2, 0xA3, 0xA5, 0xA7, 0xA8)
    ask = tlv(0x6A, tlv(0x30, tlv(0xA1, tlv(2, b"\5")), tlv(0xA2, tlv(2, b"\x0a")), tlv(0xA4, tlv(0x30, *[tlv(tag, part) for tag, part in zip(tags, body)]))))
    parts = ((0xA0, tlv(2, b"\5")), (0xA1, tlv(2, b"\x1e")), (0xA4, until), (0xA5, tlv(2, b"\0")), (0xA6, tlv(2, b"\6")), (0xA9, realm),
             (0xAA, name(b"krbtgt", b"BEHIND.EXAMPLE")))
    return ask, tlv(0x7E, tlv(0x30, *[tlv(tag, part) for tag, part in parts]))


class Datagrams:
    """A server's socket behind one service over UDP."""

    def __init__(self, address=("127.0.0.1", 0), protocol="cldap"):
        self.question, self.answer = lawful(protocol)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.port = self.socket.getsockname()[1]

    def close(self):
        self.socket.close()

    def play(self, vector, gate, source):
        """As over a stream; where nothing of a question arrives, nobody is there to be answered."""
        out, peer = Outcome(), None
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.bind((source, 0))
            client.connect(gate)
            out.port = client.getsockname()[1]
            for number, ((side, data), arrives) in enumerate(zip(vector.messages, vector.arrivals())):
                last = number == len(vector.messages) - 1
                if side == "client":
                    client.send(data)
                    if arrives and not last:
                        peer = self._arrives(out, "server", self.socket, data)
                elif peer:
                    self.socket.sendto(data, peer)
                    if not last:
                        self._arrives(out, "client", client, data)
            self._behind(client, out)
        return out

    @staticmethod
    def _arrives(out, side, where, data):
        where.settimeout(PATIENCE)
        try:
            got, peer = where.recvfrom(65536)
        except OSError:
            got, peer = b"", None
        out.got[side] += got
        if got != data:
            out.problem = "an earlier datagram did not arrive"
        return peer

    def _behind(self, client, out):
        """A lawful question and its answer: what has not come before them was not sent."""
        client.send(self.question)
        self.socket.settimeout(PATIENCE)
        try:
            got, peer = self.socket.recvfrom(65536)
            while got != self.question:
                out.got["server"] += got
                got, peer = self.socket.recvfrom(65536)
            self.socket.sendto(self.answer, peer)
            client.settimeout(PATIENCE)
            while (got := client.recv(65536)) != self.answer:
                out.got["client"] += got
        except OSError:
            out.problem = out.problem or "the lawful question behind it was not answered"

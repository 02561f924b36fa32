"""The project's vectors as tools/vectors tells them: conversations whose last message passes or is refused by name."""
import pathlib
import socket
import subprocess

BIND, UNBIND, ABANDON = 0x60, 0x42, 0x50
FINAL = (0x61, 0x65, 0x67, 0x69, 0x6B, 0x6D, 0x6F, 0x78)  # answers behind which a request is over
TOOL = pathlib.Path(__file__).resolve().parent.parent / "tools" / "vectors"


class Vector:
    """`messages` are (side, bytes) in order; `refused` is the reason's id, or None when all of them pass."""

    def __init__(self, name):
        self.name, self.protocol, self.messages, self.datagram = name, "", [], False
        self.refused, self.path, self.at, self.limits, self.tolerances = None, "", None, (), ()

    @classmethod
    def matching(cls, pattern):
        """All whose name fits a pattern with * and ?."""
        done = subprocess.run([TOOL, "--emit", pattern], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        found = []
        for line in done.stdout.splitlines():
            word, _, rest = line.partition(" ")
            if word == "vector":
                found.append(cls(rest))
            else:
                found[-1].read(word, rest)
        return found

    @classmethod
    def named(cls, name):
        return cls.matching(name)[0]

    def read(self, word, rest):
        if word in ("client", "server"):
            self.messages.append((word, bytes.fromhex(rest)))
        elif word == "refuse":
            self.refused, _, self.path = rest.partition(" ")
        elif word == "protocol":
            self.protocol = rest
        elif word == "datagram":
            self.datagram = True
        elif word == "at":
            self.at = int(rest)
        elif word == "limit":
            name, value = rest.split()
            self.limits += ((name, int(value)),)
        elif word == "tolerate":
            self.tolerances += (rest,)

    def arrivals(self):
        """What of each message may arrive: all of it; of the last one what stands before the refused; of an abandoned nothing, nothing."""
        if not self.directory:
            return [b"" if self.refused and number == len(self.messages) - 1 else data for number, (_, data) in enumerate(self.messages)]
        live, found = set(), []
        for number, (side, data) in enumerate(self.messages):
            passed = data
            if self.refused and number == len(self.messages) - 1:
                passed = b"" if self.datagram else data[: refused_unit(data, self.at)[0]]
            found.append(b"".join(unit for unit in units(passed) if not self._void(side, unit, live)))
        return found

    def _void(self, side, unit, live):
        """Whether the gate takes this out: an abandon of what is not outstanding, or of a bind (doc/protocols/ldap.md)."""
        number, tag, body = parts(unit)
        if side == "server" and tag in FINAL:
            live.discard(number)
        elif side == "client" and tag == ABANDON:
            was = body in live and not self.datagram
            live.discard(body)
            return not was
        elif side == "client" and tag not in (BIND, UNBIND):
            live.add(number)
        return False

    @property
    def directory(self):
        """LDAP, whose messages can be told apart here; of others a line is taken for one message."""
        return self.protocol in ("ldap", "cldap")

    @property
    def last(self):
        """Who sends the message that decides."""
        return self.messages[-1][0]

    def send(self, port, patience=0.5):
        """The client's messages to loopback; where the vector has the server speak we listen first. Returns our port."""
        with socket.create_connection(("127.0.0.1", port), 5) as connection:
            connection.settimeout(patience)
            glued = b""
            for side, data in [*self.messages, ("server", b"")]:
                if side == "client":
                    glued += data
                elif glued:
                    connection.sendall(glued)
                    self._listen(connection)
                    glued = b""
            return connection.getsockname()[1]

    @staticmethod
    def _listen(connection):
        """Until the server has said something, or closed, or kept still."""
        try:
            connection.recv(65536)
        except OSError:
            pass


def refused_unit(data, at):
    """Where the refused one of glued messages may begin: one place when `at` tells."""
    starts = unit_starts(data)
    if at is None:
        return starts
    return [max(start for start in starts if start <= at)]


def units(data):
    """The messages in it; what is behind the last whole one is one more."""
    starts = unit_starts(data)
    return [data[start:end] for start, end in zip(starts, [*starts[1:], len(data)])]


def parts(unit):
    """Message id, tag of the operation and its octets, of an LDAPMessage; of anything else something that is none."""
    if unit[:1] != b"\x30" or unit_length(unit) != len(unit):
        return b"", 0, b""
    here = 2 if unit[1] < 0x80 else 2 + (unit[1] & 0x7F)
    number = unit[here + 2 : here + 2 + unit[here + 1]]
    here += 2 + len(number)
    return number, unit[here], unit[here + 2 : here + 2 + unit[here + 1]]


def unit_starts(data):
    """Where messages begin, as far as their lengths can be believed. Nothing here is ours: this must not use what it tests."""
    starts, here = [], 0
    while here < len(data):
        starts.append(here)
        length = unit_length(data[here:])
        if not length:
            break
        here += length
    return starts


def unit_length(data):
    """Octets of the BER element at the start, or of the SASL frame; 0 when that cannot be said."""
    if len(data) >= 4 and data[0] == 0:
        return 4 + int.from_bytes(data[:4], "big")
    if len(data) < 2 or data[0] != 0x30:
        return 0
    if data[1] < 0x80:
        return 2 + data[1]
    octets = data[1] & 0x7F
    return 2 + octets + int.from_bytes(data[2 : 2 + octets], "big") if 0 < octets <= 8 and len(data) >= 2 + octets else 0

"""The project's vectors as tools/vectors tells them: conversations whose last message passes or is refused by name."""
import pathlib
import socket
import subprocess

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

    @property
    def last(self):
        """Who sends the message that decides."""
        return self.messages[-1][0]

    def stream(self, side, until=None):
        """What one side sends in all, or in the messages before `until`."""
        return b"".join(data for who, data in self.messages[:until] if who == side)

    def accepted(self, side):
        """How much of what a side sends may pass: all possible lengths (one, but where the vector does not say what of glued messages is refused)."""
        whole = len(self.stream(side))
        if not self.refused or side != self.last:
            return [whole]
        before = len(self.stream(side, len(self.messages) - 1))
        return [before + start for start in refused_unit(self.messages[-1][1], self.at)]

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

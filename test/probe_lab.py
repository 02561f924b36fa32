"""What a probe must not reach: listeners that count, a recording of loopback, and workers of a gate that are not what they seem."""
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time

import behind
import slapd

HELLO, PROBE, PROBE_SAYS = 8, 14, 15  # priv/channel.h
PARTY_WORKER, EXPECTED, NOT_HERE, DENIED, TAKEN, REPORT, TURN, ENDED = 2, 0, 1, 2, 3, 4, 5, 6  # gate/control_msg.h
LDAP = 10  # proto/protocols.h


class Decoy:
    """A listener and a socket for datagrams on one port; counts what comes and never answers."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.bind(("127.0.0.1", self.port))
        self.connections = self.bytes = 0
        for work in (self._accept, self._receive):
            threading.Thread(target=work, daemon=True).start()

    def _accept(self):
        while True:
            try:
                stream = self.listener.accept()[0]
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._count, args=(stream,), daemon=True).start()

    def _count(self, stream):
        with stream:
            try:
                while data := stream.recv(65536):
                    self.bytes += len(data)
            except OSError:
                return

    def _receive(self):
        while True:
            try:
                self.bytes += len(self.datagrams.recv(65536))
            except OSError:
                return

    def close(self):
        for one in (self.listener, self.datagrams):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()


class Recording:
    """Everything on loopback, for as long as a `with` lasts; `loads` is None where we may not record."""

    def __init__(self, path):
        self.path, self.said, self.loads = pathlib.Path(path), pathlib.Path(path).with_suffix(".said"), None

    def __enter__(self):
        self.process = None
        try:
            command = [slapd.program("tcpdump"), "-i", "lo", "-s", "0", "-U", "--immediate-mode", "-B", "32768", "-w", "-"]
        except FileNotFoundError:
            return self
        with open(self.path, "wb") as file, open(self.said, "wb") as said:
            self.process = subprocess.Popen(command, stdout=file, stderr=said, start_new_session=True)
        deadline = time.monotonic() + 5
        while b"listening on" not in self.said.read_bytes():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self._end()
                self.process = None
                break
            time.sleep(0.01)
        return self

    def _end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.wait(10)

    def __exit__(self, *_):
        if not self.process:
            return
        size, still = -1, 0
        while still < 3:
            time.sleep(0.05)
            now = self.path.stat().st_size
            still, size = (still + 1, size) if now == size else (0, now)
        self._end()
        self.loads = list(self._loads())

    def _loads(self):
        """(source port, target port, payload) of each packet, whatever it carries."""
        for packet in behind.packets(self.path):
            head = (packet[0] & 15) * 4
            rest = packet[head : struct.unpack("!H", packet[2:4])[0]]
            source, target = struct.unpack("!HH", rest[:4])
            yield source, target, rest[8:] if packet[9] == socket.IPPROTO_UDP else rest[(rest[12] >> 4) * 4 :]

    def bytes_to(self, *ports):
        """Bytes that went to one of these."""
        return sum(len(load) for _, target, load in self.loads if target in ports)

    def strays(self, *allowed):
        """Packets with bytes in them that are neither to nor from one of these ports."""
        return [(source, target, load[:20].hex()) for source, target, load in self.loads if load and not {source, target} & set(allowed)]


class FakeWorker:
    """Speaks a worker's part on a control socket of its own: `script(say)` runs once a probe has been announced."""

    def __init__(self, dir, script):
        self.dir, self.script, self.asked = pathlib.Path(dir), script, 0
        self.dir.mkdir(mode=0o700)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(str(self.dir / "worker-ldap.sock"))
        self.listener.listen(4)
        threading.Thread(target=self._serve, daemon=True).start()

    @staticmethod
    def packet(type, payload):
        return struct.pack("<HHI", 0x5053, type, len(payload)) + payload

    @classmethod
    def says(cls, what, at=("127.0.0.1", 0), text=b"", why=0):
        address = struct.pack("<B16sH", 4, socket.inet_aton(at[0]) + bytes(12), at[1])
        head = bytes([what]) + address + struct.pack("<HQHBBI", LDAP, 1, why, 0, 0, 0)
        return cls.packet(PROBE_SAYS, head + bytes(48) + struct.pack("<H", len(text)) + text)

    def _serve(self):
        while True:
            try:
                channel = self.listener.accept()[0]
            except OSError:
                return
            with channel:
                channel.send(self.packet(HELLO, struct.pack("<H", 11) + b"sallyport 1" + bytes([PARTY_WORKER, 0])))
                try:
                    self._hear(channel)
                except OSError:
                    continue

    def _hear(self, channel):
        """The script ends the conversation by saying False."""
        while True:
            data, fds, _, _ = socket.recv_fds(channel, 65536, 4)
            for fd in fds:
                socket.close(fd)
            if not data:
                return
            self.asked += 1
            if self.script(self.asked, channel) is False:
                return

    def close(self):
        self.listener.close()


def own_network(script):
    """The command that runs this script where nobody else's packets are; None where that cannot be."""
    missing = [name for name in ("unshare", "ip") if not shutil.which(name)]
    return None if missing else ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *script]

#!/usr/bin/env python3
"""How flows end and what the gate bears: servers that are gone, resets, halves, slowness, thousands at once, and a worker that dies."""
import collections
import fcntl
import os
import pathlib
import resource
import shutil
import signal
import socket
import struct
import sys
import tempfile
import termios
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "lab")]
import answerer
import gate
import peer
import slapd
from tap import Tap

TAP = Tap()
HALVES, IDLE = 1000, 5000
BIND, BOUND = peer.HELLO
GONE, SCRIPTED, CROWDED, SLOW, TIMED = "gone", "scripted", "crowded", "slow", "timed"


def own(event, key):
    return (event.get("sallyport") or {}).get(key)


class Bench:
    """One gate with a service for each kind of hardship."""

    def __init__(self, scratch):
        self.peer, self.many = peer.Stream(), answerer.Answerer().start()
        self.ports = {name: slapd.free_port() for name in (GONE, SCRIPTED, CROWDED, SLOW, TIMED)}
        self.closed = slapd.free_port()
        to = {GONE: self.closed, SCRIPTED: self.peer.port}
        more = {CROWDED: {"max_flows": 20000, "max_flows_per_source": 20000}, TIMED: {"max_flows_per_source": 20000, "first": "3s"}}
        services = [
            gate.Service(name, ("127.0.0.1", port), ("server", to.get(name, self.many.port)), **more.get(name, {})) for name, port in self.ports.items()
        ]
        self.gate = gate.Gate(scratch, gate.policy(services, {"server": "127.0.0.1"})).start()

    def connect(self, name, source="127.0.0.1"):
        return socket.create_connection(("127.0.0.1", self.ports[name]), peer.PATIENCE, (source, 0))

    def of(self, client, wanted, patience=5):
        """The first event about this client that `wanted` likes."""
        port = client if isinstance(client, int) else client.getsockname()[1]
        return self.gate.wait_event(lambda e: port in (e.get("src_port"), e.get("dest_port")) and wanted(e), patience)

    def works(self, name=CROWDED, source="127.9.9.9"):
        """A bind goes through and is answered."""
        try:
            with self.connect(name, source) as client:
                client.sendall(BIND)
                return peer.receive(client, lambda b: len(b) >= len(BOUND), 5)[0] == BOUND
        except OSError:
            return False

    def worker(self):
        """The process with the most sockets: it holds the flows."""
        def sockets(pid):
            try:
                return sum(1 for fd in os.listdir(f"/proc/{pid}/fd") if os.readlink(f"/proc/{pid}/fd/{fd}").startswith("socket:"))
            except OSError:
                return 0

        return max(self.gate.family(), key=sockets)

    def close(self):
        code = self.gate.stop()
        self.peer.close()
        self.many.stop()
        return code


def reset(stream):
    """Closes with RST."""
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream.close()


def opened(bench):
    """A flow whose bind has been answered: (client, server)."""
    client = bench.connect(SCRIPTED)
    client.sendall(BIND)
    server = bench.peer.accept(peer.PATIENCE)
    if not server:
        raise RuntimeError("the gate did not dial")
    peer.receive(server, lambda b: len(b) >= len(BIND), peer.PATIENCE)
    server.sendall(BOUND)
    peer.receive(client, lambda b: len(b) >= len(BOUND), peer.PATIENCE)
    return client, server


def server_gone(bench):
    with bench.connect(GONE) as client:
        client.sendall(BIND)
        got, ended = peer.receive(client, lambda b: False, 10)
        TAP.ok(peer.MARK in got and ended, "a server that is down: the client is told in its protocol, then the flow ends", got, ended)
        said = bench.of(client, lambda e: own(e, "reason") == "gate.server")
        TAP.ok(said, "and an event says so", *bench.gate.events()[-4:])
    down = bench.gate.wait_event(lambda e: own(e, "kind") == "server-down", 1)
    TAP.ok(down, "and another that the server is down", *bench.gate.events()[-4:])


def server_resets(bench):
    client, server = opened(bench)
    with client:
        client.sendall(answerer.search(2))
        peer.receive(server, len, peer.PATIENCE)
        entry = bytes.fromhex("300e0201026409040563") + b"n=a"
        server.sendall(entry)
        # What has been sent must have been read, or the reset would overtake it and prove nothing.
        gate.wait_for(lambda: unsent(server) == 0, 2)
        reset(server)
        got, ended = peer.receive(client, lambda b: False, 5)
        TAP.ok(ended and entry not in got and not got.startswith(entry[:4]), "a server that resets inside an answer: no byte of the half is passed on", got)
        TAP.ok(bench.of(client, lambda e: own(e, "ended") == "server-reset"), "and the flow's event says who", *bench.gate.events()[-2:])


def unsent(stream):
    """Bytes the other side has not acknowledged (SIOCOUTQ)."""
    return struct.unpack("i", fcntl.ioctl(stream.fileno(), termios.TIOCOUTQ, b"\0\0\0\0"))[0]


def client_resets(bench):
    client, server = opened(bench)
    port = client.getsockname()[1]
    with server:
        reset(client)
        ended = peer.receive(server, lambda b: False, 5)[1]
        TAP.ok(ended, "a client that resets: the server's connection ends")
        TAP.ok(bench.of(port, lambda e: own(e, "ended") == "client-reset"), "and the flow's event says who", *bench.gate.events()[-2:])


def half_close(bench):
    client, server = opened(bench)
    question, answer = answerer.search(2), bytes.fromhex("300c02010265070a010004000400")
    with client, server:
        client.sendall(question)
        client.shutdown(socket.SHUT_WR)
        got, ended = peer.receive(server, lambda b: False, 5)
        TAP.ok(got == question and ended, "a half-close is passed on behind the last message", got, ended)
        server.sendall(answer)
        server.shutdown(socket.SHUT_WR)
        got, ended = peer.receive(client, lambda b: False, 5)
        TAP.ok(got == answer and ended, "and the answer still arrives", got, ended)
        TAP.ok(bench.of(client, lambda e: own(e, "ended") == "closed"), "and the flow is closed in order", *bench.gate.events()[-2:])


def truncated(bench):
    client, server = opened(bench)
    with client, server:
        client.sendall(BIND[:9])
        client.shutdown(socket.SHUT_WR)
        got = peer.receive(server, lambda b: False, 5)[0]
        TAP.ok(got == b"", "an end inside a message: nothing of it is passed on", got)
        TAP.ok(bench.of(client, lambda e: own(e, "reason") == "state.truncated"), "and an event says so", *bench.gate.events()[-3:])


def byte_by_byte(bench):
    client, server = opened(bench)
    message = answerer.padded(300)
    with client, server:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(len(message) - 1):
            client.sendall(message[at : at + 1])
            time.sleep(0.001)
        early = server_has(server)
        client.sendall(message[-1:])
        got, _ = peer.receive(server, lambda b: len(b) >= len(message), 5)
        TAP.ok(not early and got == message, f"{len(message)} bytes, one at a time: nothing before the last, then all", early, len(got))


def server_has(server):
    server.setblocking(False)
    try:
        return server.recv(65536)
    except BlockingIOError:
        return b""
    finally:
        server.settimeout(peer.PATIENCE)


def too_slow(bench, said):
    """A client that never comes to an end; how long it was borne, and why it was ended."""
    began = time.monotonic()
    with bench.connect(SLOW, "127.8.8.8") as client:
        message, at = answerer.padded(30000), 0
        client.settimeout(0.1)
        while time.monotonic() - began < 15:
            try:
                client.sendall(message[at : at + 1])
                at += 1
                if client.recv(65536) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        said["seconds"] = time.monotonic() - began
        said["event"] = bench.of(client, lambda e: own(e, "reason") == "gate.slow", 2)


def memory(pid):
    """KiB of its own: Pss."""
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def halves(bench):
    message = answerer.padded(8000)
    clients = []
    try:
        for number in range(HALVES):
            client = bench.connect(TIMED, f"127.3.{number // 250}.{1 + number % 250}")
            client.sendall(message[: len(message) // 2])
            clients.append(client)
        TAP.ok(bench.works(), f"while {HALVES} messages are half sent, others are served")
        deadline, ended = time.monotonic() + 10, 0
        for client in clients:
            ended += peer.receive(client, lambda b: False, max(0.01, deadline - time.monotonic()))[1]
        TAP.ok(ended == HALVES, f"and all {HALVES} end when their time is over", f"{ended} ended")
        TAP.ok(bench.of(clients[0], lambda e: own(e, "reason") in ("gate.first", "gate.slow")), "and an event says why", *bench.gate.events()[-2:])
    finally:
        for client in clients:
            client.close()


def everywhere(bench):
    """Memory of each of the gate's processes."""
    return {pid: memory(pid) for pid in bench.gate.family()}


def idle(bench):
    """What a flow costs that does nothing: before it has spoken, and after."""
    count = min(IDLE, (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 500) // 3)
    clients, before = [], everywhere(bench)
    try:
        for number in range(count):
            clients.append(bench.connect(CROWDED, f"127.4.{number // 250}.{1 + number % 250}"))
        bench.works()
        worker, silent = bench.worker(), everywhere(bench)
        for client in clients:
            client.sendall(BIND)
        answered = sum(peer.receive(client, lambda b: len(b) >= len(BOUND), 10)[0] == BOUND for client in clients)
        spoken = everywhere(bench)
        TAP.ok(answered == count, f"{count} flows at once are all answered", f"{answered} were")
        TAP.ok(bench.works(), "and one more")
        per = [(later[worker] - before[worker]) / count for later in (silent, spoken)]
        print(f"# worker's own memory (Pss) with {count} flows: {per[0]:.2f} KiB each accepted, {per[1]:.2f} KiB bound and idle;"
              f" {before[worker]} KiB before, {spoken[worker]} KiB then", flush=True)
    finally:
        for client in clients:
            client.close()
    gate.wait_for(lambda: len(bench.many.held) == 0, 10, 0.05)
    TAP.ok(not bench.many.held, "and all of them end behind the gate too", len(bench.many.held))


class Load(threading.Thread):
    """Asks and asks; counts answers and ends."""

    def __init__(self, bench, number):
        super().__init__(daemon=True)
        self.bench, self.source, self.stopping, self.counts = bench, f"127.5.0.{1 + number}", False, collections.Counter()

    def run(self):
        while not self.stopping:
            try:
                with self.bench.connect(CROWDED, self.source) as client:
                    client.sendall(BIND)
                    while not self.stopping and peer.receive(client, lambda b: len(b) >= len(BOUND), 5)[0] == BOUND:
                        self.counts["answers"] += 1
                        client.sendall(BIND)
                    self.counts["ends"] += not self.stopping
            except OSError:
                self.counts["ends"] += 1
                time.sleep(0.01)  # a listener that is not there refuses at once


def killed(bench):
    """The worker dies under load: its flows end, nothing else does, and it comes back."""
    loads = [Load(bench, number) for number in range(8)]
    for load in loads:
        load.start()
    try:
        busy = gate.wait_for(lambda: all(load.counts["answers"] > 20 for load in loads), 10)
        family, worker = bench.gate.family(), bench.worker()
        TAP.ok(busy and worker != family[0], "a worker is under load", [dict(load.counts) for load in loads])
        began = time.monotonic()
        os.kill(worker, signal.SIGKILL)
        back = gate.wait_for(bench.works, 15)
        print(f"# back in service {time.monotonic() - began:.2f} s after its worker was killed", flush=True)
        TAP.ok(back, "a worker that is killed comes back")
        ended = gate.wait_for(lambda: all(load.counts["ends"] for load in loads), 10)
        TAP.ok(ended, "its flows end with it", [dict(load.counts) for load in loads])
        said = bench.gate.wait_event(lambda e: own(e, "kind") in ("worker-crashed", "crash") and own(e, "pid") == worker, 5)
        TAP.ok(said, "an event says which and how", *bench.gate.events()[-3:])
        TAP.ok(bench.gate.wait_event(lambda e: own(e, "kind") == "worker-back", 5), "and an event says so", *bench.gate.events()[-3:])
        counted = [load.counts["answers"] for load in loads]
        again = gate.wait_for(lambda: all(load.counts["answers"] > was for load, was in zip(loads, counted)), 15)
        TAP.ok(again, "and the same clients are served again", [dict(load.counts) for load in loads])
        others = set(family) - {worker}
        TAP.ok(others <= set(bench.gate.family()), "no other process was touched", family, bench.gate.family())
    finally:
        for load in loads:
            load.stopping = True
        for load in loads:
            load.join(10)


def rests(idle_gate, began):
    """A gate nobody spoke to since `began`: its processes are the same, and it never said it hung."""
    bench, family = idle_gate
    time.sleep(max(0, 5.5 - (time.monotonic() - began)))  # the rest itself is what is tested
    TAP.ok(bench.gate.family() == family, "a worker without work for 5 s is left alone", family, bench.gate.family())
    TAP.ok(bench.works(), "and serves at once")


def main():
    if not gate.has("run"):
        TAP.ok(False, "the program is built and has the verb run")
        return TAP.done()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended all the same
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-hard-"))
    benches = []
    try:
        for name in ("busy", "resting"):
            benches.append(Bench(scratch / name))
        bench, resting, began = benches[0], (benches[1], benches[1].gate.family()), time.monotonic()
        said = {}
        slow = threading.Thread(target=too_slow, args=(bench, said))
        slow.start()
        for test in (server_gone, server_resets, client_resets, half_close, truncated, byte_by_byte):
            try:
                test(bench)
            except (OSError, RuntimeError) as error:
                TAP.ok(False, f"{test.__name__}: the lab works", repr(error))
        rests(resting, began)
        slow.join(30)
        TAP.ok(said.get("event"), f"a message that never ends is ended: {said.get('seconds', 0):.1f} s", *bench.gate.events()[-3:])
        # Memory is measured where nothing was freed before.
        for test, where in ((idle, benches[1]), (halves, bench), (killed, bench)):
            try:
                test(where)
            except (OSError, RuntimeError) as error:
                TAP.ok(False, f"{test.__name__}: the lab works", repr(error))
        for bench in benches:
            code = bench.close()
            TAP.ok(code == 0, "the gate stops in order", f"exit {code}", bench.gate.dir)
        benches = []
    finally:
        for bench in benches:
            bench.close()
        shutil.rmtree(scratch, ignore_errors=True)
    return TAP.done()


if __name__ == "__main__":
    sys.exit(main())

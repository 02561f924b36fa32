#!/usr/bin/env python3
"""The gate in odd operation: signals, descriptors and memory that run out, forged sources, broadcasts, urgent data, events that come all at once."""
import ctypes
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "lab")]
import answerer
import gate
import peer
import slapd
from gate_regressions import BIND, Bench, both_transports, dial, done, main, one, opened
from tap import Tap

TAP = Tap()


def named(said):
    """A gate's process by its name."""
    return {pathlib.Path(f"/proc/{pid}/comm").read_text().strip(): pid for pid in said.family()}


def used(pid):
    """Ticks of the processor that it has had."""
    return sum(map(int, pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]))


def forged_source(scratch):
    """Datagrams with a forged source do not use up that source's connections."""
    datagrams, stream = both_transports()
    port = slapd.free_port()
    service = gate.Service("both", ("127.0.0.1", port), ("server", datagrams.port), transports=("tcp", "udp"), max_flows_per_source=2)
    with Bench(scratch, "forged", gate.policy([service], {"server": "127.0.0.1"})) as running:
        for _ in range(3):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forged:
                forged.bind(("127.6.1.1", 0))
                forged.sendto(answerer.search(5), ("127.0.0.1", port))
        full = running.wait_event(lambda e: gate.reason(e) == "gate.source")
        with socket.socket() as client:
            client.bind(("127.6.1.1", 0))
            client.connect(("127.0.0.1", port))
            peer.send(client, BIND)
            TAP.ok(full and stream.accept(3), "a source whose datagrams are too many may still connect", full)
    datagrams.close()
    stream.close()


def stops_with_terminal(scratch):
    """A terminal that goes hangs up on every process: the gate ends in order all the same, and not at all under nohup."""
    server = peer.Stream()
    bench, port = one(scratch, "terminal", server)
    with bench as running:
        flows = [opened(port, server) for _ in range(3)]
        os.killpg(running.process.pid, signal.SIGHUP)
        code = running.process.wait(10)
        ends = [e["sallyport"]["ended"] for e in running.events() if e["event_type"] == "flow"]
        last = running.events()[-1]["sallyport"]["sentence"]
        TAP.ok((code, ends, last) == (0, ["stopped"] * 3, "the gate stopped: by SIGHUP"), "a hang-up for all of its processes: every flow is told, then the end", code, ends, last)
        for pair in flows:
            for end in pair:
                end.close()
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        bench, port = one(scratch, "nohup", server)
    finally:
        signal.signal(signal.SIGHUP, before)
    with bench as running:
        os.killpg(running.process.pid, signal.SIGHUP)
        TAP.ok(not gate.wait_for(lambda: not running.alive(), 0.5) and opened(port, server), "under nohup it stays, and serves")
    server.close()


def told_of_all(scratch, many=700):
    """More flows that end at once than a batch of records has room for, and that are open when the gate stops: each is told."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit[1], limit[1]))
    server = peer.Stream()
    bench, port = one(scratch, "told", server)
    with bench as running:
        worker = named(running)["sp-worker"]
        clients = [dial(port) for _ in range(many)]
        gate.wait_for(lambda: len(json.loads(running.ask("sessions", "--json").stdout)) == many, 10, 0.2)
        os.kill(worker, signal.SIGSTOP)  # so that it hears of all of them at once
        for client in clients:
            client.close()
        os.kill(worker, signal.SIGCONT)
        ended = lambda: sum(e["event_type"] == "flow" for e in running.events())
        TAP.ok(gate.wait_for(lambda: ended() == many, 10, 0.2), f"{many} flows that end at once are told", ended())
        clients = [dial(port) for _ in range(many)]
        gate.wait_for(lambda: len(json.loads(running.ask("sessions", "--json").stdout)) == many, 10, 0.2)
        running.stop()
        TAP.ok(ended() == 2 * many, f"and {many} that are open when the gate stops", ended() - many, running.events()[-1])
        for client in clients:
            client.close()
    server.close()


def urgent_data(scratch):
    """Urgent data is no part of the stream, and what stands behind it is read without waiting for more."""
    server = peer.Stream()
    bench, port = one(scratch, "urgent", server)
    with bench as running:
        client, behind = opened(port, server)
        worker = named(running)["sp-worker"]
        os.kill(worker, signal.SIGSTOP)  # so that all of it is there before it reads
        client.sendall(answerer.search(2))
        client.send(b"A", socket.MSG_OOB)
        client.sendall(answerer.search(3))
        os.kill(worker, signal.SIGCONT)
        both = answerer.search(2) + answerer.search(3)
        got, _ = peer.receive(behind, lambda b: len(b) >= len(both), 3)
        TAP.ok(got == both, "a message behind urgent data arrives", len(got), len(both))
        client.close()
        behind.close()
    server.close()


def given_up(scratch):
    """A flow that ends while its server is dialled, inside a message: that says nothing about the server."""
    listener, waiting = socket.socket(), []
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    for _ in range(8):  # its queue is full, so that the next one is not answered for a while
        waiting.append(socket.socket())
        waiting[-1].setblocking(False)
        waiting[-1].connect_ex(listener.getsockname())
    port = slapd.free_port()
    rules = ("limit ldap.message.anonymous 1KiB", f"watch ldap.message.size until {gate.FOREVER}", "pass")
    service = gate.Service("one", ("127.0.0.1", port), ("server", listener.getsockname()[1]), rules, connect="3s", age="1s")
    with Bench(scratch, "given-up", gate.policy([service], {"server": "127.0.0.1"})) as running:
        with dial(port) as client:
            client.sendall(answerer.padded(20000)[:5000])
            said = running.wait_event(lambda e: e["event_type"] == "flow" or e["sallyport"].get("kind") == "server-down", 8)
        TAP.ok(said and said["event_type"] == "flow" and gate.reason(said) == "gate.age", "a dial that was given up is no server that is away", said)
    for stream in (*waiting, listener):
        stream.close()


def stops_quietly(scratch):
    """Who waits for a process that does not end waits without turning in circles."""
    server = peer.Stream()
    bench, _ = one(scratch, "quiet", server)
    with bench as running:
        keeper, worker = running.process.pid, named(running)["sp-worker"]
        os.kill(worker, signal.SIGSTOP)
        running.process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        running.process.send_signal(signal.SIGINT)  # somebody has no patience
        began = used(keeper)
        time.sleep(1.5)
        turned = used(keeper) - began
        os.kill(worker, signal.SIGCONT)
        TAP.ok(turned < os.sysconf("SC_CLK_TCK") / 5 and running.process.wait(10) == 0, "the keeper waits for a worker at rest", turned)
    server.close()


def few_descriptors(scratch):
    """When there are no more descriptors, no server is blamed for it; and datagrams cannot take all of them."""
    within = lambda command: ["prlimit", "--nofile=96:96", *command]
    first = peer.Stream()
    second = peer.Stream(("127.0.0.2", first.port))
    port = slapd.free_port()
    service = gate.Service("two", ("127.0.0.1", port), ("{ one other }", first.port))
    running = gate.Gate(scratch / "few", gate.policy([service], {"one": "127.0.0.1", "other": "127.0.0.2"}), within).start()
    clients = [dial(port) for _ in range(70)]
    for client in clients:
        peer.send(client, BIND)
    told = running.wait_event(lambda e: gate.reason(e) == "limit.memory")
    code = running.stop()
    blamed = [e for e in running.events() if e["sallyport"].get("kind") == "server-down"]
    TAP.ok(told and not blamed and code == 0, "a dial for which there is no descriptor says nothing of the servers", code, told, *blamed[:1])
    for stream in (*clients, first, second):
        stream.close()
    datagrams, stream = both_transports()
    service = gate.Service("both", ("127.0.0.1", port), ("server", datagrams.port), transports=("tcp", "udp"))
    running = gate.Gate(scratch / "few-udp", gate.policy([service], {"server": "127.0.0.1"}), within).start()
    for i in range(100):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forged:
            forged.bind((f"127.6.2.{i + 1}", 0))
            forged.sendto(answerer.search(5), ("127.0.0.1", port))
    datagrams.socket.settimeout(5)
    for _ in range(100):
        datagrams.socket.recvfrom(65536)
    with dial(port) as client:
        peer.send(client, BIND)
        TAP.ok(stream.accept(3), "after a flood of forged datagrams a client still connects")
    running.stop()
    datagrams.close()
    stream.close()


def answers(port, server, where, source=None):
    """Whether a datagram that is sent there is answered through the gate; where the answer came from."""
    family = socket.AF_INET6 if ":" in where[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        client.settimeout(3)
        if source:
            client.bind(source)
        client.sendto(answerer.search(5), (where[0], port, *where[1:]))
        server.socket.settimeout(3)
        try:
            server.socket.sendto(done(5), server.socket.recvfrom(65536)[1])
            got, back = client.recvfrom(65536)
        except OSError as error:
            return repr(error)
        return back[0] if got == done(5) else got


def to_all(scratch):
    """A question to all hosts of a link, and one from an address that is good on one link only, are answered."""
    server, port = peer.Datagrams(), slapd.free_port()
    for listen in ("0.0.0.0", "[::]"):
        service = gate.Service("one", (listen, port), ("server", server.port), transports=("udp",))
        with Bench(scratch, "all" + listen[0], gate.policy([service], {"server": "127.0.0.1"})):
            said = answers(port, server, ("127.255.255.255",))
            TAP.ok(said == "127.0.0.1", f"a broadcast to {listen} is answered from an address of the gate's", said)
    server.close()
    # Such addresses need a network of one's own.
    child = os.fork()
    if not child:
        os._exit(link_local(scratch))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == 77:
        TAP.skip("a client with a link-local address is answered", "no network namespace may be made here")
    else:
        TAP.ok(code == 0, "a client with a link-local address is answered", code)


def link_local(scratch):
    new_net, new_user = 0x40000000, 0x10000000
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(new_net) != 0 and libc.unshare(new_net | new_user) != 0:
        return 77
    for words in (("link", "set", "lo", "up"), ("address", "add", "fe80::1/64", "dev", "lo", "nodad")):
        if not shutil.which("ip") or subprocess.run(["ip", *words], capture_output=True, check=False).returncode != 0:
            return 77
    server, port, lo = peer.Datagrams(), slapd.free_port(), socket.if_nametoindex("lo")
    service = gate.Service("one", ("[::]", port), ("server", server.port), transports=("udp",))
    try:
        with Bench(scratch, "link", gate.policy([service], {"server": "127.0.0.1"})):
            return 0 if answers(port, server, ("fe80::1", 0, lo), ("fe80::1", 0, 0, lo)).startswith("fe80::1") else 1
    except (OSError, RuntimeError):
        return 2


def turned_away(scratch):
    """All who are turned away are told: those of a burst later, in one event, and what is left when the gate stops."""
    server = peer.Stream()
    bench, port = one(scratch, "away", server, max_flows=1)
    with bench as running:
        kept, _ = opened(port, server)
        told = lambda: [e["sallyport"]["connections"] for e in running.events() if e["sallyport"].get("kind") == "full"]

        def knock(times):
            for _ in range(times):
                try:
                    with dial(port) as client:
                        peer.receive(client, lambda b: False, 5)
                except ConnectionResetError:
                    pass  # so soon that connecting was not over

        knock(6)
        TAP.ok(gate.wait_for(lambda: told() == [1, 5], 13, 0.2), "a burst of connections that are turned away is told in full, without another one", told())
        knock(3)
        running.stop()
        TAP.ok(sum(told()) == 9, "and what is left when the gate stops", told())
        kept.close()
    server.close()


def sink_that_stays(scratch):
    """Somebody keeps the end of a probe's sink that was the gate's: what comes there later is nobody's."""
    server, port = peer.Datagrams(), slapd.free_port()
    service = gate.Service("one", ("127.0.0.1", port), ("server", server.port), transports=("udp",))
    magic, probe = 0x5053, 14
    with Bench(scratch, "sink", gate.policy([service], {"server": "127.0.0.1"})) as running, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as control:
        control.connect(str(running.run / "worker-directory.sock"))
        control.settimeout(5)
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.bind(("127.0.0.1", 0))
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(5)
        ask = struct.pack("<H3sB", 3, b"one", 1) + struct.pack("<B4s12xH", 4, bytes((127, 0, 0, 1)), client.getsockname()[1]) + bytes(19)
        announce = struct.pack("<HHI", magic, probe, len(ask)) + ask
        control.recv(1000)
        socket.send_fds(control, [announce], [theirs.fileno()])
        control.recv(1000)
        client.sendto(answerer.search(5), ("127.0.0.1", port))
        reached = ours.recv(1000) == answerer.search(5)
        others = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        socket.send_fds(control, [announce], [others[1].fileno()])  # ends the flow of the one before
        gate.wait_for(lambda: any(e["event_type"] == "flow" for e in running.events()), 5)
        ours.send(done(5))
        worker = named(running)["sp-worker"]
        began = used(worker)
        time.sleep(1)
        turned = used(worker) - began
        TAP.ok(reached and turned < os.sysconf("SC_CLK_TCK") / 4, "a sink that somebody keeps does not keep the worker busy", reached, turned)
        for end in (client, ours, theirs, *others):
            end.close()
    server.close()


def short_of_memory(scratch):
    """A worker that cannot be started again for want of memory is tried again later, and the gate goes on."""
    server = peer.Stream()
    bench, port = one(scratch, "short", server)
    with bench as running:
        keeper = running.process.pid
        size = int(re.search(r"VmSize:\s*(\d+)", pathlib.Path(f"/proc/{keeper}/status").read_text())[1]) * 1024
        resource.prlimit(keeper, resource.RLIMIT_AS, (size + 200000, resource.RLIM_INFINITY))
        os.kill(named(running)["sp-worker"], signal.SIGKILL)
        gate.wait_for(lambda: "cannot work now" in running.errors() or not running.alive(), 5, 0.1)
        if running.alive():
            resource.prlimit(keeper, resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)
        TAP.ok(running.wait_event(lambda e: e["sallyport"].get("kind") == "worker-back", 15) and opened(port, server),
               "a worker for which there is no memory is started later", running.errors())
    server.close()


def silent_worker(scratch):
    """A worker that does not answer hides none of the others' flows."""
    server = peer.Stream()
    bench, port = one(scratch, "silent", server)
    with bench as running:
        client, behind = opened(port, server)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as nobody:
            nobody.bind(str(running.run / "worker-0.sock"))
        asked = running.ask("sessions", "--json")
        TAP.ok(asked.returncode == 3 and len(json.loads(asked.stdout)) == 1, "a worker that does not answer hides no other's flows", asked)
        client.close()
        behind.close()
    server.close()


TESTS = (
    forged_source, stops_with_terminal, told_of_all, urgent_data, given_up, stops_quietly, few_descriptors, to_all, turned_away, sink_that_stays,
    short_of_memory, silent_worker,
)


if __name__ == "__main__":
    sys.exit(main(TAP, TESTS, "sallyport-operation-"))

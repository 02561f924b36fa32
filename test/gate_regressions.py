#!/usr/bin/env python3
"""Faults of the gate that a review found: each is played the way it was found, and must not come back."""
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
import tempfile
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
BIND, BOUND = peer.HELLO
STARTTLS = answerer.message(1, answerer.tlv(0x77, answerer.tlv(0x80, b"1.3.6.1.4.1.1466.20037")))
STARTED = answerer.message(1, answerer.tlv(0x78, answerer.tlv(10, b"\0"), answerer.tlv(4), answerer.tlv(4)))
RECORD = bytes.fromhex("1603014000")  # the first record's header, each way; what follows is not looked at
NO_CHANGES = ("block where ldap.op = modify", *gate.EVERYTHING)


def entry(number, size):
    """An entry with one value of `size` octets."""
    values = answerer.tlv(0x30, answerer.tlv(4, b"description"), answerer.tlv(0x31, answerer.tlv(4, b"A" * size)))
    return answerer.message(number, answerer.tlv(0x64, answerer.tlv(4, b"cn=a"), answerer.tlv(0x30, values)))


def done(number):
    return answerer.message(number, answerer.tlv(0x65, answerer.tlv(10, b"\0"), answerer.tlv(4), answerer.tlv(4)))


class Bench:
    """A gate with services that lead to servers played here."""

    def __init__(self, scratch, name, text, options=()):
        self.gate = gate.Gate(scratch / name, text, options=options).start()

    def __enter__(self):
        return self.gate

    def __exit__(self, *_):
        self.gate.stop()


def one(scratch, name, server, rules=gate.EVERYTHING, options=(), **settings):
    """A gate with one service: (bench, its port)."""
    port = slapd.free_port()
    service = gate.Service("one", ("127.0.0.1", port), ("server", server.port), rules, **settings)
    return Bench(scratch, name, gate.policy([service], {"server": "127.0.0.1"}), options), port


def dial(port, buffer=0):
    stream = socket.socket()
    if buffer:
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    stream.settimeout(peer.PATIENCE)
    stream.connect(("127.0.0.1", port))
    return stream


def opened(port, server, buffer=0):
    """A flow whose bind has been answered: (client, server)."""
    client = dial(port, buffer)
    client.sendall(BIND)
    behind = server.accept(peer.PATIENCE)
    peer.receive(behind, lambda b: len(b) >= len(BIND), peer.PATIENCE)
    behind.sendall(BOUND)
    peer.receive(client, lambda b: len(b) >= len(BOUND), peer.PATIENCE)
    return client, behind


def in_background(work, *args):
    thread = threading.Thread(target=work, args=args, daemon=True)
    thread.start()
    return thread


def splice_end(scratch):
    """The server ends while its last bytes still stand in a pipe: the client must hear of the end."""
    server, wrong = peer.Stream(), []
    bench, port = one(scratch, "splice", server)
    with bench:
        for size in range(1 << 20, 8 << 20, 1 << 19):
            client, behind = opened(port, server, 65536)
            client.sendall(STARTTLS)
            peer.receive(behind, lambda b: len(b) >= len(STARTTLS), 5)
            behind.sendall(STARTED)
            peer.receive(client, lambda b: len(b) >= len(STARTED), 5)
            client.sendall(RECORD)

            def talk(behind=behind, size=size):
                behind.settimeout(30)
                behind.sendall(RECORD + b"A" * size)
                behind.shutdown(socket.SHUT_WR)

            thread = in_background(talk)
            time.sleep(0.3)  # until every buffer is full
            got, ended = peer.receive(client, lambda b: False, 2)
            thread.join(5)
            if not ended or len(got) != size + len(RECORD):
                wrong.append((size, len(got), ended))
            client.close()
            behind.close()
        TAP.ok(not wrong, "opaque payload and the end behind it arrive", *wrong)
    server.close()


def unread_answers(scratch):
    """A client that reads no refusals cannot make the gate keep them without bound."""
    server = peer.Stream()
    bench, port = one(scratch, "unread", server, NO_CHANGES)
    with bench as running:
        client, _ = opened(port, server, 4096)
        client.settimeout(1)
        request, sent = answerer.padded(1), 0
        batch = request * (65536 // len(request))
        try:
            while sent < 40 << 20:
                sent += client.send(batch)  # cut anywhere: what follows may be refused for good, so whole batches only
                if sent % len(batch):
                    break
        except TimeoutError:
            pass
        held = max((row["held"] for row in json.loads(running.ask("sessions", "--json").stdout)), default=0)
        TAP.ok(held <= 1 << 20, "refusals nobody reads are not kept without bound", f"{held} bytes held after {sent} sent")
        client.settimeout(0.3)
        got, _ = peer.receive(client, lambda b: len(b) > 100000, 5)
        TAP.ok(len(got) > 100000, "and they go on when he reads", len(got))
    server.close()


def other_client(scratch):
    """An answer of ours that waits for the end of a watched message goes to its own client, whoever speaks meanwhile."""
    server, many = peer.Stream(), answerer.Answerer().start()
    ports = [slapd.free_port(), slapd.free_port()]
    rules = ("watch ldap.message.size until 2036-12-31", "limit ldap.message.server 64KiB", *NO_CHANGES)
    text = gate.policy(
        [gate.Service("one", ("127.0.0.1", ports[0]), ("server", server.port), rules), gate.Service("many", ("127.0.0.1", ports[1]), ("server", many.port))],
        {"server": "127.0.0.1"},
    )
    stop, strange = threading.Event(), []

    def chat():
        with dial(ports[1]) as client:
            while not stop.is_set():
                client.sendall(BIND)
                got, ended = peer.receive(client, lambda b: len(b) >= len(BOUND), 2)
                if got != BOUND:
                    strange.append(got)
                if got != BOUND or ended:
                    return

    with Bench(scratch, "other", text):
        chats = [in_background(chat) for _ in range(6)]
        lost = 0
        for _ in range(25):
            client, behind = opened(ports[0], server)
            client.sendall(answerer.search(2))
            peer.receive(behind, lambda b: len(b) >= 10, 5)
            large = entry(2, 2 << 20)
            behind.sendall(large[: 300 * 1024])
            peer.receive(client, lambda b: len(b) >= 300 * 1024, 5)
            client.sendall(answerer.padded(10, 77))
            time.sleep(0.02)
            behind.settimeout(5)
            thread = in_background(behind.sendall, large[300 * 1024 :])
            got, _ = peer.receive(client, lambda b: peer.MARK in b[-200:], 2)
            thread.join(5)
            lost += peer.MARK not in got[-200:] or len(got) < len(large) - 300 * 1024
            client.close()
            behind.close()
        stop.set()
        for thread in chats:
            thread.join(5)
        TAP.ok(not lost, "the refusal follows the watched message", f"{lost} of 25 lost")
        TAP.ok(not strange, "and nobody else gets it", *[s[:80] for s in strange[:3]])
    many.stop()
    server.close()


def both_transports(patience=50):
    """A server of datagrams and one of streams on the same port."""
    for _ in range(patience):
        datagrams = peer.Datagrams()
        try:
            return datagrams, peer.Stream(("127.0.0.1", datagrams.port))
        except OSError:
            datagrams.close()
    raise OSError("no port is free for both transports")


def udp_services(scratch):
    """A service over UDP that is full does not cost another its associations, nor its own TCP clients their places."""
    first, stream = both_transports()
    servers = [first, peer.Datagrams()]
    ports = [slapd.free_port(), slapd.free_port()]
    services = [
        gate.Service(name, ("127.0.0.1", port), ("server", s.port), transports=transports, **more)
        for name, port, s, transports, more in (
            ("full", ports[0], servers[0], ("tcp", "udp"), {"max_flows": 2}),
            ("calm", ports[1], servers[1], ("udp",), {}),
        )
    ]
    with Bench(scratch, "udp", gate.policy(services, {"server": "127.0.0.1"})):
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.settimeout(2)
        client.connect(("127.0.0.1", ports[1]))
        client.send(answerer.search(5))
        servers[1].socket.settimeout(2)
        _, back = servers[1].socket.recvfrom(65536)
        for i in range(8):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forged:
                forged.bind((f"127.6.0.{i + 1}", 0))
                forged.sendto(answerer.search(5), ("127.0.0.1", ports[0]))
        servers[0].socket.settimeout(5)
        for _ in range(8):
            servers[0].socket.recvfrom(65536)
        servers[1].socket.sendto(b"", back)
        servers[1].socket.sendto(done(5), back)
        try:
            got = client.recv(65536)
        except OSError as error:
            got = repr(error)
        TAP.ok(got == done(5), "a flood at one service does not end another's associations, nor does an empty datagram", got)
        try:
            with dial(ports[0]) as tcp:
                tcp.sendall(BIND)
                TAP.ok(stream.accept(2), "nor does it keep its TCP clients out")
        except OSError as error:
            TAP.ok(False, "nor does it keep its TCP clients out", repr(error))
    for s in (*servers, stream):
        s.close()


def default_port(scratch):
    """A service without a port of its own leads to the port the client came to, on each of its listeners."""
    ports = [slapd.free_port(), slapd.free_port()]
    servers = [peer.Stream(("127.0.0.2", port)) for port in ports]
    text = gate.policy([], {"server": "127.0.0.2"}) + gate.block(
        "service two", [*(f"listen 127.0.0.1:{port} tcp" for port in ports), "to server", "protocol ldap", "policy rules"]
    ) + gate.block("policy rules", ["pass", "default block"])
    with Bench(scratch, "ports", text):
        for port, server in zip(ports, servers):
            with dial(port) as client:
                client.sendall(BIND)
                TAP.ok(server.accept(1), "a flow goes to the port it came to")
    for server in servers:
        server.close()


def slow_behind_fast(scratch):
    """What was fast before earns no credit for a message that never ends."""
    server = answerer.Answerer().start()
    bench, port = one(scratch, "slow", server)
    with bench as running:
        with dial(port) as client:
            in_background(peer.receive, client, lambda b: False, 20)
            messages = b"".join(answerer.padded(70000, number) for number in range(2, 200))
            client.settimeout(20)
            client.sendall(messages + answerer.padded(70000, 200)[:1000])
            began = time.monotonic()
            said = running.wait_event(lambda e: gate.reason(e) == "gate.slow", 9)
            TAP.ok(said, "a message that stalls behind fast ones is ended", time.monotonic() - began, *running.events()[-2:])
    server.stop()


def large_behind_large(scratch):
    """Glued large messages: the memory held for the first must not keep the second from its own."""
    server = peer.Stream()
    bench, port = one(scratch, "large", server, options=("--memory", "16"))
    with bench:
        client, behind = opened(port, server)
        client.sendall(answerer.search(2))
        peer.receive(behind, lambda b: len(b) >= 10, 5)
        both = entry(2, 4200 << 10) + entry(2, 7 << 20)
        behind.settimeout(20)
        thread = in_background(behind.sendall, both)
        got, _ = peer.receive(client, lambda b: len(b) >= len(both), 10)
        TAP.ok(got == both, "a large message behind a large one", len(got), len(both))
        client.close()
        thread.join(1)
        behind.close()
    server.close()


def first_in_line(scratch):
    """Who stands first for memory and cannot use it does not keep the others waiting."""
    server = peer.Stream()
    bench, port = one(scratch, "line", server, NO_CHANGES, options=("--memory", "16"))
    with bench:
        flows = [opened(port, server, 4096 if i == 1 else 0) for i in range(3)]
        for client, behind in flows:
            client.sendall(answerer.search(2))
            peer.receive(behind, lambda b: len(b) >= 10, 5)
            behind.settimeout(20)
        all_of_it, large = entry(2, 7 << 20), entry(2, 1 << 20)
        flows[0][1].sendall(all_of_it[:100000])
        time.sleep(0.2)
        in_background(flows[1][1].sendall, large)
        time.sleep(0.2)
        refused = answerer.padded(1, 9)
        flows[1][0].settimeout(0.5)
        try:
            for _ in range(300):
                flows[1][0].sendall(refused * 1000)
        except OSError:
            pass
        in_background(flows[2][1].sendall, large)
        time.sleep(0.2)
        in_background(flows[0][1].sendall, all_of_it[100000:])
        first = peer.receive(flows[0][0], lambda b: len(b) >= len(all_of_it), 10)[0]
        got = peer.receive(flows[2][0], lambda b: len(b) >= len(large), 4)[0]
        TAP.ok(first == all_of_it and got == large, "the one behind him in the line gets his memory", len(first), len(got))
        for ends in flows:
            for stream in ends:
                stream.close()
    server.close()


def no_hole(scratch):
    """Where memory ends in the middle of a message, nothing of ours follows the half of it."""
    server = peer.Stream()
    bench, port = one(scratch, "hole", server, options=("--memory", "16"))
    with bench as running:
        flows, wrong, starved = [], [], 0
        for _ in range(40):
            client, behind = opened(port, server, 4096)
            client.sendall(answerer.search(2))
            peer.receive(behind, lambda b: len(b) >= 10, 5)
            flows.append((client, behind))
            behind.settimeout(0.2)
            try:
                behind.sendall(entry(2, 3 << 20) * 4)
            except OSError:
                pass
        wanted = entry(2, 3 << 20) * 4
        for client, behind in flows:
            behind.close()
            got, _ = peer.receive(client, lambda b: False, 0.5)
            # A goodbye may stand between messages only.
            whole = len(got) // len(entry(2, 3 << 20)) * len(entry(2, 3 << 20))
            if not wanted.startswith(got) and not (got[:whole] == wanted[:whole] and peer.MARK in got[whole : whole + 200]):
                wrong.append(got[-60:])
            client.close()
        starved = any(gate.reason(e) == "limit.memory" for e in running.events())
        TAP.ok(starved and not wrong, "half a message is followed by nothing", starved, len(wrong), *wrong[:3])
    server.close()


def waits_for_nobody(scratch):
    """Requests that wait for answers of a server that has ended do not keep their flow."""
    server = peer.Stream()
    bench, port = one(scratch, "waits", server)
    with bench as running:
        client, behind = opened(port, server)
        client.sendall(b"".join(answerer.search(number) for number in range(2, 60)))
        peer.receive(behind, lambda b: len(b) > 300, 5)
        behind.shutdown(socket.SHUT_WR)
        time.sleep(0.3)
        client.close()
        behind.close()
        gone = gate.wait_for(lambda: json.loads(running.ask("sessions", "--json").stdout) == [], 5, 0.3)
        TAP.ok(gone, "the flow ends with its server", running.ask("sessions").stdout)
    server.close()


def says_what(scratch):
    """An event says what was asked, though no rule asks for it: of a denial, of a refusal, and of a rule with log."""
    server = peer.Stream()
    change = answerer.message(2, answerer.tlv(0x66, answerer.tlv(4, b"cn=a"), answerer.tlv(0x30, answerer.tlv(0x30, answerer.tlv(
        10, b"\2"), answerer.tlv(0x30, answerer.tlv(4, b"mail"), answerer.tlv(0x31, answerer.tlv(4, b"a")))))))
    torn = answerer.message(3, answerer.tlv(0x63, answerer.tlv(4, b"cn=b"), answerer.tlv(10, b"\7")))
    bench, port = one(scratch, "says", server, ("block where flow.port = 1", "block where ldap.op = modify", "pass where ldap.op = bind log", "pass"))
    with bench as running:
        client, behind = opened(port, server)
        client.sendall(change)
        denied = running.wait_event(lambda e: e["event_type"] == "alert" and e["verdict"]["reason"] == "policy.denied")
        client.sendall(torn)
        refused = running.wait_event(lambda e: e["event_type"] == "alert" and e["verdict"]["reason"] != "policy.denied")
        logged = running.wait_event(lambda e: e["event_type"] == "sallyport" and e["sallyport"]["kind"] == "rule")
        client.close()
        behind.close()
    server.close()
    asked = (denied or {}).get("ldap", {}).get("request", {})
    TAP.ok(asked.get("operation") == "modify_request" and asked.get("name") == "cn=a" and asked.get("message_id") == 2 and
           denied["sallyport"]["detail"] == "ldap op modify", "a denial says what was asked", denied)
    asked = (refused or {}).get("ldap", {}).get("request", {})
    TAP.ok(asked.get("operation") == "search_request" and asked.get("message_id") == 3, "a refusal what could be read", refused)
    asked = (logged or {}).get("ldap", {}).get("request", {})
    TAP.ok(asked.get("operation") == "bind_request" and asked.get("version") == 3, "a rule with log what passed", logged)


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


TESTS = (
    splice_end, other_client, unread_answers, large_behind_large, first_in_line, no_hole, udp_services, default_port, waits_for_nobody, slow_behind_fast,
    says_what, forged_source, stops_with_terminal, told_of_all, urgent_data, given_up, stops_quietly,
    few_descriptors, to_all, turned_away, sink_that_stays,
    short_of_memory,
)


def main():
    if not gate.has("run"):
        TAP.ok(False, "the program is built and has the verb run")
        return TAP.done()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended all the same
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-found-"))
    try:
        for test in [globals()[name] for name in sys.argv[1:]] or TESTS:
            try:
                test(scratch)
            except (OSError, RuntimeError) as error:
                TAP.ok(False, f"{test.__name__}: the lab works", repr(error))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return TAP.done()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Faults of the gate that a review found: each is played the way it was found, and must not come back."""
import json
import pathlib
import shutil
import signal
import socket
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
        flows, wrong = [], []
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
        starved = gate.wait_for(lambda: any(gate.reason(e) == "limit.memory" for e in running.events()), 10, 0.3)
        wanted = entry(2, 3 << 20) * 4
        for client, behind in flows:
            behind.close()
            got, _ = peer.receive(client, lambda b: False, 0.5)
            # A goodbye may stand between messages only.
            whole = len(got) // len(entry(2, 3 << 20)) * len(entry(2, 3 << 20))
            if not wanted.startswith(got) and not (got[:whole] == wanted[:whole] and peer.MARK in got[whole : whole + 200]):
                wrong.append(got[-60:])
            client.close()
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


TESTS = (
    splice_end, other_client, unread_answers, large_behind_large, first_in_line, no_hole, udp_services, default_port, waits_for_nobody, slow_behind_fast,
    says_what,
)


def main(tap, tests, prefix):
    """Plays these one after the other, or those whose names are given."""
    if not gate.has("run"):
        tap.ok(False, "the program is built and has the verb run")
        return tap.done()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended all the same
    scratch = pathlib.Path(tempfile.mkdtemp(prefix=prefix))
    try:
        for test in [test for test in tests if test.__name__ in sys.argv[1:]] or tests:
            try:
                test(scratch)
            except (OSError, RuntimeError) as error:
                tap.ok(False, f"{test.__name__}: the lab works", repr(error))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main(TAP, TESTS, "sallyport-found-"))

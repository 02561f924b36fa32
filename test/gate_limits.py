#!/usr/bin/env python3
"""Times and limits of the gate: gate.server gate.first gate.idle gate.age gate.slow gate.flows gate.source gate.held limit.memory.

Each on a live gate: the event, what the client saw, what the server saw; and its lawful neighbour just below the limit.
"""
import contextlib
import pathlib
import resource
import shutil
import socket
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "lab")]
import gate
import peer
import slapd
from gate_case import BIND, BOUND, Case, Watched, goodbye, own, padded, sized, until_end
from tap import Tap

DEAD, DEAD_TOO = "127.7.7.1", "127.7.7.2"  # nobody listens there
SETTINGS = {
    "lost": {}, "failover": {}, "plain": {}, "first": {"first": "600ms"}, "idle": {"idle": "1s"}, "age": {"age": "2s"}, "slow": {},
    "flows": {"max_flows": 3}, "source": {"max_flows_per_source": 2}, "held": {"held": "4KiB"},
    "connect": {"connect": "300ms"},
}
HOSTS = {"lost": "{ dead deader }", "failover": "{ dead live }"}
MEMORY_MIB, PART, WHOLE = 16, 50000, 60000  # part and whole fall into one class of 64 KiB


# ---- gate.server


def lost(case):
    with case.connect() as client:
        client.sendall(BIND)
        got, ended, _ = until_end(client, 10)
        case.ok(ended and peer.MARK in got, "no server can be reached: the client is told in its protocol", got)
        case.ended(client, "gate.server", "no server can be reached", forwarded=len(BIND))
    down = [e for e in case.gate.events() if own(e, "kind") == "server-down" and own(e, "service") == case.name]
    case.ok({e["dest_ip"] for e in down} == {DEAD, DEAD_TOO}, "and an event for each of the servers says it is down", *down)


def failover(case):
    for attempt in ("the first host is down: the second", "and again, without dialling the first"):
        client, server = case.opened()
        with client, server:
            case.ok(case.exchange(client, server), f"{attempt}: it answers")
            port = client.getsockname()[1]
            client.close()
            server.close()
        said = case.gate.wait_event(lambda e, port=port: e.get("src_port") == port and e["event_type"] == "flow", 5)
        case.ok(said and said["dest_ip"] == "127.0.0.1" and own(said, "ended") == "closed", "the flow's event names the second host", said)
    down = [e for e in case.gate.events() if own(e, "kind") == "server-down" and own(e, "service") == case.name]
    case.ok(len(down) == 1 and down[0]["dest_ip"] == DEAD, "one event says that the first is down", *down)


def connect(case):
    """A backlog that is full does not answer: the dial takes as long as `connect` allows."""
    case.server.listener.listen(0)
    stuffed = []
    for _ in range(8):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(("127.0.0.1", case.server.port))
        stuffed.append(filler)
    with case.connect() as client:
        client.sendall(BIND)
        goodbye(case, client, "a server that does not answer the dial", 0.25, 2.5)
        case.ended(client, "gate.server", "a server that does not answer the dial")
    said = case.gate.wait_event(lambda e: own(e, "kind") == "server-down" and own(e, "service") == case.name, 2)
    case.ok(said and 250 < own(said, "took_ms") < 2500, "and an event says how long it was tried", said)
    for filler in stuffed:
        filler.close()


# ---- times


def first(case):
    with case.connect() as client:
        goodbye(case, client, "a client that says nothing", 0.5, 2)
        case.ended(client, "gate.first", "a client that says nothing", forwarded=0)
    with case.connect() as client:
        client.sendall(BIND[:9])
        goodbye(case, client, "a client that says half a message", 0.5, 2)
        case.ended(client, "gate.first", "a client that says half a message", forwarded=0)
    case.ok(not peer.ready([case.server.listener], 0), "and the server was never dialled")
    with case.connect() as client:
        time.sleep(0.3)  # half of the time it has
        client.sendall(BIND)
        with case.server.accept(peer.PATIENCE) as server:
            peer.receive(server, lambda b: len(b) >= len(BIND), peer.PATIENCE)
            server.sendall(BOUND)
            peer.receive(client, lambda b: len(b) >= len(BOUND), peer.PATIENCE)
            case.ok(not peer.ready([client, server], 1), "one that speaks in time is not ended, however still it is afterwards")
            case.ok(case.exchange(client, server), "and is served")


def idle(case):
    client, server = case.opened("127.0.0.2")
    with client, server:
        alive = True
        for number in range(4):
            time.sleep(0.7)  # less than the idle time and a sixteenth of it
            alive = alive and case.exchange(client, server, number + 2)
        case.ok(alive, "a flow in which something moves every 0.7 s goes on")
        goodbye(case, client, "then nothing moves", 0.85, 2.5)
        case.ok(until_end(server, 3)[:2] == (b"", True), "the server hears an orderly end")
        case.ended(client, "gate.idle", "then nothing moves")


def age(case):
    client, server = case.opened()
    began = time.monotonic()
    with client, server:
        turns = 0
        while time.monotonic() - began < 1.6:
            if not case.exchange(client, server, turns % 100 + 2):
                break
            turns += 1
            time.sleep(0.02)
        case.ok(time.monotonic() - began >= 1.6, "a flow younger than its age is served", turns)
        goodbye(case, client, "its time is over, busy or not", 0.1, 1.5)
        case.ok(until_end(server, 3)[:2] == (b"", True), "the server hears an orderly end")
        case.ended(client, "gate.age", "its time is over")


def trickle(case, source, rate, seconds):
    """A message at `rate` bytes a second for at most so long: (client, server, the message, bytes sent, seconds until its end)."""
    client, server = case.opened(source)
    message, at, began = padded(rate * seconds), 0, time.monotonic()
    while at < len(message) and not peer.ready([client], 0.1):
        due = min(len(message), int((time.monotonic() - began) * rate))
        peer.send(client, message[at:due])
        at = due
    return client, server, message, at, time.monotonic() - began


def slow(case):
    client, server, _, _, took = trickle(case, "127.0.0.3", 800, 12)
    with client, server:
        got, ended, _ = until_end(client, 3)
        case.ok(ended and peer.MARK in got and 4.9 < took < 8, "800 bytes a second: ended behind 5 s", got, f"{took:.2f} s")
        case.ok(until_end(server, 3)[:2] == (b"", True), "the server sees nothing of the message, and an orderly end")
        said = case.refused(client, "gate.slow")
        case.ok(own(said, "expected") == 1024 and 600 < (own(said, "got") or 0) < 1000, "with the rate it wants and the rate it got", said)
        case.ended(client, "gate.slow", "800 bytes a second", forwarded=len(BIND))


def slow_enough(case):
    client, server, message, at, took = trickle(case, "127.0.0.4", 1400, 7)
    with client, server:
        got, _ = peer.receive(server, lambda b: len(b) >= len(message), 5)
        case.ok(took > 6 and at == len(message) and got == message, "1400 bytes a second for 7 s: the message passes whole", f"{took:.2f} s", at, len(got))


# ---- counts


def flows(case):
    pairs = [case.opened(f"127.0.1.{n}") for n in range(1, 4)]
    case.turned_away("127.0.1.9", "gate.flows", "one flow more than max-flows")
    case.ok(not peer.ready([case.server.listener], 0), "without a dial")
    case.ok(all(case.exchange(*pair) for pair in pairs), "as many as max-flows are served meanwhile")
    pairs[0][0].close()
    pairs[0][1].close()
    again = gate.wait_for(lambda: takes(case, "127.0.1.9"), 5)
    case.ok(again, "when one has ended there is room for one")
    close(pairs)


def source(case):
    pairs = [case.opened("127.0.2.1") for _ in range(2)]
    case.turned_away("127.0.2.1", "gate.source", "one flow more than max-flows-per-source")
    case.ok(all(case.exchange(*pair) for pair in pairs), "its other flows go on")
    case.ok(takes(case, "127.0.2.2"), "another source is served")
    pairs[0][0].close()
    pairs[0][1].close()
    case.ok(gate.wait_for(lambda: takes(case, "127.0.2.1"), 5), "when one of the source's has ended there is room for one")
    close(pairs)


def takes(case, source):
    """A flow from there is served."""
    try:
        client, server = case.opened(source)
    except (RuntimeError, OSError):
        return False
    with client, server:
        return case.exchange(client, server)


def close(pairs):
    for pair in pairs:
        for stream in pair:
            stream.close()


def held(case):
    """The head of a message tells its length: that decides, before the rest has come."""
    client, server = case.opened()
    with client, server:
        message = sized(4096)
        client.sendall(message[:20])
        case.ok(gate.wait_for(lambda: case.held(client) == 20, 5, 0.05), "the head of a message of 4096 bytes is held", case.held(client))
        client.sendall(message[20:])
        got, _ = peer.receive(server, lambda b: len(b) >= 4096, 5)
        case.ok(got == message, "and it passes whole", len(got))
        client.sendall(sized(4097, 3)[:20])
        got, ended, _ = until_end(client, 5)
        case.ok(ended and peer.MARK in got, "the head of one of 4097 bytes: a goodbye, and the end", got, ended)
        case.ok(until_end(server, 3)[:2] == (b"", True), "the server sees nothing of it, and an orderly end")
        said = case.refused(client, "gate.held")
        case.ok((own(said, "expected"), own(said, "got")) == (4096, 4097), "with the most and what it would need", said)
        case.ended(client, "gate.held", "one of 4097 bytes", forwarded=len(BIND) + 4096)


def plain(case):
    """Nothing is set: the gate's own defaults hold, and none of them is 0."""
    pairs = [case.opened() for _ in range(20)]
    client, server = pairs[0]
    with case.connect() as still:
        message = padded(200000)
        client.sendall(message[:100000])
        case.ok(not peer.ready([still, *(stream for pair in pairs for stream in pair)], 1.5), "no setting is set: none of 20 flows of one source, nor a silent one, ends in 1.5 s")
        peer.send(client, message[100000:])
        got, _ = peer.receive(server, lambda b: len(b) >= len(message), 5)
        case.ok(got == message, "and a message of 200000 bytes passes", len(got))
        still.sendall(BIND)
        with case.server.accept(peer.PATIENCE) as late:
            case.ok(peer.receive(late, lambda b: len(b) >= len(BIND), 5)[0] == BIND, "and the silent one may still speak")
    close(pairs)


# ---- limit.memory, with a gate of its own


def memory(case):
    message, first = padded(WHOLE), []
    early, server = case.opened()
    early.sendall(message[:PART])
    case.ok(gate.wait_for(lambda: case.held(early) == PART, 5, 0.05), "half a message is held", case.held(early))
    alert = lambda e: own(e, "reason") == "limit.memory" and e["event_type"] == "alert"
    with contextlib.ExitStack() as stack:
        stack.enter_context(early)
        stack.enter_context(server)
        # Nobody else's half is finished: each takes 64 KiB, until there is no more.
        for number in range(400):
            client = stack.enter_context(case.connect(f"127.0.{10 + number // 200}.{1 + number % 200}"))
            client.sendall(message[:PART])
            first.append(client)
            if peer.ready([client], 0):
                break
        said = case.gate.wait_event(alert, 5)
        case.ok(said, f"{MEMORY_MIB} MiB are full of halves: an alert says limit.memory", len(first), *case.gate.events()[-1:])
        early.sendall(message[PART:])
        got = peer.receive(server, lambda b: len(b) >= len(message), 5)[0]
        case.ok(got == message, "who was there before still gets a message through", len(got))
        turned = next((c for c in first if said and c.getsockname()[1] == said["src_port"]), None)
        if turned:
            got, ended, _ = until_end(turned, 5)
            case.ok(ended, "whose bytes found no room is ended", got, ended)
            case.ended(turned, "limit.memory", "whose bytes found no room", forwarded=0)
            case.ok(first.index(turned) * 0x10000 > MEMORY_MIB << 19, "not before half of the memory was used", first.index(turned))
    case.ok(gate.wait_for(lambda: takes(case, "127.0.0.9"), 5), "and when they have gone there is room again")
    held = first.index(turned) if turned else len(first)  # who came later may have been turned away at once
    told = lambda: sum(e["event_type"] == "flow" or own(e, "flows") or 0 for e in case.gate.events()) >= held
    case.ok(gate.wait_for(told, 5, 0.1), "every flow has its event, or is counted as lost", *[e for e in case.gate.events() if own(e, "kind") == "lost"], len(first))


ALL = (lost, failover, connect, first, idle, age, slow, slow_enough, flows, source, held, plain)


def attempt(test, case):
    try:
        test(case)
    except (OSError, RuntimeError, AttributeError) as error:
        case.ok(False, f"{test.__name__}: the lab works", repr(error))


def run(scratch, tests, *options):
    """All of them at once, each with a service of its own, through one gate."""
    cases = {}
    for test in tests:
        name = test.__name__
        cases[test] = Case(name.replace("_", "-"), HOSTS.get(name, "live"), **SETTINGS.get(name, {}))
    for case in cases.values():
        case.port = slapd.free_port()  # when every server has its own
    text = gate.policy([case.service() for case in cases.values()], {"live": "127.0.0.1", **({"dead": DEAD, "deader": DEAD_TOO} if lost in tests else {})})
    running = Watched(scratch, text, options=options).start()
    threads = []
    for test, case in cases.items():
        case.gate = running
        threads.append(threading.Thread(target=attempt, args=(test, case), daemon=True))
        threads[-1].start()
    for thread in threads:
        thread.join(60)
    code = running.stop()
    for case in cases.values():
        case.server.close()
    return [check for case in cases.values() for check in case.checks] + [(code == 0 and not running.errors(), "the gate ends in order, with nothing to complain of", (code, running.errors()))]


def main():
    tap = Tap()
    if not gate.has("run"):
        tap.ok(False, "the program is built and has the verb run")
        return tap.done()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-limits-"))
    try:
        for checks in (run(scratch / "times", ALL), run(scratch / "memory", (memory,), "--memory", str(MEMORY_MIB))):
            for good, title, notes in checks:
                tap.ok(good, title, *notes)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

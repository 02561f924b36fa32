#!/usr/bin/env python3
"""Every vector through the running gate: what is lawful arrives whole, of what is refused no byte does, and each refusal leaves its event."""
import argparse
import collections
import concurrent.futures
import json
import pathlib
import queue
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "lab")]
import behind
import exchange
import gate
import peer
import slapd
from tap import Tap
from vector import Vector

TAP = Tap()
LANES = 12  # services with nothing set, so that as many vectors run at once
SIZES, TIMES = ("bytes",), ("ms",)
WAITS = {"ldap": ("ldap.wait",), "krb5": ("krb5.wait",), "dcerpc": ("dcerpc.wait",), "smb": ("smb.wait", "dcerpc.wait")}
UNSEEN = ("smb2.compressed", "dcerpc.ndr64", "dcerpc.unknown-interface", "dcerpc.sealed", "dcerpc.sealed-arguments")
SHOWN = 20


def units():
    """The unit of each limit."""
    done = subprocess.run([gate.PROGRAM, "protocols", "--json"], capture_output=True, text=True, check=True)
    return {limit["name"]: limit["unit"] for protocol in json.loads(done.stdout) for limit in protocol["limits"]}


def rules(vector, unit, protocol=None):
    """The policy a vector needs; waits are short, so that what waits for ever is refused while we look."""
    limits = dict(vector.limits)
    for name in WAITS.get(protocol or vector.protocol, ()):
        limits.setdefault(name, 200)
    lines = []
    for name, value in limits.items():
        lines.append(f"limit {name} {value}" + ("B" if unit[name] in SIZES else "ms" if unit[name] in TIMES else ""))
    lines += [f"tolerate {name} until {gate.FOREVER}" for name in vector.tolerances]
    return (*lines, *[f"allow {reason}" for reason in UNSEEN], *gate.EVERYTHING)


def kind_of(vector):
    """What tells the services apart that vectors need."""
    return vector.protocol, vector.datagram, vector.limits, vector.tolerances


class Lane:
    """One service and the peer behind it; only one vector at a time."""

    def __init__(self, name, vector, unit):
        protocol = vector.protocol
        self.peer = peer.Datagrams(protocol=protocol) if vector.datagram else peer.Stream()
        transport = "udp" if vector.datagram else "tcp"
        self.listen = ("127.0.0.1", slapd.free_port())
        self.service = gate.Service(
            name, self.listen, ("peer", self.peer.port), rules(vector, unit), (transport,), protocol, max_flows_per_source=64
        )


def lanes_for(vectors):
    """Lanes by what vectors need, and the policy of all of them."""
    unit, kinds = units(), collections.Counter(map(kind_of, vectors))
    first, lanes = {}, collections.defaultdict(list)
    for vector in vectors:
        first.setdefault(kind_of(vector), vector)
    for number, (kind, count) in enumerate(kinds.items()):
        for copy in range(min(LANES, max(1, count // 20))):
            lanes[kind].append(Lane(f"kind{number}-{copy}", first[kind], unit))
    services = [lane.service for some in lanes.values() for lane in some]
    return lanes, gate.policy(services, {"peer": "127.0.0.1"})


def source(number):
    """An address of its own for each vector: refusals of one source are summed up."""
    return f"127.{2 + number // 62500}.{number // 250 % 250}.{1 + number % 250}"


def play_all(vectors, lanes):
    """Outcomes by vector."""
    work, outcomes = collections.defaultdict(queue.SimpleQueue), {}
    for number, vector in enumerate(vectors):
        work[kind_of(vector)].put((number, vector))

    def run(lane, mine):
        while True:
            try:
                number, vector = mine.get_nowait()
            except queue.Empty:
                return
            try:
                outcomes[vector] = lane.peer.play(vector, lane.listen, source(number))
            except OSError as error:
                outcomes[vector] = out = peer.Outcome()
                out.problem = f"{type(error).__name__}: {error}"

    threads = [threading.Thread(target=run, args=(lane, work[kind])) for kind, some in lanes.items() for lane in some]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def stripped(data):
    """What a client got, without the answers the gate made itself."""
    while (mark := data.rfind(peer.MARK)) >= 0:
        start = data.rfind(b"\x30", 0, mark)
        while start >= 0 and not covers(data, start, mark):
            start = data.rfind(b"\x30", 0, start)
        if start < 0:
            return data
        data = data[:start] + data[start + 2 + data[start + 1] :]
    return data


def heard(vector, data):
    """The same of other protocols: nobody but the gate speaks behind a refused message of the client."""
    return data[: len(wanted(vector, "server"))] if vector.refused and vector.last == "client" else data


def begun(vector, up):
    """Commands before the refused one of a message of SMB 2 go on; the message never arrives whole."""
    before, last = wanted(vector, "client"), vector.messages[-1][1]
    return vector.protocol == "smb" and last[4:8] == b"\xfeSMB" and last[24:28] != bytes(4) and len(before) < len(up) < len(before) + len(last) and (before + last).startswith(up)


def covers(data, start, mark):
    """Whether the short SEQUENCE at `start` is an LDAPMessage that holds the mark: header, then an INTEGER."""
    return data[start + 1] < 0x80 and start + 2 + data[start + 1] > mark and data[start + 2] == 2


def wanted(vector, side):
    """What may arrive of a side's messages."""
    hello = peer.HELLO[side == "server"] if peer.needs_hello(vector) else b""
    return hello + b"".join(data for (who, _), data in zip(vector.messages, vector.arrivals()) if who == side)


def without_stand_in(vector, up):
    """What the server got, without the ECHO that takes the place of a denied request of SMB 2: the same MessageId and nothing of the request."""
    lawful, last = wanted(vector, "client"), vector.messages[-1][1]
    rest = up[len(lawful):]
    echo = len(rest) == 72 and rest[:8] == b"\0\0\0\x44\xfeSMB" and rest[16:18] == b"\x0d\0" and rest[68:] == b"\4\0\0\0"
    return lawful if echo and up.startswith(lawful) and rest[28:36] == last[28:36] else up


def judge(vector, out):
    """What is wrong with an outcome; '' when nothing is."""
    if out.problem:
        return out.problem
    up, down = out.got["server"], stripped(out.got["client"]) if vector.directory else heard(vector, out.got["client"])
    if not vector.directory and vector.refused and vector.last == "client" and begun(vector, up):
        up = up[: len(wanted(vector, "client"))]
    if vector.protocol == "smb" and vector.refused and vector.last == "client":
        up = without_stand_in(vector, up)
    for name, got, want in (("server", up, wanted(vector, "client")), ("client", down, wanted(vector, "server"))):
        if got != want:
            more = "MORE THAN IS LAWFUL" if got.startswith(want) else "not all" if want.startswith(got) else "something else"
            return f"the {name} got {len(got)} bytes, {len(want)} may arrive: {more}"
    return ""


def impossible(vector):
    """A server cannot begin: over UDP, where no question arrives there is nobody to answer."""
    sides = [side for side, _ in vector.messages]
    if not vector.directory and sides[0] == "server":
        return True  # nor does the gate dial before a client has spoken
    return vector.datagram and "server" in sides and not any(vector.arrivals()[: sides.index("server")])


def events_of(vectors, outcomes, events):
    """Refused vectors by what their events say: right, another reason, nothing."""
    by_client = collections.defaultdict(list)
    for event in gate.refusals(events):
        for end in ("src", "dest"):
            by_client[event.get(f"{end}_ip"), event.get(f"{end}_port")].append(gate.reason(event))
    told = collections.defaultdict(list)
    for number, vector in enumerate(vectors):
        said = by_client[source(number), outcomes[vector].port]
        if not vector.refused:
            told["spoken of though lawful" if said else "lawful"].append(f"{vector.name}: {said}")
        else:
            kind = "right" if vector.refused in said else "another" if said else "none"
            told[kind].append(f"{vector.name}: {vector.refused}, told {said}")
    return told


def through_peers(vectors, scratch):
    """All vectors between a scripted client and a scripted server."""
    lanes, text = lanes_for(vectors)
    running = gate.Gate(scratch / "peers", text).start()
    try:
        began = time.monotonic()
        outcomes = play_all(vectors, lanes)
        took = time.monotonic() - began
        refused = [v for v in vectors if v.refused]
        gate.wait_for(lambda: len(events_of(vectors, outcomes, running.events())["right"]) == len(refused), 3, 0.2)
        told = events_of(vectors, outcomes, running.events())
        TAP.ok(running.alive(), "the gate is still there")
    finally:
        code = running.stop()
        for some in lanes.values():
            for lane in some:
                lane.peer.close()
    TAP.ok(code == 0, "the gate stops in order", f"exit {code}", running.errors()[-2000:])
    bad = {v: judge(v, outcomes[v]) for v in vectors}
    for title, mine in (("no byte of a refused message gets through", refused), ("lawful messages arrive whole", [v for v in vectors if not v.refused])):
        wrong = [f"{v.name} ({v.refused or 'lawful'}): {bad[v]}" for v in mine if bad[v]]
        TAP.ok(not wrong, f"{title}: {len(mine) - len(wrong)} of {len(mine)} vectors", *wrong[:SHOWN])
    lost = told["another"] + told["none"]
    TAP.ok(not lost, f"each refusal leaves an event with its reason: {len(told['right'])} of {len(refused)}", *lost[:SHOWN])
    TAP.ok(not told["spoken of though lawful"], "nothing is said of lawful ones", *told["spoken of though lawful"][:SHOWN])
    print(f"# {len(vectors)} vectors through the gate: {took:.1f} s", flush=True)


def before_slapd(vectors, scratch):
    """Refused vectors of one message before a real server, recorded behind the gate. (Of several the server's answer would decide.)"""
    mine = [v for v in vectors if v.refused and v.protocol == "ldap" and not v.datagram and not v.limits and not v.tolerances and [s for s, _ in v.messages] == ["client"]]
    server = slapd.Slapd(scratch / "slapd")
    server.start()
    port = slapd.free_port()
    service = gate.Service("directory", ("127.0.0.1", port), ("peer", server.port), ("limit ldap.wait 200ms", *gate.EVERYTHING))
    recording = exchange.Tcpdump(server.port, scratch / "behind.pcap")
    try:
        if not recording.start():
            TAP.skip("nothing of refused messages reaches slapd", "no right to record on loopback")
            return
        running = gate.Gate(scratch / "gate", gate.policy([service], {"peer": "127.0.0.1"})).start()
        try:
            began = time.monotonic()
            with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
                list(pool.map(lambda one: behind.talk(one[1], ("127.0.0.1", port), source(one[0])), enumerate(mine)))
            took = time.monotonic() - began
        finally:
            running.stop()
            recording.stop()
        got = [stream for stream in behind.streams(scratch / "behind.pcap", server.port) if stream]
        want = [b"".join(v.arrivals()) for v in mine]
        strange = [f"{len(stream)} bytes: {stream[:40].hex()}" for stream in got if stream not in want]
        TAP.ok(not strange, f"nothing of {len(mine)} refused messages reaches slapd", *strange[:SHOWN])
        TAP.ok(len(got) == sum(map(bool, want)), "what stands before them does", len(got))
        TAP.ok(server.alive() and slapd.answers(server.port), "slapd lives")
        print(f"# {len(mine)} before slapd: {took:.1f} s", flush=True)
    finally:
        server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="*", help="vectors whose name fits this pattern")
    parser.add_argument("--sample", type=int, default=0, help="that many, chosen by the seed")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if not gate.has("run"):
        TAP.ok(False, "the program is built and has the verb run")
        return TAP.done()
    vectors = [v for v in Vector.matching(args.only) if not impossible(v)]
    if 0 < args.sample < len(vectors):
        vectors = random.Random(args.seed).sample(vectors, args.sample)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended all the same
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-vectors-"))
    try:
        through_peers(vectors, scratch)
        try:
            slapd.program("slapd")
        except FileNotFoundError as error:
            TAP.skip("nothing of refused messages reaches slapd", str(error))
        else:
            before_slapd(vectors, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return TAP.done()


if __name__ == "__main__":
    sys.exit(main())

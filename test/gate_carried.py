#!/usr/bin/env python3
"""What is refused of DCE/RPC over TCP is refused in every other carrier too: no last PDU completes behind the gate, and the event says why."""
import argparse
import collections
import concurrent.futures
import json
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "lab")]
import carried
import gate
import shared
import slapd
import smb_peer
from gate_vectors import rules, source, units
from tap import Tap
from vector import Vector

TAP = Tap()
LANES = 8
SHOWN = 20
FAMILIES = ("dcerpc.", "ndr.", "spnego.", "ntlmssp.", "krb5.", "negoex.", "auth.")
KNOWN = ROOT / "test" / "known-carried.tsv"  # reason, carrier or shape it cannot have, why

Case = collections.namedtuple("Case", "vector carrier shape session messages")


def carried_vectors(pattern):
    """Those of DCE/RPC over TCP that a reason of it, of its arguments or of its sign-on ends."""
    found = Vector.matching(pattern)
    return [v for v in found if v.protocol == "dcerpc" and not v.datagram and v.refused and v.refused.startswith(FAMILIES)]


def known():
    """(reason, carrier or shape) to why it is not carried so."""
    rows = shared.table(KNOWN, ("reason", "carrier", "why"))
    return {(row["reason"], row["carrier"]): row["why"] for row in rows}


def cases(vectors, left_out):
    """Every vector in every shape by every carrier, on both ports."""
    skipped = collections.Counter()
    for vector in vectors:
        for shape, change in carried.SHAPES.items():
            messages = change(vector.messages)
            for carrier in carried.CARRIERS if messages else ():
                if any((vector.refused, word) in left_out for word in (carrier, shape, "any")):
                    skipped[vector.refused] += 1
                    continue
                for session in (False, True):
                    yield Case(vector, carrier, shape, session, messages)
    if skipped:
        TAP.note(f"left out by {KNOWN.name}: {sum(skipped.values())} cases of {len(skipped)} reasons")


class Direct:
    """No gate: the server itself."""

    def __init__(self, port):
        self.port = port

    def of(self, vector):
        return "127.0.0.1", self.port


class Lanes:
    """One service for each set of limits and tolerances, all before the same server."""

    def __init__(self, vectors, port):
        unit, self.listen, self.services = units(), {}, []
        for vector in vectors:
            kind = (vector.limits, vector.tolerances)
            if kind not in self.listen:
                self.listen[kind] = ("127.0.0.1", slapd.free_port())
                lines = rules(vector, unit, "smb")
                self.services.append(gate.Service(
                    f"kind{len(self.services)}", self.listen[kind], ("peer", port), lines, protocol="smb", max_flows_per_source=64))

    def of(self, vector):
        return self.listen[vector.limits, vector.tolerances]


def play_all(found, lanes, scripts):
    def one(numbered):
        number, case = numbered
        try:
            return carried.play(case.messages, case.carrier, lanes.of(case.vector), source(number), scripts, case.session)
        except OSError as error:
            out = carried.Outcome()
            out.problem = f"{type(error).__name__}: {error}"
            return out

    with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
        return list(pool.map(one, enumerate(found)))


def judge(case, out):
    """What is wrong with an outcome; '' when nothing is."""
    if out.problem:
        return out.problem
    side, last = case.messages[-1]
    if side == "server":
        return "THE LAST ANSWER ARRIVED" if out.heard.endswith(last) else ""
    whole = b"".join(data for who, data in case.messages if who == "client")
    return "THE LAST MESSAGE ARRIVED WHOLE" if out.script and len(out.script.got) >= len(whole) else ""


def reasons_told(found, outcomes, events):
    """What events say of each case."""
    by_client = collections.defaultdict(list)
    for event in gate.refusals(events):
        for end in ("src", "dest"):
            by_client[event.get(f"{end}_ip"), event.get(f"{end}_port")].append(event)
    return [by_client[source(number), outcomes[number].port] for number in range(len(found))]


def flaws():
    """What each reason stands for."""
    done = subprocess.run([gate.PROGRAM, "reasons", "--json"], capture_output=True, text=True, check=True)
    return {row["id"]: row["flaws"] for row in json.loads(done.stdout)}


def report(found, outcomes, events):
    wrong, silent, unnamed = collections.defaultdict(list), collections.defaultdict(list), []
    names = flaws()
    for case, out, told in zip(found, outcomes, reasons_told(found, outcomes, events)):
        title = f"{case.vector.name} ({case.vector.refused}), {case.carrier}, {case.shape}, {139 if case.session else 445}"
        if bad := judge(case, out):
            wrong[case.carrier].append(f"{title}: {bad}")
        right = [event for event in told if gate.reason(event) == case.vector.refused]
        if not right:
            silent[case.carrier].append(f"{title}: told {[gate.reason(event) for event in told]}")
        elif any(flaw not in json.dumps(right[0]) for flaw in names.get(case.vector.refused, ())):
            unnamed.append(title)
    for carrier in carried.CARRIERS:
        mine = sum(case.carrier == carrier for case in found)
        if mine:
            TAP.ok(not wrong[carrier], f"{carrier}: nothing unlawful completes: {mine - len(wrong[carrier])} of {mine}", *wrong[carrier][:SHOWN])
            TAP.ok(not silent[carrier], f"{carrier}: events have the reason: {mine - len(silent[carrier])} of {mine}", *silent[carrier][:SHOWN])
    TAP.ok(not unnamed, "events name the flaws", *unnamed[:SHOWN])


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="*", help="vectors whose name fits this pattern")
    parser.add_argument("--sample", type=int, default=2000, help="that many cases (0: all), chosen by the seed")
    parser.add_argument("--direct", action="store_true", help="no gate: whether every last message arrives, as it must without one")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main():
    args = options()
    if not args.direct and not gate.has("run"):
        TAP.ok(False, "the program is built and has the verb run")
        return TAP.done()
    vectors = carried_vectors(args.only)
    found = list(cases(vectors, known()))
    if not found:
        TAP.ok(False, "there are vectors of DCE/RPC to carry")
        return TAP.done()
    if 0 < args.sample < len(found):
        found = random.Random(args.seed).sample(found, args.sample)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended all the same
    if args.direct:
        return directly(found)
    return through(vectors, found)


def directly(found):
    """Without a gate everything arrives: otherwise this test would show nothing."""
    scripts = carried.Scripts()
    server = smb_peer.Server(scripts.open_pipe).start()
    try:
        outcomes = play_all(found, Direct(server.port), scripts)
    finally:
        server.stop()
    lost = [f"{c.vector.name}, {c.carrier}, {c.shape}: {judge(c, o) or 'it did not arrive'}" for c, o in zip(found, outcomes) if "ARRIVED" not in judge(c, o)]
    TAP.ok(not lost, f"without a gate the last message arrives: {len(found) - len(lost)} of {len(found)}", *lost[:SHOWN])
    return TAP.done()


def through(vectors, found):
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-carried-"))
    scripts = carried.Scripts()
    server = smb_peer.Server(scripts.open_pipe).start()
    try:
        lanes = Lanes(vectors, server.port)
        running = gate.Gate(scratch / "gate", gate.policy(lanes.services, {"peer": "127.0.0.1"})).start()
        try:
            began = time.monotonic()
            outcomes = play_all(found, lanes, scripts)
            took = time.monotonic() - began
            gate.wait_for(lambda: all(reasons_told(found, outcomes, running.events())), 3, 0.5)
            events = running.events()
            TAP.ok(running.alive(), "the gate is still there")
        finally:
            code = running.stop()
        TAP.ok(code == 0, "the gate stops in order", f"exit {code}", running.errors()[-2000:])
        report(found, outcomes, events)
        print(f"# {len(found)} cases of {len(vectors)} vectors: {took:.1f} s", flush=True)
    finally:
        server.stop()
        shutil.rmtree(scratch, ignore_errors=True)
    return TAP.done()


if __name__ == "__main__":
    sys.exit(main())

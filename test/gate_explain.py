#!/usr/bin/env python3
"""`sallyport policy explain` predicts what the live gate does: 500 generated pairs of policy and message, TCP, UDP and behind StartTLS.

The facts that explain is told are those that `sallyport check` sees in the same bytes. Compared: verdict, reason, the deciding rule,
the watched rules, what reached the server, what came back. Usage: gate_explain.py [SEED [COUNT]]
"""
import concurrent.futures
import json
import pathlib
import random
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "lab")]
import answerer
import gate
import generate_policy as generate
import pcap
import peer
import slapd
import vector
from tap import Tap

SEED, COUNT, PER_GATE, THREADS = 1, 500, 100, 6
PAST = "2024-02-29"
ANSWERS = {**answerer.ANSWERS, 0x6C: 0x6D, 0x77: 0x78}
HELLO = bytes.fromhex("16030100310100002d0303") + bytes(32) + bytes.fromhex("000002c02b0100000200ff")[:11]
TEXT_MOST = 100  # check shows no more of a text
SAID = re.compile(r"^\S+?:(\d+): (?:block|pass|allow)(?: (\S+))? (decides|is watched.*)$", re.M)


def own(event, key):
    return (event.get("sallyport") or {}).get(key)


def answer_to(request):
    """Success, in the operation's own form; nothing where nothing is owed."""
    number, tag = answerer.number_and_tag(request)
    return b"\x30" + bytes([len(number) + 9]) + number + bytes([ANSWERS[tag], 7]) + bytes.fromhex("0a010004000400") if tag in ANSWERS else b""


class Case:
    """One policy, one message, from one source that nobody else is."""

    def __init__(self, number, dice, lawful):
        self.name, self.dice = f"s{number}", dice
        self.kind = dice.choice(("udp", "tls", *["tcp"] * 8))
        self.source = f"{dice.choice(generate.SOURCES)}.{number % PER_GATE + 1}"
        self.rules = generate.rules(dice, gate.FOREVER, PAST, self.kind == "tls")
        self.to = dice.choice(generate.TO)
        self.message = self._message(lawful)
        self.facts, self.got, self.back, self.port, self.dialled = {}, b"", b"", 0, False
        self.live_port, self.server, self.trouble = 0, None, ""

    def _message(self, lawful):
        if self.kind == "udp":
            return generate.ping(self.dice, self.dice.choice((1, 2, 7)))
        if self.kind == "tls":
            return answerer.message(1, answerer.tlv(0x77, answerer.tlv(0x80, generate.START_TLS.encode())))
        return self.dice.choice(lawful) if self.dice.random() < 0.4 else generate.request(self.dice)

    def service(self):
        transports = ("tcp", "udp") if self.kind == "udp" or self.dice.random() < 0.3 else ("tcp",)
        return gate.Service(self.name, ("127.0.0.1", self.live_port), (self.to, self.server.port), self.rules, transports)

    def play(self):
        """The message through the live gate, then the end; the server answers what reaches it."""
        if self.kind == "udp":
            return self._datagram()
        with socket.create_connection(("127.0.0.1", self.live_port), peer.PATIENCE, (self.source, 0)) as client:
            self.port = client.getsockname()[1]
            peer.send(client, self.message)
            if self.kind == "tls":
                return self._behind_tls(client)
            client.shutdown(socket.SHUT_WR)
            heard = peer.ready([client, self.server.listener], peer.PATIENCE)
            server = self.server.accept(0) if self.server.listener in heard else None
            if server:
                self.dialled = True
                with server:
                    self.got = peer.receive(server, lambda b: False, peer.PATIENCE)[0]
                    peer.send(server, answer_to(self.got) if self.got else b"")
                    server.shutdown(socket.SHUT_WR)
                    self.back = peer.receive(client, lambda b: False, peer.PATIENCE)[0]
            else:
                self.back = peer.receive(client, lambda b: False, peer.PATIENCE)[0]

    def _behind_tls(self, client):
        with self.server.accept(peer.PATIENCE) as server:
            self.dialled = True
            peer.receive(server, lambda b: len(b) >= len(self.message), peer.PATIENCE)
            peer.send(server, answer_to(self.message))
            peer.receive(client, lambda b: len(b) >= len(answer_to(self.message)), peer.PATIENCE)
            peer.send(client, HELLO)
            client.shutdown(socket.SHUT_WR)
            self.got = peer.receive(server, lambda b: False, peer.PATIENCE)[0]

    def _datagram(self):
        """Blocked ones leave nothing to wait for but their event; the gate's end settles the rest."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.bind((self.source, 0))
            client.connect(("127.0.0.1", self.live_port))
            self.port = client.getsockname()[1]
            client.send(self.message)
            if peer.ready([self.server.socket], peer.PATIENCE if self.told["verdict"] == "pass" else 0.05):
                self.got, at = self.server.socket.recvfrom(65536)
                self.dialled = True
                self.server.socket.sendto(answer_to(self.got), at)
                if peer.ready([client], peer.PATIENCE):
                    self.back = client.recv(65536)

    def expected_bytes(self):
        if self.told["verdict"] == "block":
            return b""
        if self.kind == "tls":
            return HELLO
        return b"" if vector.parts(self.message)[1] == vector.ABANDON else self.message  # nothing is outstanding that it could abandon


# ---- What is known before


def plain(case):
    """Whether its texts can be written on a command line as they are, and are shown whole."""
    for value in case.facts.values():
        if value is None or isinstance(value, str) and (len(value) > TEXT_MOST or not value.isascii() or not value.isprintable() or "\\" in value):
            return False
    return not {"none", "unknown"} & set(map(str, case.facts.values()))


def learn(cases, path):
    """The facts of each message, as check sees them in a capture of its own flow."""
    with open(path, "wb") as file:
        capture = pcap.Pcap(file)
        for number, case in enumerate(cases):
            flow = pcap.Flow(capture, ("10.0.0.1", 20000 + number), ("10.0.0.2", 389), 17 if case.kind == "udp" else 6)
            if case.kind == "udp":
                flow.datagram(pcap.CLIENT, case.message)
                continue
            flow.open()
            flow.send(pcap.CLIENT, case.message)
            flow.close()
    done = subprocess.run([gate.PROGRAM, "check", "--json", "--units", path], capture_output=True, text=True, check=False)
    seen = {}
    for line in done.stdout.splitlines():
        event = json.loads(line)
        protocol = event.get("event_type")
        if protocol in ("ldap", "cldap") and event["direction"] == "to_server":
            seen.setdefault(event["src_port"] - 20000, {name.removeprefix("ldap."): value for name, value in event[protocol].items()})
    for number, case in enumerate(cases):
        case.facts = seen.get(number)
    return [case for case in cases if case.facts is not None and plain(case)]


def lawful_requests():
    """One request each: from the vectors, those that pass by themselves."""
    found = vector.Vector.matching("*")
    return [v.messages[0][1] for v in found if not (v.refused or v.datagram or v.limits or v.tolerances) and len(v.messages) == 1 and v.last == "client"
            and len(v.messages[0][1]) < 8000 and len(vector.units(v.messages[0][1])) == 1 and generate.START_TLS.encode() not in v.messages[0][1]]


def compiles(services, where):
    """The policy's text without what it complains of: a rule that is never reached, a zone that is never used."""
    zones = "".join(f"zone {name} {{ {inside} }}\n" for name, inside in generate.ZONES.items())
    text = zones + gate.policy(services, generate.HOSTS)
    for _ in range(30):
        where.write_text(text)
        done = subprocess.run([gate.PROGRAM, "policy", "check", "--json", where], capture_output=True, text=True, check=False)
        wrong = {d["at"]["line"] for d in json.loads(done.stdout)[0]["diagnostics"] if d["severity"] == "error"}
        if not wrong:
            return text
        text = "".join(line for number, line in enumerate(text.splitlines(True), 1) if number not in wrong)
    raise RuntimeError(done.stdout[:3000])


FACTS = {}


def facts_of(protocol):
    """The names of all its facts."""
    if not FACTS:
        done = subprocess.run([gate.PROGRAM, "protocols", "--json"], capture_output=True, text=True, check=True)
        for one in json.loads(done.stdout):
            FACTS[one["name"]] = [fact["name"] for fact in one["facts"]]
    return FACTS[protocol]


def explain(case, policy):
    """What it says: the JSON, the deciding rule's id or number, and the watched rules'."""
    words = ["-s", case.name, "--from", case.source]
    if "{" not in case.to and case.dice.random() < 0.5:
        words += ["--to", generate.HOSTS[case.to]]
    if case.kind == "tls":
        words += ["--opaque", "opaque.tls"]
    else:
        words += ["--udp"] if case.kind == "udp" else []
        for name in facts_of("cldap" if case.kind == "udp" else "ldap"):
            words += ["--fact", f"{name}={case.facts.get(name.removeprefix('ldap.'), 'none')}"]
    command = [gate.PROGRAM, "policy", "explain", "--json", *words, policy]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"explain: {done.stderr}{done.stdout}")
    case.told, case.command = json.loads(done.stdout), command
    lines, deciders = policy.read_text().splitlines(), ("block", "pass", "allow")
    number = {}
    for at, line in enumerate(lines, 1):
        word = line.split()[0] if line.split() else ""
        count = 0 if word == "policy" and line.endswith("{") else count + 1 if word in deciders else count if at > 1 else 0
        number[at] = count
    said = [(id or f"#{number[int(line)]}", what) for line, id, what in SAID.findall(case.told["text"])]
    case.rule = next((rule for rule, what in said if what == "decides"), "default")
    case.watched = sorted(rule for rule, what in said if what != "decides")


# ---- What happened


def differences(case, events):
    """How the gate's doings differ from what explain said."""
    mine = [e for e in events if e.get("src_ip") == case.source and e.get("src_port") == case.port]
    stops = [e for e in mine if e["event_type"] == "alert" and own(e, "mode") == "enforce"]
    watched = sorted(own(e, "rule") for e in mine if e["event_type"] == "alert" and own(e, "mode") == "watch")
    logged = [own(e, "rule") for e in mine if own(e, "kind") == "rule"]
    told, wrong = case.told, []
    if case.kind == "tls":
        stops = [e for e in stops if own(e, "rule") != "begin"]
        logged = [rule for rule in logged if rule != "begin"]
    if case.got != case.expected_bytes():
        wrong.append(f"{len(case.got)} bytes reached the server, {len(case.expected_bytes())} should have")
    if told["verdict"] == "block":
        found = [(own(e, "reason"), own(e, "rule")) for e in stops]
        if found != [(told["reason"], case.rule)]:
            wrong.append(f"explain: {told['reason']} by {case.rule}; the gate: {found}")
        if stops and stops[0]["verdict"] != {"action": "drop", "reason": told["reason"]}:
            wrong.append(f"the verdict is {stops[0]['verdict']}")
    else:
        if stops:
            wrong.append(f"explain lets it pass by {case.rule}; the gate: {[(own(e, 'reason'), own(e, 'rule')) for e in stops]}")
        if logged != ([case.rule] if told["log"] else []):
            wrong.append(f"explain: log {told['log']} by {case.rule}; the gate logged {logged}")
        if case.kind == "tcp" and case.got and case.back != answer_to(case.message):
            wrong.append(f"the answer came back as {case.back.hex()}")
    if watched != case.watched:
        wrong.append(f"explain watches {case.watched}, the gate {watched}")
    return wrong, mine


def attempt(case):
    try:
        case.play()
    except (OSError, AttributeError) as error:
        case.trouble = repr(error)


def batch(dice, first, lawful, scratch):
    """One gate: [(case, what is wrong, its events)], [what the gate itself did wrong]."""
    cases = []
    while len(cases) < PER_GATE:
        fresh = [Case(first + len(cases) + n, dice, lawful) for n in range(PER_GATE - len(cases))]
        cases += learn(fresh, scratch / "messages.pcap")
        for number, case in enumerate(cases):
            case.name, case.source = f"s{first + number}", f"{case.source.rpartition('.')[0]}.{number + 1}"
    for case in cases:
        case.server = peer.Datagrams() if case.kind == "udp" else peer.Stream()
    taken = {case.server.port for case in cases}
    for case in cases:
        case.live_port = next(port for port in iter(slapd.free_port, 0) if port not in taken)
    text = compiles([case.service() for case in cases], scratch / "candidate.policy")
    running = gate.Gate(scratch / "gate", text).start()
    try:
        with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(lambda case: explain(case, running.policy), cases))
            list(pool.map(attempt, cases))
    finally:
        code = running.stop()
    events = running.events()
    for case in cases:
        case.server.close()
    complaints = [line for line in running.errors().splitlines() if line.startswith("sallyport:") or "Sanitizer" in line]
    own_wrong = [] if code == 0 and not complaints else [f"exit {code}", *complaints]
    own_wrong += [str(e) for e in events if own(e, "kind") in ("lost", "worker-crashed", "worker-hung", "liar", "unwritten")]
    return [(case, *differences(case, events)) for case in cases], own_wrong, text


def policy_of(case, text):
    return "\n}\n".join(part for part in text.split("\n}\n") if part.startswith((f"service {case.name} ", f"policy {case.name}-")))


def main():
    tap = Tap()
    if not gate.has("run"):
        tap.ok(False, "the program is built and has the verb run")
        return tap.done()
    seed, count = (int(sys.argv[n]) if len(sys.argv) > n else default for n, default in ((1, SEED), (2, COUNT)))
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-explain-"))
    dice, lawful, outcomes = random.Random(seed), lawful_requests(), {}
    try:
        for first in range(0, count, PER_GATE):
            (scratch / str(first)).mkdir()
            results, wrong, text = batch(dice, first, lawful, scratch / str(first))
            bad = [result for result in results if result[1]]
            notes = [note for case, what, events in bad[:5] for note in
                     (f"{case.name} {case.kind} {case.message.hex()}", *what, case.trouble, policy_of(case, text), *map(str, events))]
            tap.ok(not bad, f"seed {seed}, {len(results)} cases from {first} on: what explain says is what the gate does", f"{len(bad)} differ", *notes)
            tap.ok(not wrong, "and the gate has nothing to complain of", *wrong[:5])
            for case, _, _ in results:
                key = f"{case.kind} {case.told['verdict']} by {'a rule' if case.rule != 'default' else 'default'}"
                outcomes[key] = outcomes.get(key, 0) + 1
                outcomes["watched rules"] = outcomes.get("watched rules", 0) + len(case.watched)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    tap.note(", ".join(f"{key}: {n}" for key, n in sorted(outcomes.items())))
    tap.ok(min(outcomes.get(f"{kind} {verdict} by a rule", 0) for kind in ("tcp", "udp", "tls") for verdict in ("pass", "block")) > 0, "every kind was met")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

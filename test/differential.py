#!/usr/bin/env python3
"""Seeded mutants of real messages, judged by tshark and by sallyport: what we accept and it calls malformed must be explained."""
import argparse
import collections
import csv
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "lab")]
import conversations
import mutate
import pcap
import shared
from tap import Tap, skip_all

PROGRAM = pathlib.Path(os.environ.get("SALLYPORT", ROOT / "build" / "sallyport"))
KNOWN = ROOT / "test" / "known-differences.tsv"
BEFORE_MAX = 64 << 10  # bytes that may precede a mutant: longer conversations are cut
MESSAGES_MAX = 60
PER_FILE = 4000  # flows in one capture
GROUP_MALFORMED = "117440512"
FIELDS = ["frame.number", "ip.src", "ip.dst", "_ws.col.Protocol", "_ws.malformed", "_ws.expert.group", "_ws.expert.message"]
SERVER_PORT = {"ldap": 389, "smb": 445, "dcerpc": 135}
FOLDERS = {"ldap": ["ldap"], "smb": ["smb", "dcerpc"], "dcerpc": ["dcerpc"]}
CAPTURE_MAX = 8 << 20  # larger captures are left out
ACCEPTED, REFUSED, WAITS = "accepted", "refused", "waits for more"
TAP = Tap()


class Mutant:
    """A conversation up to a message, which is changed. `kind` None: it is not, as a control."""

    def __init__(self, protocol, number, seed, kind, datagram, before, side, data, original=b""):
        self.protocol, self.number, self.seed, self.kind, self.datagram = protocol, number, seed, kind, datagram
        self.before, self.side, self.data = before, side, data
        ldap = protocol == "ldap" and original
        self.where = "token" if ldap and mutate.only_token_differs(original, data) else "message"
        self.frame = 0  # of the changed message's first packet
        self.covered = [0, 0]
        self.refusals, self.tshark = [], []

    @property
    def client(self):
        n = self.number + 1
        return f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"

    def write(self, out):
        flow = pcap.Flow(out, (self.client, 40000), ("192.0.2.9", SERVER_PORT[self.protocol]), 17 if self.datagram else 6)
        if self.datagram:
            for side, data in self.before:
                flow.datagram(side, data)
            self.frame = flow.datagram(self.side, self.data)
            return
        flow.open()
        for side, data in self.before:
            flow.send(side, data)
        self.frame = flow.send(self.side, self.data)[0]
        flow.fin(self.side)

    def verdict(self):
        """Ours: accepted is that every byte of the changed side was in a lawful message."""
        if self.refusals:
            return REFUSED
        sent = sum(len(data) for side, data in self.before if side == self.side) + len(self.data)
        return ACCEPTED if self.covered[self.side] >= sent else WAITS


def benign_conversations(shared_folder, protocol):
    """Conversations of every capture of the protocol's that is not malformed by its label."""
    labels = shared.catalogue(shared_folder)
    for folder in FOLDERS[protocol]:
        for path in sorted((shared_folder / "corpus" / folder).iterdir()):
            fine = labels.get(f"{folder}/{path.name}", {}).get("label") != "malformed"
            if fine and path.suffix in {".pcap", ".pcapng", ".cap"} and path.stat().st_size <= CAPTURE_MAX:
                yield from conversations.read(path, conversations.SPEECHES[protocol])


def seeds_of(shared_folder, protocol):
    """[(seed number, datagram, messages)]: different conversations, cut where they grow long."""
    seeds, seen = [], set()
    for conversation in benign_conversations(shared_folder, protocol):
        messages, size = [], 0
        for side, data in conversation.messages:
            size += len(data)
            if size > BEFORE_MAX or len(messages) == MESSAGES_MAX:
                break
            messages.append((side, data))
        key = tuple(messages)
        if messages and key not in seen:
            seen.add(key)
            seeds.append((len(seeds), conversation.datagram, messages))
    return seeds


def kinds_of(protocol):
    reframe = conversations.SPEECHES[protocol].reframe
    return mutate.framed_kinds(reframe) if reframe else mutate.KINDS


def mutants_of(protocol, seeds, good, count, rng, first):
    """`good` says how many messages of a seed both sides judge alike: only those are changed."""
    usable = [s for s in seeds if good[s[0]]]
    kinds, made = kinds_of(protocol), []
    # Short conversations would drown long ones if seeds were drawn evenly.
    weights = [min(good[s[0]], 40) for s in usable]
    while len(made) < count and usable:
        seed, datagram, messages = rng.choices(usable, weights)[0]
        at = rng.randrange(good[seed])
        side, data = messages[at]
        following = next((d for s, d in messages[at + 1 :] if s == side), data)
        kind = list(kinds)[len(made) % len(kinds)]
        changed = kinds[kind](rng, data, following)
        if changed and changed != data and len(changed) < 60000:
            made.append(Mutant(protocol, first + len(made), seed, kind, datagram, messages[:at], side, changed, data))
    return made


def ask_tshark(path, by_client):
    """What tshark calls malformed, by packet."""
    command = ["tshark", "-n", "-r", path, "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=|"]
    command += [word for field in FIELDS for word in ("-e", field)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        raise RuntimeError(f"tshark failed: {done.stderr[-500:]}")
    for row in csv.reader(done.stdout.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        number, source, target, reader, malformed, groups, messages = (row + [""] * len(FIELDS))[: len(FIELDS)]
        if malformed or GROUP_MALFORMED in groups.split("|"):
            mutant = by_client.get(source) or by_client.get(target)
            if mutant:
                mutant.tshark.append((int(number), complaint(messages, malformed, reader)))


def complaint(messages, malformed, reader):
    """tshark's words without what they quote of the capture, and which of its readers said them."""
    said = [m for m in messages.split("|") if "BER" in m or "Malformed" in m or "bug" in m or "depth" in m.lower()]
    text = said[0] if said else malformed.split("|")[0] or messages.split("|")[0]
    words = re.sub(r"\s+", " ", re.sub(r"\d+", "N", re.sub(r'"[^"]*"', '"..."', text)))[:90].strip(" []")
    return f"{words} in {reader}"


def ask_sallyport(path, by_client):
    command = [PROGRAM, "check", "--json", "--units", path]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"sallyport exit {done.returncode}: {done.stderr[-500:]}")
    for line in done.stdout.splitlines():
        event = json.loads(line)
        mutant = by_client.get(event.get("src_ip")) or by_client.get(event.get("dest_ip"))
        if mutant is None:
            continue
        if event["event_type"] == "alert":
            mutant.refusals.append((event["pcap_cnt"], event["sallyport"]["reason"]))
        elif "bytes" in event:
            mutant.covered[event["direction"] == "to_client"] += event["bytes"]


def judge(mutants, scratch):
    for at in range(0, len(mutants), PER_FILE):
        part = mutants[at : at + PER_FILE]
        path = scratch / f"mutants-{at}.pcap"
        with open(path, "wb") as file:
            out = pcap.Pcap(file)
            for mutant in part:
                mutant.write(out)
        by_client = {mutant.client: mutant for mutant in part}
        ask_tshark(path, by_client)
        ask_sallyport(path, by_client)
        path.unlink()


def trusted(protocol, seeds, scratch):
    """How many messages from the start of each seed both accept unchanged."""
    tests = []
    for seed, datagram, messages in seeds:
        tests += [Mutant(protocol, len(tests) + i, (seed, i), None, datagram, messages[:i], *messages[i]) for i in range(len(messages))]
    judge(tests, scratch)
    good = dict.fromkeys((seed for seed, _, _ in seeds), 0)
    objections = 0
    for test in sorted(tests, key=lambda t: t.seed):
        seed, at = test.seed
        if good[seed] == at:
            fine = test.verdict() == ACCEPTED and not test.tshark
            good[seed] += fine
            objections += not fine
    return good, objections


def classify(mutants):
    """{(ours, tshark's): [mutant]}; tshark counts from the changed packet on."""
    classes = collections.defaultdict(list)
    for m in mutants:
        m.tshark = [(n, text) for n, text in m.tshark if n >= m.frame]
        classes[m.verdict(), "malformed" if m.tshark else "fine"].append(m)
    return classes


def print_table(title, head, rows):
    TAP.note(title)
    widths = [max(len(str(row[i])) for row in [head, *rows]) for i in range(len(head))]
    for row in [head, *rows]:
        TAP.note("  " + "  ".join(str(cell).ljust(w) for cell, w in zip(row, widths)).rstrip())


def report(protocol, classes):
    keys = [(REFUSED, "malformed"), (ACCEPTED, "fine"), (REFUSED, "fine"), (ACCEPTED, "malformed"), (WAITS, "fine"), (WAITS, "malformed")]
    rows = []
    for kind in kinds_of(protocol):
        rows.append([kind, *(sum(m.kind == kind for m in classes[key]) for key in keys)])
    rows.append(["all", *(len(classes[key]) for key in keys)])
    head = ["mutation", "both refuse", "both accept", "we refuse only", "tshark only", "we wait", "we wait, tshark malformed"]
    print_table(f"Classes of {protocol}", head, rows)
    only = collections.Counter(m.refusals[0][1] for m in classes[REFUSED, "fine"])
    print_table("We refuse only, by reason", ["reason", "mutants"], only.most_common())
    theirs = collections.Counter((m.where, m.tshark[0][1]) for m in classes[ACCEPTED, "malformed"])
    print_table("tshark only, by what was changed and what it says", ["changed", "it says", "mutants"],
                [[where, says, n] for (where, says), n in theirs.most_common()])


def is_explained(m, known):
    return any(row["protocol"] == m.protocol and row["changed"] == m.where and m.tshark[0][1].startswith(row["says"]) for row in known)


def explain(m):
    where = f"seed {m.seed}, message {len(m.before)}, from the {'server' if m.side else 'client'}, {len(m.data)} bytes"
    return f"{m.kind} ({where}): {m.tshark[0][1]}"


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--protocol", choices=SERVER_PORT, action="append", help="only this one [all]")
    parser.add_argument("--keep", type=pathlib.Path, help="write unexplained mutants here, a capture each")
    return parser.parse_args()


def compare(protocol, folder, args, known):
    """One protocol's mutants: those without an explanation."""
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-differential-"))
    try:
        seeds = seeds_of(folder, protocol)
        good, objections = trusted(protocol, seeds, scratch)
        TAP.ok(sum(good.values()) >= 50, f"{protocol}: {sum(good.values())} messages of {len(seeds)} conversations pass unchanged",
               f"only {sum(good.values())}; {objections} conversations end early")
        mutants = mutants_of(protocol, seeds, good, args.mutants, random.Random(args.seed), 1 << 16)
        judge(mutants, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    classes = classify(mutants)
    report(protocol, classes)
    TAP.ok(classes[REFUSED, "malformed"], f"{protocol}: mutants that both refuse exist")
    TAP.ok(classes[ACCEPTED, "fine"], f"{protocol}: mutants that both accept exist")
    odd = [m for m in classes[ACCEPTED, "malformed"] if not is_explained(m, known)]
    TAP.ok(not odd, f"{protocol}: {len(mutants)} mutants, none that we accept is malformed to tshark without an explanation",
           *map(explain, odd[:20]))
    return odd


def keep(folder, odd):
    folder.mkdir(parents=True, exist_ok=True)
    for mutant in odd:
        with open(folder / f"mutant-{mutant.protocol}-{mutant.number}.pcap", "wb") as file:
            mutant.write(pcap.Pcap(file))


def main():
    args = options()
    folder = shared.folder()
    if not PROGRAM.exists():
        TAP.ok(False, f"{PROGRAM.name} is built")
        return TAP.done()
    if not shutil.which("tshark"):
        if os.environ.get("SHARED_REQUIRED") == "1":
            TAP.ok(False, "tshark is installed")
            return TAP.done()
        skip_all("tshark is not installed")
    known = shared.table(KNOWN, ["protocol", "changed", "says", "justification"])
    for protocol in args.protocol or SERVER_PORT:
        odd = compare(protocol, folder, args, known)
        if args.keep:
            keep(args.keep, odd)
    return TAP.done()


if __name__ == "__main__":
    sys.exit(main())

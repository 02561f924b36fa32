#!/usr/bin/env python3
"""Real captures: benign flows pass or their refusal is defended, malformed ones are refused, and no file crashes the program."""
import collections
import contextlib
import gzip
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import shared
from tap import Tap

PLAIN = pathlib.Path(os.environ.get("SALLYPORT", shared.ROOT / "build" / "sallyport"))
ASAN = pathlib.Path(os.environ.get("SALLYPORT_ASAN", shared.ROOT / "build-asan" / "sallyport"))
KNOWN = shared.ROOT / "test" / "known-refusals.tsv"
COLUMNS = ["file", "reason", "clause", "sender", "tolerance", "defence"]
PASSES = shared.ROOT / "test" / "known-passes.tsv"
FOLDERS = ["ldap", "smb", "netbios", "dcerpc", "auth"]
CLEAN, FOUND, UNREADABLE = 0, 1, 2
CAPTURES = {".pcap", ".pcapng", ".cap"}
ZIPPED = ".gz"
BATCH, PATIENCE = 20, 120
PROTOCOLS = {"ldap", "cldap", "krb5", "krb5-udp", "smb", "dcerpc", "dcerpc-cl"}  # whose refusals are judged
SANITIZER = re.compile(r"(runtime error|AddressSanitizer|LeakSanitizer|UndefinedBehavior|SUMMARY: )")
TAP = Tap()


def check(program, files, *options):
    """(exit code, stdout, stderr); the code is a word when it was not an exit."""
    try:
        command = [program, "check", *options, "--", *files]
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return "hangs", "", ""
    code = done.returncode if done.returncode >= 0 else f"signal {-done.returncode}"
    return code, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def refusals(path, *options):
    """(exit code, [refusals]) of one capture; what could not be seen and what follows from another refusal is not one."""
    code, out, err = check(PLAIN, [path], "--json", *options)
    found = []
    for line in out.splitlines():
        event = json.loads(line)
        own = event.get("sallyport", {})
        if event.get("event_type") == "alert" and event.get("app_proto") in PROTOCOLS and own.get("class") != "opaque" and not own.get("consequence"):
            found.append(event)
    return code, found, err


def describe(event):
    own = event["sallyport"]
    return f"packet {event.get('pcap_cnt')}: {own['reason']} at {own.get('field', '?')} byte {own.get('offset', '?')} ({own.get('clause', '')})"


def known_refusals():
    """{file: {reason: tolerance}}"""
    known = collections.defaultdict(dict)
    for row in shared.table(KNOWN, COLUMNS):
        known[row["file"]][row["reason"]] = row["tolerance"]
    return known


def judge(path, name, label, known, passes):
    """One capture, by its label; `known` is {reason: tolerance} of this file, `passes` are malformed in what nobody here reads."""
    code, found, err = refusals(path)
    reasons = {event["sallyport"]["reason"] for event in found}
    if "unreadable" in known:
        TAP.ok(code == UNREADABLE and err, f"{name} cannot be read, and check says so", f"exit {code}", err)
        return
    TAP.ok(code in (CLEAN, FOUND), f"{name} is read", f"exit {code}", err[:2000])
    if label == "malformed" and name in passes:
        TAP.ok(not reasons, f"{name}, malformed where no recogniser looks, passes", *map(describe, found[:10]))
        return
    if label == "malformed":
        TAP.ok(reasons, f"{name}, malformed, is refused")
        TAP.note(f"{name}, malformed, is refused as " + ", ".join(sorted(reasons)))
        return
    new = [event for event in found if event["sallyport"]["reason"] not in known]
    but = f" but for {', '.join(sorted(known))}" if known else ""
    TAP.ok(not new, f"{name}, {label}, passes{but}", *map(describe, new[:10]))
    stale = sorted(set(known) - reasons)
    if known:
        TAP.ok(not stale, f"{name}: its known refusals still happen", f"they do not: {', '.join(stale)}")
    tolerances = sorted(set(known.values()) - {"-"})
    if tolerances:
        _, found, _ = refusals(path, *(word for t in tolerances for word in ("--tolerate", t)))
        TAP.ok(not found, f"{name} passes with --tolerate {' '.join(tolerances)}", *map(describe, found[:10]))


@contextlib.contextmanager
def plain(path):
    """The capture as check reads it: unpacked where it is zipped."""
    if path.suffix != ZIPPED:
        yield path
        return
    with tempfile.NamedTemporaryFile(suffix=".pcapng") as file:
        file.write(gzip.decompress(path.read_bytes()))
        file.flush()
        yield pathlib.Path(file.name)


def verdicts(corpus, catalogue):
    known = known_refusals()
    passes = {row["file"] for row in shared.table(PASSES, ["file", "why"])}
    for folder in FOLDERS:
        for path in sorted(p for p in (corpus / folder).iterdir() if p.suffix in CAPTURES | {ZIPPED}):
            name = f"{folder}/{path.name}"
            label = catalogue[name]["label"] if name in catalogue else "unlabelled"
            with plain(path) as readable:
                judge(readable, name, label, known.pop(name, {}), passes)
    TAP.ok(not known, "every known refusal names a capture that is there", *sorted(known))


# What an operator may forbid where nobody manages hosts from afar. Nothing here is about one of the captures.
CAUTIOUS = """
zone all { 0.0.0.0/0 ::/0 }
host any { address 192.0.2.1 }
service %(name)s { listen 192.0.2.9:%(port)s tcp
	to any
	protocol %(proto)s
	policy cautious }
policy cautious {
	block where dcerpc.interface in { svcctl winreg atsvc ITaskSchedulerService efsrpc spoolss samr drsuapi IWbemServices IWbemLevel1Login ISystemActivator IRemoteActivation } id "no-remote-control"%(shares)s
	allow opaque.sealed
	pass from all
}
"""
SHARES = """
	block where smb.share in { "ADMIN$" "C$" } id "no-administrative-shares\""""


def stopped_by_policy(path, scratch):
    """{rule: messages} that a cautious policy would stop in the file; what no rule allows is content that nobody can read."""
    stopped = collections.Counter()
    for name, port, proto, shares in (("files", 445, "smb", SHARES), ("rpc", 135, "dcerpc", "")):
        policy = scratch / f"{name}.policy"
        policy.write_text(CAUTIOUS % {"name": name, "port": port, "proto": proto, "shares": shares})
        code, out, err = check(PLAIN, [path], "--json", "--policy", policy, "--service", name)
        if code not in (CLEAN, FOUND):
            TAP.ok(False, f"{path.name} is read under a policy", f"exit {code}", err[:1000])
            continue
        for rule in json.loads(out.splitlines()[-1])["policy"]["rules"]:
            if rule["rule"]:
                stopped[rule["rule"]] += rule["denied"]
    return stopped


def attacks(corpus, catalogue):
    """Attacks are mostly lawful protocol: what grammar refuses, and what a policy would stop."""
    stopped, grammar, rest = 0, 0, []
    with tempfile.TemporaryDirectory() as name:
        for file, row in sorted(catalogue.items()):
            path = corpus / file
            if row["label"] != "attack" or path.parent.name not in FOLDERS or path.suffix not in CAPTURES:
                continue
            rules = stopped_by_policy(path, pathlib.Path(name))
            refused = {event["sallyport"]["reason"] for event in refusals(path)[1]}
            stopped += bool(rules)
            grammar += bool(refused)
            if not rules and not refused:
                rest.append(path.name)
            TAP.note(f"{file}: grammar {', '.join(sorted(refused)) or '-'}; policy {', '.join(f'{rule} {n}' for rule, n in sorted(rules.items())) or '-'}")
    TAP.ok(stopped and grammar, f"of the attacks grammar refuses {grammar}, a cautious policy stops {stopped}, neither sees {len(rest)}", *rest)


def is_healthy(code, err):
    return code in (CLEAN, FOUND, UNREADABLE) and not SANITIZER.search(err)


def survives(corpus, title, *options):
    """Every file, capture or not, in batches under the sanitizers; a batch that fails is run again file by file."""
    files = sorted(p for p in corpus.rglob("*") if p.is_file() and p.name != "CATALOGUE.tsv")
    sick = []
    for at in range(0, len(files), BATCH):
        batch = files[at : at + BATCH]
        code, _, err = check(ASAN, batch, "--json", "--units", *options)
        if is_healthy(code, err):
            continue
        for path in batch:
            code, _, err = check(ASAN, [path], "--json", "--units", *options)
            if not is_healthy(code, err):
                sick.append(f"{path.relative_to(corpus)}: exit {code}\n{err[:1500]}")
    captures = sum(p.suffix in CAPTURES for p in files)
    TAP.ok(not sick, f"{len(files)} files, {captures} of them captures, crash nothing{title}", *sick[:10])


def nonsense(corpus):
    """A file that is no capture is an error of usage, not a clean one."""
    path = next((corpus / "image").iterdir())
    code, _, err = check(PLAIN, [path])
    TAP.ok(code == UNREADABLE and err, "a file that is no capture is exit 2 and a sentence", f"exit {code}", err)
    code, _, err = check(PLAIN, [corpus / "no-such-file.pcap"])
    TAP.ok(code == UNREADABLE and err, "a file that is not there is exit 2 and a sentence", f"exit {code}", err)


def main():
    corpus = shared.folder() / "corpus"
    for program in (PLAIN, ASAN):
        if not TAP.ok(program.exists(), f"{program.parent.name}/{program.name} is built"):
            return TAP.done()
    verdicts(corpus, shared.catalogue(corpus.parent))
    attacks(corpus, shared.catalogue(corpus.parent))
    nonsense(corpus)
    survives(corpus, "")
    survives(corpus, " when every flow is read as the directory protocol", "--protocol", "ldap", "--protocol", "cldap")
    survives(corpus, " when every flow is read as file sharing", "--protocol", "smb")
    survives(corpus, " when every flow is read as RPC", "--protocol", "dcerpc", "--protocol", "dcerpc-cl")
    survives(corpus, " when every flow is read as Kerberos", "--protocol", "krb5", "--protocol", "krb5-udp")
    return TAP.done()


if __name__ == "__main__":
    sys.exit(main())

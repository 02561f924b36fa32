#!/usr/bin/env python3
"""`sallyport results`: every list as text and as JSON, exit codes, and what is asked wrongly."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from tap import Tap

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build")
CLEAN, FOUND, UNREADABLE = 0, 1, 2
TAP = Tap()


def results(*words):
    """(exit code, stdout, stderr)"""
    done = subprocess.run([BUILD / "sallyport", "results", *map(str, words)], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def lists(where):
    code, text, _ = results("hosts", "-r", where)
    rows = text.splitlines()
    TAP.ok(code == FOUND and len(rows) == 6, "five hosts below a head; exit 1 as one misses an update", text)
    TAP.ok(rows[1].split()[:4] == ["DC1", "assessed", "1", "0"], "who misses most comes first", rows[1])
    TAP.ok(rows[5].split()[:2] == ["W4", "gone"] and rows[4].split()[:2] == ["W3", "unreadable"], "gone ones come last", *rows[4:])
    code, text, _ = results("worst", "-r", where, "--limit", 1)
    TAP.ok(code == FOUND and re.search(r"^MS04-011  CVE-2003-0533  critical  1 .* 1970-01-01 00:16$", text, re.M), "the worst flaw, and since when", text)
    code, text, _ = results("host", "/fleet/w2.json", "-r", where)
    TAP.ok(code == CLEAN and text.count("cannot-tell") == 2, "a host by its file; exit 0 as nothing is missing", text)
    code, text, _ = results("runs", "-r", where)
    TAP.ok(code == CLEAN and len(text.splitlines()) == 7, "all runs", text)


def since(where):
    code, text, _ = results("changes", "-r", where)
    TAP.ok(code == FOUND and re.search(r"DC1 +MS04-011  CVE-2004-0120  missing +fixed +the key is there$", text, re.M), "a change with its sentence", text)
    code, text, _ = results("changes", "--since", "1970-01-02", "-r", where)
    TAP.ok(code == CLEAN and not text, "nothing changed since a later day", text)
    code, text, _ = results("changes", "--since", "1970-01-01", "--json", "-r", where)
    document = json.loads(text)
    TAP.ok(code == FOUND and [v["at"] for v in document["verdicts"]] == ["1970-01-01T00:33:20Z"] + ["1970-01-01T00:50:00Z"] * 2, "moments of JSON are in UTC", text)
    TAP.ok([h["state"] for h in document["hosts"]] == ["new", "new", "new", "unreadable", "gone"], "hosts that came, failed and went", text)


def documents(where):
    for words, count in ((["hosts"], 5), (["worst"], 1), (["host", "DC1"], 2), (["host", "dc1"], 2), (["runs"], 6)):
        _, text, _ = results(*words, "-r", where, "--json")
        TAP.ok(len(json.loads(text)) == count, f"{words[0]} --json has {count}", text)


def mistakes(where, scratch):
    cases = [
        ([], "which: hosts, worst, changes, host or runs?"),
        (["hosts"], "--results is missing"),
        (["host", "-r", where], "which host?"),
        (["hotss", "-r", where], "did you mean hosts?"),
        (["hosts", "more", "-r", where], '"more" is one word too many'),
        (["changes", "-r", where, "--since", "2026-02-31"], "--since wants a day"),
        (["changes", "-r", where, "--since", "yesterday"], "--since wants a day"),
        (["worst", "-r", where, "--limit", "0"], "--limit wants a number"),
        (["worst", "-r", where, "--limit", "-1"], "--limit wants a number"),
        (["hosts", "-r", where, "--limit", "3"], "--limit is not for results hosts, but for worst"),
        (["worst", "-r", where, "--since", "2026-02-01"], "--since is not for results worst, but for changes"),
        (["host", "NOBODY", "-r", where], 'nothing is kept of a host "NOBODY"'),
        (["hosts", "-r", scratch / "none.db"], "No such file or directory"),
        (["hosts", "-r", "host=/nowhere dbname=x"], "/nowhere"),
        (["hosts", "-r", scratch / "text.db"], "file is not a database"),
    ]
    (scratch / "text.db").write_text("no database\n" * 500)
    for words, complaint in cases:
        code, text, error = results(*words)
        TAP.ok(code == UNREADABLE and complaint in error and not text, f"results {' '.join(str(w) for w in words if w != where)}: {complaint}", code, text, error)


def main():
    with tempfile.TemporaryDirectory() as name:
        where = pathlib.Path(name) / "fleet.db"
        made = subprocess.run([BUILD / "test" / "test_results", "make", where], capture_output=True, text=True, check=False)
        if TAP.ok(made.returncode == 0, "there are results", made.stdout, made.stderr):
            lists(where)
            since(where)
            documents(where)
            mistakes(where, pathlib.Path(name))
    sys.exit(TAP.done())


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""The real listings of hosts against truth that was read by hand; and the same listings in other encodings, cut short, and damaged."""
import pathlib
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import shared
from tap import Tap

BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else shared.ROOT / "build")
SHOW = BUILD / "test" / "listing_show"
HOSTS = shared.folder() / "hosts" / "systeminfo"
TRUTH = shared.ROOT / "test" / "listings.tsv"
ROWS = shared.ROOT / "test" / "listing_rows.tsv"
COLUMNS = "file host product family version pack arch edition role language encoding truncated scopes updates first last".split()
ARCHES = {"-": 0, "x86": 1, "x64": 2}
EDITIONS = {"-": 0, "professional": 2, "server": 4}
TAP = Tap()


def show(paths):
    """[({name: value}, [update], [(what, text)])] of files, and what went wrong: one process for all, since starting one is slow."""
    done = subprocess.run([SHOW, "listing", *paths], capture_output=True, timeout=250, check=False)
    found = []
    for line in done.stdout.decode(errors="replace").split("\n"):
        cells = line.split("\t") + ["", ""]
        if cells[0] == "file":
            found.append(({}, [], []))
        elif cells[0] == "update":
            found[-1][1].append(cells[1:6])
        elif cells[0] == "note":
            found[-1][2].append((cells[1], cells[2]))
        elif found and cells[1]:
            found[-1][0][cells[0]] = cells[1]
    fault = done.stderr.decode(errors="replace") if done.returncode not in (0, 1) or done.stderr else ""
    if not fault and len(found) != len(paths):
        fault = f"{len(found)} answers for {len(paths)} files"
    return found, fault


def written(folder, contents):
    """Files of these contents."""
    paths = [folder / f"listing-{i}" for i in range(len(contents))]
    for path, content in zip(paths, contents):
        path.write_bytes(content)
    return paths


def wanted(row):
    same = {name: row[name] for name in ("host", "product", "family", "version", "pack", "role", "language", "truncated", "scopes")}
    return {**same, "arch": str(ARCHES[row["arch"]]), "edition": str(EDITIONS[row["edition"]])}


def differences(row, facts, updates, notes):
    told = [text for what, text in notes if what in ("encoding.read", "encoding.mixed")]
    got = {**facts, "updates": str(len(updates)), "first": updates[0][0], "last": updates[-1][0], "encoding": told[0] if len(told) == 1 else told}
    want = {**wanted(row), "updates": row["updates"], "first": row["first"], "last": row["last"], "encoding": f"The text is read as {row['encoding']}."}
    return [f"{name}: got {got.get(name)!r}, want {want[name]!r}" for name in want if got.get(name) != want[name]]


def recognised(rows, known):
    found = sorted(p.name for p in HOSTS.iterdir())
    TAP.ok(found == sorted(row["file"] for row in rows), "every listing has a row of truth", str(found))
    for row in rows:
        facts, updates, notes = known[row["file"]]
        TAP.ok("refused" not in facts, f"{row['file']} is read", facts.get("refused", ""))
        faults = differences(row, facts, updates, notes) if updates else ["no updates"]
        TAP.ok(not faults, f"{row['file']}: every field is right", *faults)
        cut = any(what == "updates.truncated" for what, _ in notes)
        TAP.ok(cut == (row["truncated"] == "yes"), f"{row['file']}: the note of a list that ends early is there just when it does", str(notes))


def single_rows(known):
    for row in shared.table(ROWS, ["file", "id", "kb", "day", "under", "line"]):
        updates = known[row["file"]][1]
        want = [row["id"], row["kb"], row["day"], "" if row["under"] == "-" else row["under"], row["line"]]
        TAP.ok(want in updates, f"{row['file']} has {row['id']}", f"want {want}", *(str(u) for u in updates if u[0] == row["id"]))


CHANGES = [("utf-16-le", b""), ("utf-16-le", b"\xff\xfe"), ("utf-16-be", b""), ("utf-16-be", b"\xfe\xff"), ("utf-8", b"\xef\xbb\xbf")]
# The code pages that consoles and files of these languages have.
PAGES = {"de": ["cp850", "cp1252"], "fr": ["cp850", "cp1252"], "ru": ["cp866", "cp1251"], "zh-cn": ["cp936"]}


def other_encodings(rows, known, folder):
    """The facts do not change with the encoding, and a code page is told by the words."""
    cases = []
    for row in rows:
        if "," in row["encoding"]:
            continue
        text = (HOSTS / row["file"]).read_bytes().decode({"code page 936": "gbk", "UTF-16LE": "utf-16"}.get(row["encoding"], "utf-8"))
        cases += [(row["file"], codec, mark + text.encode(codec)) for codec, mark in CHANGES]
        cases += [(row["file"], page, text.encode(page, errors="replace")) for page in PAGES.get(row["language"], [])]
    found, fault = show(written(folder, [content for _, _, content in cases]))
    TAP.ok(not fault, "listings in other encodings are read", fault)
    for (name, codec, content), (facts, updates, notes) in zip(cases, found):
        plain, before, _ = known[name]
        differ = [f"{k}: {facts.get(k)} for {plain[k]}" for k in plain if facts.get(k) != plain[k]]
        TAP.ok(not differ and updates == before and "encoding.guessed" not in [what for what, _ in notes],
               f"{name} as {codec} ({content[:2].hex()}) has the same facts", *differ, str(notes))


def cut_short(rows, folder):
    """No listing that ends early is taken for complete, and none ends the program."""
    for row in rows:
        content = (HOSTS / row["file"]).read_bytes()
        sizes = range(0, len(content), max(len(content) // 50, 1))
        found, fault = show(written(folder, [content[:size] for size in sizes]))
        TAP.ok(not fault, f"{row['file']} may end anywhere", fault[-1000:])
        complete = [
            (size, len(updates)) for size, (facts, updates, _) in zip(sizes, found)
            if "systeminfo" in row["file"] and facts.get("truncated") == "no" and len(updates) != int(row["updates"])
        ]
        TAP.ok(not complete, f"{row['file']}: a list that was cut is not called complete", *(str(c) for c in complete[:5]))


def damaged(rows, folder):
    chance = random.Random(5)
    contents = []
    for number in range(150):
        content = bytearray((HOSTS / rows[number % len(rows)]["file"]).read_bytes())
        for _ in range(chance.randrange(1, 40)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        contents.append(content)
    found, fault = show(written(folder, contents))
    TAP.ok(not fault, "150 damaged listings give facts or a sentence", fault[-1000:])
    TAP.ok(all(facts.get("refused") or facts.get("host") for facts, _, _ in found), "each of them the one or the other")


def main():
    rows = shared.table(TRUTH, COLUMNS)
    found, fault = show([HOSTS / row["file"] for row in rows])
    if not TAP.ok(not fault, "the listings are read", fault):
        return TAP.done()
    known = {row["file"]: facts for row, facts in zip(rows, found)}
    recognised(rows, known)
    single_rows(known)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        other_encodings(rows, known, folder)
        cut_short(rows, folder)
        damaged(rows, folder)
    return TAP.done()


if __name__ == "__main__":
    sys.exit(main())

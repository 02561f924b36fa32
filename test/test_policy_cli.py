#!/usr/bin/env python3
"""`sallyport policy`, end to end: exit codes, JSON, fmt in place, explain, places as an editor wants them."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from tap import Tap

PROGRAM = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else HERE.parent / "build") / "sallyport"
TAP = Tap()

GOOD = """zone office { 10.1.0.0/16 }
host dc1 { address 10.9.0.10; os "Windows 2000 Server SP4" }

service directory {
	listen   0.0.0.0:389 tcp udp
	to       dc1
	protocol ldap
	policy   directory-use
}

policy directory-use {
	block where ldap.filter.depth > 16 watch until 2027-01-31 id "deep-filter"
	pass from office where ldap.op in { bind search unbind abandon }
	tolerate ldap.ber.boolean from office until 2027-03-01
	default block
}
"""
UGLY = GOOD.replace("\t", "  ").replace("pass from", "pass   from").replace("\n\n", "\n\n\n")
BAD = GOOD.replace("to       dc1", "to       dc2").replace("ldap.op", "ldap.opp")
ARGS = ("--today", "2026-11-20")


def run(*words, stdin=None):
    """(exit code, stdout, stderr)"""
    done = subprocess.run([str(PROGRAM), "policy", *map(str, words)], input=stdin, capture_output=True, timeout=60, check=False, text=True)
    return done.returncode, done.stdout, done.stderr


def check(folder):
    path = folder / "good.policy"
    code, out, _ = run("check", *ARGS, path)
    TAP.ok(code == 0 and out.startswith(f"{path}: good: 1 service, 2 listeners"), "a good policy: exit 0", out)
    code, out, _ = run("check", "--today", "2027-02-01", path)
    TAP.ok(code == 0 and "warning: this watch has ended" in out, "an ended watch is a warning: exit 0", out)
    bad = folder / "bad.policy"
    code, out, _ = run("check", *ARGS, bad)
    TAP.ok(code == 1 and out.count("did you mean") == 2, "both errors at once: exit 1", out)
    TAP.ok(f"{bad}:6:11-13: error: there is no host \"dc2\"" in out, "places begin with the path as it was given", out)
    code, out, _ = run("check", "--json", *ARGS, path, bad)
    got = json.loads(out)
    TAP.ok(code == 1 and [f["ok"] for f in got] == [True, False] and got[1]["errors"] == 2, "JSON of two files", out)
    size = (got[0]["services"], got[0]["listeners"], len(got[0]["revision"]))
    TAP.ok(size == (1, 2, 16) and "revision" not in got[1], "JSON of a good policy has its size and revision", out)
    for words, said in ((("check", "--fact", "ldap.op=add", path), "--fact is not for policy check, but for explain"), (("check", "-w", path), "--write is not for policy check"),
                        (("fmt", "--json", path), "--json is not for policy fmt, but for check and explain")):
        code, out, err = run(*words)
        TAP.ok(code == 2 and said in err and not out, f"an option of another verb: {said}", code, out, err)
    TAP.ok(got[1]["diagnostics"][0]["at"] == {"file": str(bad), "line": 6, "column": 11, "end": 13}, "JSON places")
    odd = folder / os.fsdecode(b"odd\xff\x1b.policy")
    odd.write_text('host h { address 10.0.0.1; os "W\\x80\\x1b" }\n')
    code, out, _ = run("check", "--json", *ARGS, odd)
    got = json.loads(out)
    TAP.ok(code == 1 and got[0]["errors"] == len(got[0]["diagnostics"]) == 2 and '"W??"' in got[0]["diagnostics"][1]["text"],
           "bytes that are no UTF-8, in a string or a file's name, leave nothing out of JSON", out)
    odd.unlink()
    odd = folder / "notepad.policy"
    odd.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    code, out, _ = run("check", odd)
    TAP.ok(code == 1 and "save it as UTF-8 without one" in out, "a byte order mark: what to do", out)
    odd.unlink()
    code, _, err = run("check", folder / "nothing")
    TAP.ok(code == 2 and "No such file" in err, "a missing file: exit 2", err)
    code, out, err = run("check", folder)
    TAP.ok(code != 0 and "Is a directory" in out + err, "a folder: said to be one", code, out, err)
    code, _, err = run("chekc", path)
    TAP.ok(code == 2 and "did you mean check" in err, "an unknown verb: exit 2", err)
    TAP.ok(run()[0] == 2 and run("check")[0] == 2 and run("check", "--today", "soon", path)[0] == 2, "usage: exit 2")


def fmt(folder):
    path = folder / "ugly.policy"
    os.chmod(path, 0o640)
    code, out, _ = run("fmt", path)
    TAP.ok(code == 0 and out == GOOD and path.read_text() == UGLY, "fmt prints and leaves the file", out)
    code, out, _ = run("fmt", "-", stdin=UGLY)
    TAP.ok(code == 0 and out == GOOD, "fmt of standard input", out)
    code, out, _ = run("fmt", "--write", path)
    TAP.ok(code == 0 and not out and path.read_text() == GOOD and path.stat().st_mode & 0o777 == 0o640, "fmt --write, the mode kept", out)
    before = path.stat().st_ino
    run("fmt", "--write", path)
    TAP.ok(path.stat().st_ino == before, "a canonical file is not written again")
    broken = folder / "broken.policy"
    broken.write_text("zone {")
    code, _, err = run("fmt", "--write", broken)
    TAP.ok(code == 1 and broken.read_text() == "zone {" and "does not parse" in err, "what does not parse is left alone", err)


def explain(folder):
    path = folder / "good.policy"
    code, out, _ = run("explain", *ARGS, "-s", "directory", "--from", "10.1.2.3", "-f", "ldap.op=search", "--fact", "ldap.filter.depth=3", path)
    TAP.ok(code == 0 and f"{path}:13: pass decides" in out, "explain finds the rule", out)
    code, out, _ = run("explain", "--json", *ARGS, "-s", "directory", "--from", "10.2.2.3", "--udp", path)
    got = json.loads(out)
    TAP.ok(code == 0 and got["verdict"] == "block" and got["rule"] == 0 and got["reason"] == "policy.denied" and got["watched"], "explain as JSON", out)
    code, out, _ = run("explain", *ARGS, "-s", "directory", "--from", "10.1.2.3", "--opaque", "opaque.sealed", path)
    TAP.ok(code == 0 and "the event says opaque.sealed" in out, "explain of unseen content", out)
    for words in (["-s", "dir", "--from", "10.1.2.3"], ["-s", "directory", "--from", "x"], ["-s", "directory"], ["--from", "10.1.2.3"],
                  ["-s", "directory", "--from", "10.1.2.3", "-f", "ldap.op=serch"], ["-s", "directory", "--from", "10.1.2.3", "-f", "a=b"]):
        code, out, err = run("explain", *words, path)
        TAP.ok(code == 2 and err.startswith("sallyport: ") and not out, "explain " + " ".join(words) + ": exit 2", err)
    TAP.ok(run("explain", "-s", "directory", "--from", "10.1.2.3", folder / "bad.policy")[0] == 1, "explain of a bad policy: exit 1")


def manual(folder):
    """The example of doc/policy.md about SMB and RPC, as far as this build speaks them."""
    text = (HERE.parent / "doc" / "policy.md").read_text().partition("## A file server")[2].split("```")[1]
    protocols = json.loads(subprocess.run([PROGRAM, "protocols", "--json"], capture_output=True, text=True, check=True).stdout)
    words = {word for p in protocols for fact in p["facts"] if fact["name"] == "dcerpc.interface" for word in fact["type"].split()}
    if not {"smb"} <= {p["name"] for p in protocols}:
        TAP.skip("the example of files and RPC", "this build has no smb")
        return
    if "dcerpc" not in {p["name"] for p in protocols}:
        text = text.replace("protocol dcerpc", "protocol smb")
    if "svcctl" not in words:
        text = text.replace("svcctl", "other")
    path = folder / "files.policy"
    path.write_text(text)
    code, out, err = run("check", *ARGS, path)
    TAP.ok(code == 0, "the example of files and RPC compiles", out, err)
    asked = {"smb.dialect": "3.1.1", "smb.identity": "user", "smb.access": "none", "smb.path": "none", "smb.share": "none", "smb.pipe": "none",
             "dcerpc.interface": "none", "ntlmssp.domain": "none"}
    seen = ({}, 0, "pass decides"), ({"smb.dialect": "nt1", "smb.op": "create"}, 0, "block no-smb1 decides"), \
        ({"smb.share": "ipc$", "smb.pipe": "spoolss"}, 0, "block no-printing decides"), \
        ({"smb.path": "new\\A.EXE", "smb.access": "write"}, 0, "block no-programs is watched"), \
        ({"ntlmssp.domain": "WORKGROUP"}, 0, "block not-ours decides")
    for change, wanted, sentence in seen:
        facts = [word for name, value in {**asked, **change}.items() for word in ("-f", f"{name}={value}")]
        code, out, err = run("explain", *ARGS, "-s", "shares", "--from", "10.1.2.3", *facts, path)
        TAP.ok(code == wanted and sentence in out, f"explain of {change or 'a lawful message'}: {sentence}", out, err)
    code, out, _ = run("explain", *ARGS, "-s", "shares", "--from", "10.1.2.3", "-f", "smb.dialect=3.1.1", "-f", "smb.op=sealed", "--opaque", "opaque.sealed", path)
    TAP.ok(code == 0 and "allow decides" in out and out.strip().endswith("pass"), "explain of an encrypted message", out)
    path.write_text(text.replace("ntlmssp.domain", "ntlmsp.domain").replace("dcerpc.fragments", "dcerpc.fragmens")
                    .replace("limit", "watch nbss.typ until 2027-01-01\n\twatch nbss.type until 2027-01-01\n\tlimit"))
    code, out, _ = run("check", *ARGS, path)
    meant = ("ntlmssp.domain", "dcerpc.fragment", "nbss.type")
    TAP.ok(code == 1 and all(f'did you mean "{word}"?' in out for word in meant) and out.count(": error: ") == 3,
           "names of the protocols inside SMB are meant like its own", out)


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for file, text in (("good", GOOD), ("bad", BAD), ("ugly", UGLY)):
            (folder / f"{file}.policy").write_text(text)
        check(folder)
        fmt(folder)
        explain(folder)
        manual(folder)
    return TAP.done()


if __name__ == "__main__":
    sys.exit(main())

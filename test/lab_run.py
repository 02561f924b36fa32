#!/usr/bin/env python3
"""The lab as people meet it: `lab/run` by itself, as an ordinary user, until Ctrl-C; and `lab/run --check`."""
import os
import pathlib
import pty
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "lab")]
import gate
import slapd
import smbd
from tap import Tap, skip_all

TAP = Tap()
NOBODY = 65534
WANTED = {
    "a search": "$ ldapsearch",
    "a write": "$ ldapdelete",
    "a malformed message": "probe directory" if gate.has("probe") else "send-vector",
    "files": "$ smbclient",
    "calls over a pipe": "$ rpcclient",
    "an operation nobody needs": "send-dssetup",
    "the gate's word about the write": "no-writes",
}


if smbd.why_not():
    WANTED = {what: words for what, words in WANTED.items() if not any(name in words for name in ("smbclient", "rpcclient", "dssetup"))}


def environment(scratch, **more):
    kept = {name: value for name, value in os.environ.items() if name not in ("LAB_ONCE", "LAB_KEEP")}
    return dict(kept, TMPDIR=str(scratch), PYTHONDONTWRITEBYTECODE="1", **more)


def left(scratch):
    """Processes that still name the scratch folder, and what is in it."""
    found = []
    for file in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(scratch) in words:
            found.append(words)
    return found + [str(p) for p in scratch.iterdir()]


def once(title, scratch, words=(), **more):
    """A run that must end by itself, and well."""
    began = time.monotonic()
    done = subprocess.run(
        [ROOT / "lab" / "run", *words, gate.PROGRAM], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
        env=environment(scratch), timeout=180, check=False, **more,
    )
    print(f"# {title}: {time.monotonic() - began:.1f} s", flush=True)
    TAP.ok(done.returncode == 0, f"{title}: ends by itself, and well", f"exit {done.returncode}", done.stdout, done.stderr)
    TAP.ok(not left(scratch), f"{title}: leaves nothing behind", *left(scratch))
    return done.stdout


def by_itself(title, scratch, **more):
    said = once(title, scratch, **more)
    for what, words in WANTED.items():
        TAP.ok(words in said, f"{title}: shows {what}", said)
    TAP.ok(said.count("event: ") >= (3 if smbd.why_not() else 6), f"{title}: shows the events they leave", said)


def as_nobody(scratch):
    """Without rights of any kind, with a scratch folder of its own."""
    title = "as an ordinary user"
    if os.geteuid() != 0:
        TAP.skip(title, "that is what we are")
        return
    # A copy: folders above ours may be closed to others.
    tree = scratch / "tree"
    for name in ("lab", "tools", "proto"):
        shutil.copytree(ROOT / name, tree / name)
    shutil.copy(gate.PROGRAM, tree / "sallyport")
    own = scratch / "own"
    own.mkdir()
    os.chmod(scratch, 0o755)
    os.chown(own, NOBODY, NOBODY)
    done = subprocess.run(
        [tree / "lab" / "run", tree / "sallyport"], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
        env=environment(own, HOME=str(own)), timeout=180, check=False, user=NOBODY, group=NOBODY, extra_groups=[], cwd=tree,
    )
    TAP.ok(done.returncode == 0, f"{title}: ends by itself, and well", f"exit {done.returncode}", done.stdout, done.stderr)
    for what, words in WANTED.items():
        TAP.ok(words in done.stdout, f"{title}: shows {what}", done.stdout)
    TAP.ok(not left(own), f"{title}: leaves nothing behind", *left(own))


def until_stopped(scratch):
    """With a terminal it stays; Ctrl-C ends all of it."""
    ours, theirs = pty.openpty()
    log = scratch.parent / "stays.log"
    with open(log, "wb") as file:
        running = subprocess.Popen(
            [ROOT / "lab" / "run", gate.PROGRAM], stdin=theirs, stdout=file, stderr=subprocess.STDOUT, env=environment(scratch), start_new_session=True
        )
    stays = gate.wait_for(lambda: "Your turn" in log.read_text(errors="replace") or running.poll() is not None, 90, 0.1)
    TAP.ok(stays and running.poll() is None, "with a terminal: it stays", log.read_text(errors="replace"))
    if running.poll() is None:
        running.send_signal(signal.SIGINT)
    try:
        code = running.wait(30)
    except subprocess.TimeoutExpired:
        running.kill()
        code = running.wait()
    os.close(ours)
    os.close(theirs)
    TAP.ok(code == 0, "with a terminal: Ctrl-C ends it in order", f"exit {code}", log.read_text(errors="replace"))
    TAP.ok(not left(scratch), "with a terminal: and leaves nothing behind", *left(scratch))


def main():
    try:
        slapd.program("slapd")
    except FileNotFoundError as error:
        skip_all(str(error))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended all the same
    # Nobody must look in, and paths of control sockets must not grow too long; the file server passes through as somebody else.
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-run-", dir="/tmp"))
    scratch.chmod(0o711)
    folder = scratch / "tmp"
    folder.mkdir()
    try:
        said = once("lab/run --check", folder, ["--check"])
        TAP.ok("ldap.filter.depth" in said, "lab/run --check: names the broken messages", said)
        by_itself("lab/run", folder)
        until_stopped(folder)
        as_nobody(scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return TAP.done()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""The verb tail against a scribe made of ten lines: what it asks, what it prints, how it ends. Usage: test_tail.py BUILD"""
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import tempfile

from tap import Tap

PROGRAM = pathlib.Path(sys.argv[1]).resolve() / "sallyport"
MAGIC, HELLO, TAIL, LINE, WORKER, SCRIBE = 0x5053, 8, 9, 10, 2, 3
CLEAN, USAGE, UNREACHABLE, INTERRUPTED = 0, 2, 3, 130
NOBODY = 65534
TAP = Tap()


def packet(kind, payload):
    return struct.pack("<HHI", MAGIC, kind, len(payload)) + payload


def hello(name=b"sallyport 1", party=SCRIBE):
    return packet(HELLO, struct.pack("<H", len(name)) + name + bytes([party, 0]))


class Scribe:
    """A control socket in a folder of its own, and one `sallyport tail` connected to it."""

    def __init__(self, *words, greeting=None, folder_by="option"):
        self.place = tempfile.TemporaryDirectory()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind(f"{self.place.name}/scribe.sock")
        listener.listen()
        listener.settimeout(30)
        environment = {k: v for k, v in os.environ.items() if k != "SALLYPORT_RUN"}
        if folder_by == "option":
            words = ("--run", self.place.name, *words)
        else:
            environment["SALLYPORT_RUN"] = self.place.name
        self.tail = subprocess.Popen([PROGRAM, "tail", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
        self.client = listener.accept()[0]
        self.client.settimeout(30)
        self.client.send(greeting or hello())
        listener.close()

    def asked(self):
        return self.client.recv(100)

    def line(self, text):
        self.client.send(packet(LINE, text))

    def end(self):
        """(exit code, stdout, stderr)"""
        self.client.close()
        out, err = self.tail.communicate(timeout=30)
        self.place.cleanup()
        return self.tail.returncode, out, err.decode()


def same(got, want, title):
    TAP.ok(got == want, title, f"got  {got!r}", f"want {want!r}")


def test_lines():
    scribe = Scribe()
    same(scribe.asked(), packet(TAIL, b"\0"), "tail asks for sentences")
    scribe.line(b"one")
    scribe.line(b"two \x1b[31m\n\x7f")
    same(scribe.end(), (CLEAN, b"one\ntwo ?[31m??\n", ""), "prints each line, no control character, and ends with the gate: exit 0")
    scribe = Scribe("--json", folder_by="environment")
    same(scribe.asked(), packet(TAIL, b"\1"), "--json asks for JSON; SALLYPORT_RUN names the folder")
    scribe.line("{\"a\":\"\u00fc\"}".encode())
    same(scribe.end()[:2], (CLEAN, "{\"a\":\"\u00fc\"}\n".encode()), "and prints it as it comes")


def test_interrupted():
    scribe = Scribe()
    scribe.asked()
    scribe.line(b"one")
    same(scribe.tail.stdout.readline(), b"one\n", "a line is printed at once")
    scribe.tail.send_signal(signal.SIGINT)
    same(scribe.tail.wait(30), INTERRUPTED, "interrupted: exit 130")
    scribe.end()
    scribe = Scribe()
    scribe.asked()
    scribe.client.settimeout(1)
    try:
        while True:  # until nobody takes any more: the pipe is full, and lines wait behind it
            scribe.line(b"A" * 2000)
    except TimeoutError:
        pass
    scribe.tail.send_signal(signal.SIGINT)
    try:
        code = scribe.tail.wait(10)
    except subprocess.TimeoutExpired:
        code = "it does not end"
        scribe.tail.kill()
    same(code, INTERRUPTED, "interrupted while nobody reads its lines and more come: exit 130")
    scribe.end()


def test_strangers():
    for title, greeting in (("another program", b"220 mail ready\r\n"), ("another version", hello(b"sallyport 2")), ("another process", hello(party=WORKER))):
        code, out, err = Scribe(greeting=greeting).end()
        TAP.ok(code == UNREACHABLE and not out and "does not answer as the gate" in err, f"{title} is not the gate: exit 3", code, err)
    scribe = Scribe()
    scribe.asked()
    scribe.client.send(packet(HELLO, b""))
    code, _, err = scribe.end()
    TAP.ok(code == UNREACHABLE and "no line" in err, "a second greeting is no line: exit 3", code, err)


def run(*words, **more):
    done = subprocess.run([PROGRAM, "tail", *words], capture_output=True, text=True, timeout=30, **more)
    return done.returncode, done.stderr


def test_nobody():
    with tempfile.TemporaryDirectory() as folder:
        code, err = run("--run", folder)
        TAP.ok(code == UNREACHABLE and f"no gate answers at {folder}/scribe.sock" in err and "sallyport run" in err, "no gate: exit 3, and what to do", code, err)
    TAP.ok(run("--run", "/" + "x" * 200)[0] == USAGE and run("--run", "x" * 600)[0] == USAGE and run("--run", "")[0] == USAGE, "a folder that cannot be: exit 2")
    TAP.ok(run("word")[0] == USAGE, "an argument: exit 2")


def test_own_folder():
    """Without a run-time folder the one in /tmp must be one's own."""
    if os.geteuid() != 0:
        TAP.skip("a folder of somebody else's", "only root can make one")
        return
    folder = pathlib.Path(f"/tmp/sallyport-{NOBODY}")
    if folder.exists():
        TAP.skip("a folder of somebody else's", f"{folder} exists already")
        return
    bare = {"PATH": os.environ["PATH"]}
    with tempfile.TemporaryDirectory(dir="/tmp") as place:
        os.chmod(place, 0o755)
        program = pathlib.Path(place) / "sallyport"
        program.write_bytes(PROGRAM.read_bytes())
        program.chmod(0o755)

        def as_nobody():
            done = subprocess.run([program, "tail"], capture_output=True, text=True, timeout=30, env=bare, user=NOBODY, group=NOBODY, cwd="/")
            return done.returncode, done.stderr

        code, err = as_nobody()
        TAP.ok(code == UNREACHABLE and f"{folder}/scribe.sock" in err, "a user without a run-time folder: /tmp/sallyport-UID", code, err)
        try:
            folder.mkdir(mode=0o755)
            code, err = as_nobody()
            TAP.ok(code == USAGE and "not a folder of yours alone" in err, "which is not used when it is somebody else's", code, err)
        finally:
            folder.rmdir()


def main():
    for test in (test_lines, test_interrupted, test_strangers, test_nobody, test_own_folder):
        test()
    return TAP.done()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""End to end: a real server and real clients, recorded both ways; every operation passes, every broken message is refused by name."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "lab")]
import exchange
import slapd
from tap import Tap, skip_all

PROGRAM = pathlib.Path(os.environ.get("SALLYPORT", ROOT / "build" / "sallyport"))
TAP = Tap()


def refusals(path, port):
    """(exit code, refusals as JSON, what else was said) of a recording."""
    command = [PROGRAM, "check", "--json", "--port", f"{port}=ldap", path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, [line for line in lines if line.get("event_type") == "alert"], lines, done.stderr


def readme(path, port):
    """The refusal on the README's first screen is what check prints of this recording, behind file and addresses."""
    blocks = re.findall(r"```\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("your.pcap:")]
    done = subprocess.run([PROGRAM, "check", "--port", f"{port}=ldap", path], capture_output=True, text=True, timeout=60, check=False)
    said = [line.split("  ", 1)[1] for line in done.stdout.splitlines() if line.startswith(f"{path}:")]
    good = len(lines) == 1 and lines[0].split("  ", 1)[-1] in said
    TAP.ok(good, "the README's refusal is what check prints", *lines, *said)


def describe(refusal):
    own = refusal["sallyport"]
    return f"packet {refusal.get('pcap_cnt')} {own['reason']} at {own.get('field', '?')} byte {own.get('offset')}: {own['sentence']}"


def recorded(kind, server, path, work):
    """Run `work(port)` while recording; the port, or None when this way of recording is not allowed here."""
    recording = kind(server.port, path)
    if not recording.start():
        return None
    try:
        work(recording.port)
    finally:
        recording.stop()
    return recording.port


def clients(server):
    def work(port):
        for operation in exchange.operations(port, server):
            ok, said = exchange.perform(operation, server)
            if ok is None:
                TAP.skip(f"the client works: {operation.title}", said)
            else:
                TAP.ok(ok, f"the client works: {operation.title}", said)

    return work


def lawful(kind, server, scratch):
    path = scratch / f"{kind.__name__}-clients.pcap"
    port = recorded(kind, server, path, clients(server))
    if port is None:
        TAP.skip(f"real clients pass, recorded by {kind.name}", "no right to record")
        return
    code, found, lines, said = refusals(path, port)
    TAP.ok(code == 0 and not found, f"real clients pass, recorded by {kind.name}", f"exit {code}", *map(describe, found[:20]), said)
    stats = [line for line in lines if line.get("event_type") == "stats"]
    TAP.ok(bool(stats), f"check tells what it saw, recorded by {kind.name}", *lines[-1:])


def broken(kind, server, scratch):
    vectors = [exchange.Vector.named(name) for name in exchange.BROKEN]
    ports = {}

    def work(port):
        for vector in vectors:
            ports[vector.name] = vector.send(port, patience=0.2)

    path = scratch / f"{kind.__name__}-broken.pcap"
    port = recorded(kind, server, path, work)
    if port is None:
        TAP.skip(f"broken messages are refused, recorded by {kind.name}", "no right to record")
        return
    code, found, _, said = refusals(path, port)
    TAP.ok(code == 1, f"check exits 1 on broken messages, recorded by {kind.name}", f"exit {code}", said)
    for vector in vectors:
        mine = [r for r in found if ports[vector.name] in (r["src_port"], r["dest_port"])]
        first = mine[0]["sallyport"] if mine else {"reason": "nothing"}
        good = first["reason"] == vector.refused and (not vector.path or first.get("field") == vector.path)
        wanted = f"wanted {vector.refused} {vector.path}"
        TAP.ok(good, f"{vector.name} is refused as {vector.refused}, recorded by {kind.name}", wanted, *map(describe, mine[:5]))
    readme(path, port)
    TAP.ok(server.alive(), f"the server outlives them, recorded by {kind.name}")


def main():
    if not PROGRAM.exists():
        TAP.ok(False, f"{PROGRAM.name} is built")
        return TAP.done()
    try:
        slapd.program("slapd")
    except FileNotFoundError as error:
        if os.environ.get("SHARED_REQUIRED") == "1":
            TAP.ok(False, "slapd is installed", error)
            return TAP.done()
        skip_all(str(error))
    TAP.ok(exchange.BROKEN, "there are broken messages to send")
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-lab-"))
    try:
        for kind in (exchange.Relayed, exchange.Tcpdump):
            server = slapd.Slapd(scratch / kind.__name__)
            try:
                server.start()
                lawful(kind, server, scratch)
                broken(kind, server, scratch)
            finally:
                server.stop()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return TAP.done()


if __name__ == "__main__":
    sys.exit(main())

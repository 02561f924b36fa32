#!/usr/bin/env python3
"""Real clients of a real file server through the gate: what they print and fetch is what they print and fetch without it."""
import argparse
import os
import pathlib
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
import smb_clients
import smbd
from tap import Tap

TAP = Tap()
SEALED = ("allow opaque.sealed", "pass", "default block")
CLEAR = ("pass", "default block")
IMPACKET = ("NT1", "SMB2_02", "SMB2_10", "SMB3_00")  # its 3.1.1 is turned away by this server too


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=64 << 20, help="octets of the large file (1 GB: 1073741824)")
    parser.add_argument("--only", default="", help="clients whose title holds this")
    parser.add_argument("--direct", action="store_true", help="no gate: only whether the clients do what they should")
    parser.add_argument("--all", action="store_true", help="also every call in the dialects between the first and the last")
    return parser.parse_args()


def parting(one, two):
    """Where two texts part."""
    one, two = one.splitlines(), two.splitlines()
    at = next((i for i, (a, b) in enumerate(zip(one, two)) if a != b), min(len(one), len(two)))
    return [f"direct, line {at + 1} of {len(one)}:", *one[at : at + 3], f"through the gate, of {len(two)}:", *two[at : at + 3]]


def clients_of(server, port, scratch, args):
    """All of them for one flavour of server."""
    old = server.flavour == "nt1"
    dialects = smb_clients.DIALECTS if old else ("SMB3_00", "SMB3_11")
    found = []
    for dialect in dialects:
        found += smb_clients.files(server, port, scratch, dialect, args.size if dialect in ("NT1", "SMB3_11") and old else 1 << 20)
    found += smb_clients.files(server, port, scratch, "SMB3_11", 1 << 20, "sign")
    if old:
        found += smb_clients.files(server, port, scratch, "NT1", 1 << 20, "sign")
    found += smb_clients.files(server, port, scratch, "SMB3_11", 1 << 20, "encrypt")
    found += smb_clients.listings(server, port)
    if old:
        for dialect in smb_clients.DIALECTS if args.all else ("NT1", "SMB3_11"):
            calls = smb_clients.rpc(server, port, dialect, "off" if dialect == "NT1" else "required")
            found += calls if args.all or dialect == "SMB3_11" else [c for c in calls if "many" in c.title or "net rpc" in c.title]
        for dialect in IMPACKET:
            calls = smb_clients.impacket(server, port, dialect)
            found += calls if args.all or dialect in ("NT1", "SMB2_10") else calls[:2]
    else:
        found += smb_clients.rpc(server, port, "SMB3_11", "off")[:6]
        found += smb_clients.impacket(server, port, "SMB3_00")
    return [client for client in found if args.only in client.title]


def emptied(server):
    """The share as it was in the beginning, for the next run of the same clients."""
    for path in server.data.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def run_all(server, port, scratch, args):
    emptied(server)
    return [(client, client.perform(server)) for client in clients_of(server, port, scratch, args)]


def healthy(client, outcome):
    """A client without a gate: whether it can be compared at all."""
    if client.code is None:
        return isinstance(outcome[0], int)
    fetched = all(outcome[3]) if outcome[3] else True
    return outcome[0] == client.code and fetched


def compare(flavour, client, direct, through):
    same = direct == through
    notes = [] if same else [f"exit {direct[0]} and {through[0]}", *parting(direct[1], through[1]), *parting(direct[2], through[2]), direct[3], through[3]]
    TAP.ok(same, f"{flavour}: {client.title}", *notes)


def started(server, scratch, rules, name="gate", ports=None):
    """The gate before a server, its service's port."""
    port = slapd.free_port()
    service = gate.Service("files", (server.address, port), ("server", ports or server.port), rules, protocol="smb", max_flows_per_source=256)
    return gate.Gate(scratch / name, gate.policy([service], {"server": server.address}), server.within).start(), port


def equal(flavour, scratch, args):
    """One server: asked directly, then through the gate."""
    began = time.monotonic()
    server = smbd.Smbd(scratch / flavour, flavour)
    running = None
    try:
        server.start()
        print(f"# {flavour}: the server runs after {time.monotonic() - began:.1f} s", flush=True)
        direct = run_all(server, server.port, scratch, args)
        for client, outcome in direct:
            TAP.ok(healthy(client, outcome), f"{flavour}: {client.title}: without a gate it does what it should", *outcome)
        if args.direct:
            TAP.note(f"{flavour}: {time.monotonic() - began:.1f} s")
            return
        running, port = started(server, scratch, SEALED)
        through = run_all(server, port, scratch, args)
        for (client, one), (_, two) in zip(direct, through):
            compare(flavour, client, one, two)
        changes(server, port)
        told = gate.refusals(running.events())
        TAP.ok(not told, f"{flavour}: nothing was refused", *told[:5])
        code, running = running.stop(), None
        TAP.ok(code == 0, f"{flavour}: the gate stops in order", f"exit {code}")
        unseen(server, scratch)
        denied_again(server, scratch)
        kept(server, scratch)
        on_139(server, scratch, args)
        if flavour == "nt1":
            side_by_side(server, scratch)
        TAP.ok(server.alive(), f"{flavour}: the server lives")
        print(f"# {flavour}, in all: {time.monotonic() - began:.1f} s", flush=True)
    finally:
        if running:
            running.stop()
        server.stop()


def changes(server, port):
    """A change in a directory is told to who waits for it."""
    for dialect in ("NT1", "SMB3_11") if server.flavour == "nt1" else ("SMB3_11",):
        direct, through = smb_clients.notified(server, server.port, dialect), smb_clients.notified(server, port, dialect)
        TAP.ok(direct == through and "nothing" not in direct, f"{server.flavour}: {dialect}: a change is told", direct, through)


def unseen(server, scratch):
    """What is encrypted passes only by name."""
    running, port = started(server, scratch, CLEAR, "strict")
    try:
        client = smb_clients.files(server, port, scratch, "SMB3_11", 1 << 20, "encrypt")[0]
        outcome = client.perform(server)
        TAP.ok(outcome[0], f"{server.flavour}: an encrypted session fails when policy does not allow it", *outcome)
        TAP.ok(running.wait_event(lambda e: gate.reason(e) == "opaque.sealed"), "and an event says opaque.sealed", *running.events()[-3:])
    finally:
        running.stop()


def denied_again(server, scratch):
    """A client that is told no many times goes on: neither its credits nor its place in the order of messages are lost."""
    dialect, times = "NT1" if server.flavour == "nt1" else "SMB3_11", 80
    running, port = started(server, scratch, ('block where smb.path suffix ".secret" id "no-secrets"', "pass", "default block"), "denials")
    try:
        command = smb_clients.exactly(server.smbclient(f"//{server.address}/public", port=port, dialect=dialect), dialect)
        gets = "".join(f"get {i}.secret {scratch}/denied;" for i in range(times))
        outcome = smb_clients.Client("", [*command, "-c", gets + "ls"]).perform(server)
        said = outcome[1] + outcome[2]
        TAP.ok(said.count("NT_STATUS_ACCESS_DENIED") == times and "readme.txt" in said,
               f"{server.flavour}: a client of {dialect} that was denied {times} times is served after that", said[-800:])
    finally:
        running.stop()


def kept(server, scratch):
    """A file is not deleted where a rule says so, in whatever words a client does it."""
    running, port = started(server, scratch, ('block where smb.op = delete id "no-deleting"', *SEALED), "kept")
    victim = server.data / "victim"
    victim.write_text("kept\n")
    ways = [("SMB3_11", "del victim")] + ([("NT1", "del victim"), ("NT1", "posix; posix_unlink victim"), ("SMB2_02", "del victim")] if server.flavour == "nt1" else [])
    try:
        for dialect, words in ways:
            victim.chmod(0o666)
            command = smb_clients.exactly(server.smbclient(f"//{server.address}/data", "-c", words, port=port, dialect=dialect), dialect)
            outcome = smb_clients.Client("", command).perform(server)
            TAP.ok(victim.exists() and "NT_STATUS_ACCESS_DENIED" in outcome[1] + outcome[2],
                   f"{server.flavour}: {dialect}: {words}: denied by a rule about deleting", *outcome)
            victim.write_text("kept\n")
    finally:
        running.stop()
        victim.unlink()


def on_139(server, scratch, args):
    """The other port, where a session is asked for first."""
    running, port = started(server, scratch, SEALED, "session", server.session_port)
    try:
        for client in smb_clients.files(server, port, scratch, "NT1" if server.flavour == "nt1" else "SMB3_11", 1 << 20):
            outcome = client.perform(server)
            TAP.ok(healthy(client, outcome), f"{server.flavour}: port 139: {client.title}", *outcome)
    finally:
        running.stop()


def side_by_side(server, scratch):
    """Two clients of SMB 1 through the gate at once: for a server that ends all sessions of an address at VcNumber 0, they come from one."""
    strict = smbd.Smbd(scratch / "vc", "nt1", more=["reset on zero vc = yes"])
    running = first = None
    try:
        strict.start()
        running, port = started(strict, scratch, SEALED, "two")
        command = smb_clients.exactly(strict.smbclient(f"//{strict.address}/public", port=port, dialect="NT1"), "NT1")
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(scratch)}
        first = subprocess.Popen(
            ["stdbuf", "-oL", *map(str, command)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, text=True
        )
        first.stdin.write("ls\n")
        first.stdin.flush()
        for line in first.stdout:
            if "blocks available" in line or "NT_STATUS" in line:
                break
        second = smb_clients.Client("", [*command, "-c", "ls"]).perform(strict)
        TAP.ok(second[0] == 0, "the second client of SMB 1 is served", *second)
        rest = first.communicate("ls\n", timeout=60)[0]
        TAP.ok("readme.txt" in rest and first.returncode == 0, "and the first one still is", rest)
    finally:
        if first and first.poll() is None:
            first.kill()
            first.wait()
        if running:
            running.stop()
        strict.stop()


def main():
    args = options()
    if not args.direct and not gate.has("run"):
        TAP.ok(False, "the program is built and has the verb run")
        return TAP.done()
    why = smbd.why_not()
    if why and (os.geteuid() != 0 or os.environ.get("SHARED_REQUIRED") != "1"):
        TAP.skip("file servers", why)
        return TAP.done()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended all the same
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-smb-", dir="/tmp"))
    try:
        for flavour in ("nt1", "smb3"):
            try:
                equal(flavour, scratch, args)
            except (OSError, RuntimeError) as error:
                TAP.ok(False, f"{flavour}: the lab works", str(error)[-3000:])
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return TAP.done()


if __name__ == "__main__":
    sys.exit(main())

"""The lab without a gate: real clients and a few broken messages are recorded, and sallyport check says what it thinks of it."""
import os
import pathlib
import shutil
import subprocess

import exchange
import slapd
from say import heading, say, shown


def recorder(server, path):
    """tcpdump when we may record, else the relay."""
    if os.environ.get("LAB_RELAY") != "1":
        taken = exchange.Tcpdump(server.port, path)
        if taken.start():
            return taken
        say("   no right to record on loopback here (root has it, or cap_net_raw on tcpdump)")
    taken = exchange.Relayed(server.port, path)
    taken.start()
    return taken


def clients(port, server):
    """Run them all; how many did not do what they should."""
    failed = 0
    for operation in exchange.operations(port, server):
        ok, said = exchange.perform(operation, server)
        words = {True: "done", False: "FAILED", None: "left out"}[ok]
        say(f"   {words:8} {operation.title}" + (f": {said}" if ok is None else ""))
        if ok is False:
            failed += 1
            say("      " + said.replace("\n", "\n      "))
    return failed


def broken(port):
    for name in exchange.BROKEN:
        exchange.Vector.named(name).send(port)
        say(f"   sent     {name}")


def check(program, port, path):
    command = [str(program), "check", "--port", f"{port}=ldap", path.name]
    say("   $ " + " ".join([shown(program), *command[1:]]) + "\n")
    return subprocess.run(command, cwd=path.parent, check=False).returncode


def lab(program, scratch):
    heading("1. A directory server of our own")
    server = slapd.Slapd(scratch / "slapd")
    try:
        server.start()
        say(f"   slapd on 127.0.0.1:{server.port}, {slapd.PEOPLE + 1} people, a group of {slapd.GROUP_MEMBERS}")
        heading("2. A recording")
        path = scratch / "lab.pcap"
        recording = recorder(server, path)
        try:
            say(f"   made by {recording.name}")
            heading("3. Real clients")
            failed = clients(recording.port, server)
            heading("4. Broken messages: vectors of our own, harmless")
            broken(recording.port)
        finally:
            recording.stop()
        say(f"   the server {'is still there' if server.alive() else 'has died'}")
    finally:
        server.stop()
    heading("5. What sallyport says of the recording")
    code = check(program, recording.port, path)
    if os.environ.get("LAB_KEEP"):
        keep = pathlib.Path(os.environ["LAB_KEEP"])
        keep.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, keep / path.name)
        say(f"\n   the recording is kept as {keep / path.name}")
    else:
        say("\n   the recording is removed now; LAB_KEEP=DIRECTORY make run keeps it")
    heading("Next: your own traffic")
    say(f"   tcpdump -i any -s 0 -w your.pcap 'port 389'     # as root, on the server\n   {shown(program)} check your.pcap")
    return 1 if failed or code > 1 else 0

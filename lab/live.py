"""The lab with the gate: a directory server and a file server behind it, things to try, and its events until Ctrl-C."""
import os
import shlex
import socket
import subprocess
import sys
import time

import exchange
import gate
import slapd
import smbd
from say import heading, say, shown

PORT, FILES_PORT = 1389, 1445  # the gate's, when they are free: easy to type
SETTLED = 0.5  # seconds without a new event
MOST = 6  # events shown of one thing tried
POLICY = """zone here {{ 127.0.0.0/8 }}

host lab-directory {{ address 127.0.0.1 }}

service directory {{
	listen   127.0.0.1:{port} tcp
	to       lab-directory port {server}
	protocol ldap
	policy   reading
}}

policy reading {{
	block from here where ldap.op in {{ add modify del moddn }} id "no-writes"
	pass  from here
	default block
}}
"""
FILES_POLICY = """
host lab-files {{ address 127.0.0.1 }}

service files {{
	listen   127.0.0.1:{port} tcp
	to       lab-files port {server}
	protocol smb
	policy   sharing
}}

policy sharing {{
	pass  from here
	default block
}}
"""


class Try:
    """One thing to try: what it shows, the command, and the exit code that is right."""

    def __init__(self, title, command, code):
        self.title, self.command, self.code = title, [str(word) for word in command], code

    @property
    def text(self):
        return shlex.join(self.command)


def port(liked):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", liked))
            return liked
        except OSError:
            return slapd.free_port()


def things(program, running, listening):
    uri = ["-x", "-H", f"ldap://127.0.0.1:{listening}"]
    admin = ["-D", slapd.ADMIN, "-w", slapd.ADMIN_PASSWORD]
    return [
        Try("a search, which passes", ["ldapsearch", "-LLL", *uri, "-b", slapd.SUFFIX, f"(uid={slapd.USER})", "cn", "mail"], 0),
        Try("a write, which this policy refuses", ["ldapdelete", *uri, *admin, f"uid=user000,{exchange.PEOPLE}"], 53),
        malformed(program, running, listening),
    ]


def file_things(listening):
    """The same for files: Samba's clients, and an operation nobody needs from afar."""
    login = ["-p", listening, "-U", f"{smbd.USER}%{smbd.PASSWORD}"]
    call = ["rpcclient", *login, "127.0.0.1", "-c", "srvinfo; netshareenumall"]
    return [
        Try("a listing of files, which passes", ["smbclient", *login, "//127.0.0.1/public", "-c", "ls"], 0),
        Try("two calls over a pipe, which pass", call, 0),
        Try("operation 9 of dssetup, which is stopped", [shown(gate.ROOT / "lab" / "send-dssetup"), listening], 0),
    ]


def malformed(program, running, listening):
    """probe's messages reach no server, whatever the gate does; without that verb a vector is sent as any client would."""
    if gate.has("probe", program):
        words = [shown(program), "probe", "directory", "--run", running.run, "-v", "--only", exchange.BROKEN[0]]
        return Try("a malformed message, which is stopped (without --only: all of them)", words, 0)
    return Try("a malformed message, which is stopped", [shown(gate.ROOT / "lab" / "send-vector"), exchange.BROKEN[0], listening], 0)


def settle(running, seen):
    """The events since `seen`, when no more come."""
    gate.wait_for(lambda: len(running.sentences()) > seen, 5)
    count = seen
    while len(running.sentences()) > count:
        count = len(running.sentences())
        gate.wait_for(lambda: len(running.sentences()) > count, SETTLED)
    return running.sentences()[seen:]


def attempt(thing, running):
    """Run it once; whether it went as it should."""
    seen = len(running.sentences())
    say(f"   $ {thing.text}")
    done = subprocess.run(thing.command, capture_output=True, text=True, errors="replace", timeout=120, check=False)
    lines = (done.stdout + done.stderr).strip().splitlines()
    for line in lines[:MOST] + lines[max(MOST, len(lines) - MOST):]:
        say(f"   {line}")
    events = settle(running, seen)
    for line in events[:MOST]:
        say(f"   event: {line}")
    if len(events) > MOST:
        say(f"   ... and {len(events) - MOST} events more")
    good = done.returncode == thing.code and bool(events)
    if not good:
        say(f"   FAILED: exit {done.returncode}, expected {thing.code}; {len(events)} events")
    return good


def stays():
    return sys.stdin.isatty() and os.environ.get("LAB_ONCE") != "1"


def follow(running):
    """Its events until it ends or somebody presses Ctrl-C."""
    shown_lines = len(running.sentences())
    try:
        while running.alive():
            lines = running.sentences()
            for line in lines[shown_lines:]:
                say(line)
            shown_lines = len(lines)
            time.sleep(0.1)
    except KeyboardInterrupt:
        say("\nstopping")
        return True
    say("the gate has ended:\n" + running.errors())
    return False


def your_turn(running, tried):
    """Until Ctrl-C, whenever it comes from here on."""
    try:
        heading("4. Your turn: the same commands, from another terminal; what the gate says follows, Ctrl-C stops all of it")
        say("\n".join(f"   {thing.text}" for thing in tried) + "\n")
        return follow(running)
    except KeyboardInterrupt:
        return True


def policy(directory, files):
    """The text, the port of the directory's service and that of the files', None where there are none."""
    listening, sharing = port(PORT), port(FILES_PORT) if files else None
    text = POLICY.format(port=listening, server=directory.port)
    return text + (FILES_POLICY.format(port=sharing, server=files.port) if files else ""), listening, sharing


def tour(program, directory, files, scratch):
    text, listening, sharing = policy(directory, files)
    running = gate.Gate(scratch / "gate", text, program=program)
    running.start()
    gate.wait_for(running.sentences, 2)
    try:
        for line in running.lines[: running.lines.index("ready")]:
            say(f"   {line}")
        say(f"   the gate on 127.0.0.1:{listening}{f' and 127.0.0.1:{sharing}' if files else ''}, policy {running.policy}")
        tried = [*things(program, running, listening), *(file_things(sharing) if files else ())]
        heading("3. Things to try, once done for you")
        results = []
        for number, thing in enumerate(tried, 1):
            say(f"\n   {number}) {thing.title}")
            results.append(attempt(thing, running))
        if stays():
            results.append(your_turn(running, tried))
    finally:
        code = running.stop()
    say("\n   all of it is stopped and removed")
    return 0 if all(results) and code == 0 else 1


def file_server(scratch):
    """A started one, or None and why."""
    why = smbd.why_not()
    if why:
        say(f"   no file server: {why}")
        return None
    server = smbd.Smbd(scratch / "smbd").start()
    say(f"   smbd on 127.0.0.1:{server.port}, SMB 1 to 3, user {smbd.USER}, shares data, public and sealed")
    return server


def lab(program, scratch):
    heading("1. A directory server and a file server of our own")
    directory, files = slapd.Slapd(scratch / "slapd"), None
    try:
        directory.start()
        say(f"   slapd on 127.0.0.1:{directory.port}, {slapd.PEOPLE + 1} people, a group of {slapd.GROUP_MEMBERS}")
        files = file_server(scratch)
        heading("2. The gate in front of them")
        return tour(program, directory, files, scratch)
    finally:
        if files:
            files.stop()
        directory.stop()

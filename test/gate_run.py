#!/usr/bin/env python3
"""`sallyport run` as an operator meets it: what it says when it cannot start, what it leaves behind, and that it ends in order."""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "lab")]
import slapd
from gate import PROGRAM, Gate, Service, policy, wait_for
from tap import Tap

TAP = Tap()
NOBODY = 65534


def text(port, target=None, host="127.0.0.1", **more):
    return policy([Service("directory", ("127.0.0.1", port), ("ldap1", target or slapd.free_port()), **more)], {"ldap1": host})


def run(folder, content, *options, **more):
    """(exit code, stdout, stderr) of a gate that is to end by itself."""
    path = pathlib.Path(folder) / "gate.policy"
    if content is not None:
        path.write_text(content)
    command = [PROGRAM, "run", "-c", path, "--run", pathlib.Path(folder) / "run", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, **more)
    return done.returncode, done.stdout, done.stderr


def refused(title, folder, content, code, words, *options, **more):
    got, out, err = run(folder, content, *options, **more)
    TAP.ok(got == code and words in err, title, f"exit {got}, wanted {code} and: {words}", out, err)


def cannot_start(folder):
    port = slapd.free_port()
    refused("no policy there", folder, None, 2, "No such file")
    refused("a folder instead of a policy", folder, None, 2, "Is a directory", "-c", folder)
    refused("one error is one", folder, text(port).replace("pass", "pas"), 1, ": 1 error; the gate does not start")
    refused("a policy with an error: it is shown underlined", folder, text(port).replace("pass", "pas"), 1, "^~~")
    refused("a policy without services", folder, "zone a { 10.0.0.0/8 }\n", 1, "")
    refused("a service that leads to the gate itself", folder, text(port, port), 2, "where this gate listens itself")
    refused("a host known by name only", folder, text(port).replace("address 127.0.0.1", 'name "ldap.example.org"'), 2, "none of its hosts has an address")
    refused("a run directory that others may write", folder, text(port), 2, "writable by nobody else", "--run", open_folder(folder))
    refused("a run directory whose path is too long", folder, text(port), 2, "too long", "--run", "/tmp/" + "x" * 200)
    pipe = pathlib.Path(folder) / "pipe"
    os.mkfifo(pipe)
    refused("an events pipe without a reader", folder, text(port), 2, "nobody reads", "--events", pipe)
    refused("an events file that cannot be made", folder, text(port), 2, "No such file", "--events", "/nowhere/eve.json")
    refused("a memory that is too small", folder, text(port), 2, "from 16 to", "--memory", "1")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused("a port that is taken", folder, text(taken.getsockname()[1]), 2, "Address already in use")
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        words = "root" if os.geteuid() == 0 else "needs root"
        refused("a user that cannot be", folder, text(held.getsockname()[1]), 2, words, "--user", "root")


def open_folder(folder):
    path = pathlib.Path(folder) / "open"
    path.mkdir(exist_ok=True)
    path.chmod(0o777)
    return path


def readme(folder):
    """What the first page tells people to write compiles, whole."""
    blocks = [b for b in re.findall(r"```\n(.*?)```", (ROOT / "README.md").read_text(), re.S) if "\nservice " in b]
    path = pathlib.Path(folder) / "readme.policy"
    path.write_text("".join(blocks))
    done = subprocess.run([PROGRAM, "policy", "check", path], capture_output=True, text=True, check=False)
    TAP.ok(blocks and done.returncode == 0, "the README's policies are good", done.stdout, done.stderr)


def only_tests(folder):
    port = slapd.free_port()
    code, out, err = run(folder, text(port), "--test")
    TAP.ok(code == 0 and "good: nothing was started" in out and f"127.0.0.1:{port} tcp" in out, "--test says what would be opened", out, err)
    TAP.ok(not list((pathlib.Path(folder) / "run").glob("*.sock")), "and leaves no socket")


def runs(folder):
    gate = Gate(folder, text(slapd.free_port()))
    gate.start()
    sockets = sorted(p.name for p in gate.run.glob("*.sock"))
    TAP.ok(sockets == ["scribe.sock", "worker-directory.sock"], "control sockets of the scribe and of each family", sockets)
    TAP.ok(all((gate.run / name).stat().st_mode & 0o77 == 0 for name in sockets), "which their owner alone may use")
    refused("a second gate with the same run directory", folder, text(slapd.free_port()), 2, "another gate runs")
    process = gate.process
    gate.stop()
    TAP.ok(process.returncode == 0, "SIGTERM ends it in order", process.returncode)
    TAP.ok(not list(gate.run.glob("*.sock")), "and its sockets are gone")
    kinds = [line["sallyport"].get("kind") for line in map(json.loads, gate.eve.read_text().splitlines())]
    TAP.ok(kinds[:1] == ["started"] and kinds[-1:] == ["stopped"], "its events begin with the start and end with the stop", kinds)


def leftover(folder):
    """A gate that was killed leaves its sockets; the next one has fewer families, and its commands must not meet them."""
    two = [Service("directory", ("127.0.0.1", slapd.free_port()), ("ldap1", slapd.free_port())),
           Service("tickets", ("127.0.0.1", slapd.free_port()), ("ldap1", slapd.free_port()), protocol="krb5")]
    gate = Gate(folder, policy(two, {"ldap1": "127.0.0.1"}))
    gate.start()
    gate.process.kill()
    gate.process.wait(10)
    left = sorted(p.name for p in gate.run.glob("*.sock"))
    gate = Gate(folder, policy(two[:1], {"ldap1": "127.0.0.1"}))
    gate.start()
    done = gate.ask("sessions")
    TAP.ok("worker-kerberos.sock" in left and done.returncode == 0, "sockets that a killed gate left do not stand in the way of the next one's commands", left, done.stderr)
    gate.stop()


def alone(folder):
    """The keeper goes without a word: its children must not stay."""
    gate = Gate(folder, text(slapd.free_port()))
    gate.start()
    children = [int(p) for p in subprocess.run(["ps", "-o", "pid=", "--ppid", str(gate.process.pid)], capture_output=True, text=True, check=False).stdout.split()]
    gate.process.kill()
    gate.process.wait(10)
    gone = wait_for(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in children), 10)
    TAP.ok(len(children) == 2 and gone, "a keeper that is killed leaves no process behind", children)


def as_json(folder):
    path = pathlib.Path(folder) / "gate.policy"
    path.write_text(text(slapd.free_port()))
    with subprocess.Popen([PROGRAM, "run", "-c", path, "--run", pathlib.Path(folder) / "run", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as gate:
        first = json.loads(gate.stdout.readline())
        gate.send_signal(signal.SIGINT)
        rest, err = gate.communicate(timeout=20)
    TAP.ok(first["sallyport"]["kind"] == "started", "--json: the first line of standard output is an event", first)
    TAP.ok(all(json.loads(line) for line in rest.splitlines()) and b"ready" in err, "and nothing else stands there", rest, err)
    TAP.ok(gate.returncode == 0, "SIGINT ends it in order", gate.returncode)


def as_user(folder):
    """Without root: high ports, and it says what it could not take."""
    if os.geteuid() != 0:
        TAP.skip("as an ordinary user", "this already is one: the other tests show it")
        return
    path = pathlib.Path(folder) / "gate.policy"
    program = pathlib.Path(folder) / "sallyport"
    shutil.copy(PROGRAM, program)
    os.chmod(folder, 0o755)
    own = pathlib.Path(folder) / "own"
    own.mkdir(mode=0o700)
    os.chown(own, NOBODY, NOBODY)

    def start(content, *options):
        path.write_text(content)
        return subprocess.Popen([program, "run", "-c", path, "--run", own, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                user=NOBODY, group=NOBODY, extra_groups=[], cwd="/")

    with start(text(slapd.free_port())) as gate:
        lines = []
        for line in gate.stdout:
            lines.append(line)
            if line == "ready\n":
                break
        gate.send_signal(signal.SIGTERM)
        gate.communicate(timeout=20)
    TAP.ok("ready\n" in lines and any(line.startswith("without: ") and "root" in line for line in lines), "as an ordinary user it says what it lacks", *lines)
    if int(pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) > 389:
        with start(text(389)) as gate:
            _, err = gate.communicate(timeout=20)
        TAP.ok(gate.returncode == 2 and "ports below 1024 need root" in err, "a low port: it says what that needs", err)
    else:
        TAP.skip("a low port: it says what that needs", "low ports are for everyone here")


def main():
    if not PROGRAM.exists():
        TAP.ok(False, f"{PROGRAM.name} is built")
        return TAP.done()
    for test in (cannot_start, readme, only_tests, runs, leftover, alone, as_json, as_user):
        with tempfile.TemporaryDirectory(prefix="sallyport-run-", dir="/tmp") as folder:
            test(folder)
    return TAP.done()


if __name__ == "__main__":
    sys.exit(main())

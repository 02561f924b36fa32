#!/usr/bin/env python3
"""`sallyport probe` reaches no host: not one byte of a vector on the wire but to the gate's own listener, once the gate has said it holds it.

As root all of it is recorded, in a network of its own; as anybody listeners count. Also: what probe says, and what it leaves behind.
"""
import concurrent.futures
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "lab")]
import gate
import probe_lab
import slapd
from probe_lab import Decoy, FakeWorker, Recording
from tap import Tap

TAP = Tap()
OPEN, NEAR, STRICT, WATCH, PLACES = "open", "near", "strict", "watch", 16
FEW = "search"  # vectors whose name has this: enough where only the way matters
RULES = {
    OPEN: gate.EVERYTHING,
    NEAR: ("pass from inside", "default block"),
    STRICT: ("limit ldap.filter.depth 3", "pass"),
    WATCH: (f"watch all until {gate.FOREVER}", "pass"),
}
MEMBERS = {"service", "protocol", "at", "transport", "stopped", "came_through", "only_watched", "passed", "stopped_by_policy", "refused", "left_out", "results"}


def own(event, key):
    return (event.get("sallyport") or {}).get(key)


class Bench:
    def __init__(self, scratch):
        self.scratch, self.server, self.count = scratch, Decoy(), 0
        taken = {self.server.port}
        self.ports = {name: next(p for p in iter(slapd.free_port, 0) if p not in taken) for name in RULES}
        self.gate = None

    def start(self, names=tuple(RULES)):
        """Always the same folder for its sockets."""
        services = [gate.Service(name, ("127.0.0.1", self.ports[name]), ("server", self.server.port), RULES[name], ("tcp", "udp")) for name in names]
        zones = "zone inside { 127.31.0.0/16 }\n" if NEAR in names else ""
        self.gate = gate.Gate(self.scratch / "gate", zones + gate.policy(services, {"server": "127.0.0.1"})).start()
        return self.gate

    def record(self):
        self.count += 1
        return Recording(self.scratch / f"{self.count}.pcap")

    def probe(self, *words, run=None, patience=120):
        command = [gate.PROGRAM, "probe", *map(str, words), "--run", run or self.gate.run]
        return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=patience, check=False)

    def silent(self, recording, title, *decoys, allowed=()):
        """Nothing came to where it must not."""
        counted = sum(decoy.bytes for decoy in (self.server, *decoys))
        TAP.ok(counted == 0, f"{title}: not one byte at a listener of ours", counted)
        if recording.loads is None:
            TAP.skip(f"{title}: not one byte on the wire", "no right to record loopback, or no tcpdump")
            return
        strays = recording.strays(*allowed)
        TAP.ok(not strays, f"{title}: not one byte on the wire{' but between probe and gate' if allowed else ''}", *strays[:10])


def told(done):
    try:
        return json.loads(done.stdout)
    except ValueError:
        return {}


def summary_fits(said):
    """Its sums are those of its results."""
    outcomes = [result["outcome"] for result in said["results"]]
    sums = {"stopped": ("stopped", "stopped otherwise"), "came_through": ("CAME THROUGH",), "passed": ("passed",),
            "stopped_by_policy": ("stopped by policy",), "refused": ("REFUSED",), "left_out": ("left out",)}
    return all(said[key] == sum(outcome in words for outcome in outcomes) for key, words in sums.items())


def everything(bench):
    for way, words in (("tcp", ()), ("udp", ("--udp",))):
        with bench.record() as recording:
            done = bench.probe(OPEN, "--json", *words)
        said = told(done)
        TAP.ok(done.returncode == 0 and set(said) == MEMBERS, f"all vectors over {way}: exit 0, one object", done.returncode, done.stderr, list(said))
        if not said:
            continue
        TAP.ok(said["at"] == f"127.0.0.1:{bench.ports[OPEN]}" and said["transport"] == way and said["service"] == OPEN, "it says where", said["at"])
        TAP.ok(said["stopped"] > 20 and said["came_through"] == said["refused"] == 0 and said["passed"] > 2, "the unlawful are stopped, the lawful pass",
               {k: v for k, v in said.items() if k != "results"})
        TAP.ok(summary_fits(said), "the sums are those of the results")
        bench.silent(recording, f"all vectors over {way}", allowed=(bench.ports[OPEN],))
        TAP.ok(recording.loads is None or recording.bytes_to(bench.ports[OPEN]) > 5000, "the gate's listener had them", recording.path)
        TAP.ok(bench.server.connections == 0, "the server behind the service was never dialled", bench.server.connections)
    flows = [e for e in bench.gate.events() if e["event_type"] in ("flow", "alert")]
    TAP.ok(flows and all(own(e, "probe") is True for e in flows), "every event about it says that it was a probe", *[e for e in flows if not own(e, "probe")][:2])
    TAP.ok(all("server" not in str(e.get("dest_port")) and e.get("dest_port") != bench.server.port for e in flows), "and none names the server")


def verdicts(bench):
    """What a policy does to probes, and the exit codes."""
    done = bench.probe(NEAR, "--json", "--only", FEW)
    said = told(done)
    TAP.ok(done.returncode == 0 and said["passed"] == 0 and said["stopped_by_policy"] > 5, "a policy that passes others only: lawful messages are stopped by policy",
           done.returncode, {k: v for k, v in said.items() if k != "results"})
    inside = bench.probe(NEAR, "--json", "--only", FEW, "--from", "127.31.0.9")
    there = told(inside)
    TAP.ok(inside.returncode == 0 and there["passed"] > 5 and there["stopped_by_policy"] == 0, "--from one of those: they pass",
           inside.returncode, {k: v for k, v in there.items() if k != "results"})
    event = bench.gate.wait_event(lambda e: e.get("src_ip") == "127.31.0.9", 5)
    TAP.ok(event and own(event, "probe"), "and events name that source, and say that it was a probe", event)
    done = bench.probe(STRICT, "--only", "filter")
    TAP.ok(done.returncode == 1 and "REFUSED" in done.stdout and "ldap.filter.depth" in done.stdout, "lawful messages that a limit refuses: told, exit 1",
           done.returncode, done.stdout[-500:])
    done = bench.probe(WATCH, "--json")
    said = told(done)
    TAP.ok(done.returncode == 1 and said["came_through"] > 20 and summary_fits(said), "unlawful messages that are only watched: they came through, exit 1",
           done.returncode, {k: v for k, v in said.items() if k != "results"})
    TAP.ok(20 < said["only_watched"] <= said["came_through"], "and are told to be only watched", said["only_watched"], said["came_through"])
    TAP.ok(said["stopped"] > 20, "but the unsafe are stopped all the same", said["stopped"])
    for words, code in ((("nowhere",), 2), ((OPEN, "--only", "no such vector"), 2), ((OPEN, "--at", "here"), 2), ((OPEN, "--from", "me"), 2), ((), 2)):
        done = bench.probe(*words)
        TAP.ok(done.returncode == code and done.stderr, f"probe {' '.join(words)}: exit {code}, and says why", done.returncode, done.stderr)
    TAP.ok(bench.server.bytes == bench.server.connections == 0, "none of it reached the server", bench.server.bytes, bench.server.connections)


def elsewhere(bench):
    """--at leads to somebody else."""
    decoy = Decoy()
    places = (("a listener that is no gate", decoy.port, ()), ("the real server", bench.server.port, ()),
              ("another service of the gate", bench.ports[NEAR], ()), ("a socket for datagrams that is no gate", decoy.port, ("--udp",)))
    with bench.record() as recording, concurrent.futures.ThreadPoolExecutor() as pool:
        all_done = list(pool.map(lambda place: bench.probe(OPEN, "--at", f"127.0.0.1:{place[1]}", "--only", FEW, *place[2]), places))
    for (title, _, _), done in zip(places, all_done):
        TAP.ok(done.returncode == 3 and "not one byte" in done.stderr, f"--at {title}: exit 3", done.returncode, done.stderr)
    bench.silent(recording, "--at all of these", decoy)
    done = bench.probe(OPEN, "--at", f"127.0.0.1:{slapd.free_port()}", "--only", FEW)
    TAP.ok(done.returncode in (2, 3) and done.stderr, "--at where nobody listens: an error", done.returncode, done.stderr)
    decoy.close()


def fakes(bench):
    """A worker that is not there any more, or does not say what it must, between the announcement and the connection."""
    decoy = Decoy()
    at = ("127.0.0.1", decoy.port)

    def dies(asked, channel):
        channel.send(FakeWorker.says(probe_lab.EXPECTED, at))
        return asked < 2  # it lives until the first vector has been announced

    def silent(asked, channel):
        channel.send(FakeWorker.says(probe_lab.EXPECTED, at))

    def talks(asked, channel):
        for what in (probe_lab.EXPECTED, probe_lab.REPORT, probe_lab.TURN, probe_lab.ENDED, probe_lab.DENIED):
            channel.send(FakeWorker.says(what, at, b"x"))

    def early(asked, channel):
        channel.send(FakeWorker.says(probe_lab.TAKEN, at))
        channel.send(FakeWorker.says(probe_lab.EXPECTED, at))

    def garbage(asked, channel):
        channel.send(FakeWorker.says(probe_lab.EXPECTED, at))
        channel.send(FakeWorker.packet(probe_lab.PROBE_SAYS, b"\xff" * 200))
        if asked > 1:
            channel.send(FakeWorker.packet(2, b""))

    def refuses(asked, channel):
        channel.send(FakeWorker.says(probe_lab.DENIED, at, b"no"))

    scripts = {"dies between announcement and connection": dies, "never says that it has the connection": silent,
               "says everything but that": talks, "said so before the announcement": early, "sends garbage": garbage, "denies": refuses}
    workers = [FakeWorker(bench.scratch / f"fake{number}", script) for number, script in enumerate(scripts.values())]
    with bench.record() as recording, concurrent.futures.ThreadPoolExecutor() as pool:
        all_done = list(pool.map(lambda worker: bench.probe(OPEN, run=worker.dir), workers))
    for title, worker, done in zip(scripts, workers, all_done):
        TAP.ok(done.returncode == 3 and done.stderr and worker.asked, f"a gate that {title}: exit 3", done.returncode, done.stderr, worker.asked)
        worker.close()
    bench.silent(recording, "all of these gates", decoy)
    decoy.close()


def sessions(bench):
    done = bench.gate.ask("sessions", "--json")
    return json.loads(done.stdout) if done.returncode == 0 else [{"error": done.stderr}]


def together(bench):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: bench.probe(OPEN, "--json", "--only", FEW), range(2)))
    results = [told(done).get("results") for done in both]
    TAP.ok([done.returncode for done in both] == [0, 0], "two probes at once: both exit 0", *[done.stderr for done in both])
    TAP.ok(results[0] == results[1] and results[0], "and both say the same")


def killed(bench):
    """More than there are places, each ended by SIGKILL at another moment."""
    before, running = bench.server.connections, []
    for number in range(PLACES + 4):
        command = [str(word) for word in (gate.PROGRAM, "probe", OPEN, "--run", bench.gate.run)] + (["--udp"] if number % 4 == 3 else [])
        running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        if number % 8 == 7:
            TAP.ok(gate.wait_for(lambda: any(row.get("probe") for row in sessions(bench)), 5), "sessions shows probes that run")
            kill(running)
    kill(running)
    TAP.ok(gate.wait_for(lambda: not sessions(bench), 5, 0.05), f"{PLACES + 4} probes killed in the middle: a moment later sessions shows none", *sessions(bench))
    done = bench.probe(OPEN, "--only", FEW)
    TAP.ok(done.returncode == 0, "and there is room for the next", done.returncode, done.stderr)
    TAP.ok(bench.server.bytes == 0 and bench.server.connections == before, "none of it reached the server", bench.server.bytes, bench.server.connections)


def kill(running):
    """One after the other, each in another place of its work."""
    while running:
        one = running.pop()
        time.sleep(0.005)
        one.send_signal(signal.SIGKILL)
        one.wait()


def gone(bench):
    """No gate, or one without the service; its listener's address now is somebody else's."""
    bench.gate.stop()
    with bench.record() as recording:
        done = bench.probe(OPEN, run=bench.scratch / "gate" / "run")
    TAP.ok(done.returncode == 3 and done.stderr, "the gate has stopped: exit 3", done.returncode, done.stderr)
    bench.silent(recording, "the gate has stopped")
    bench.start((NEAR, STRICT))
    with bench.record() as recording:
        done = bench.probe(OPEN)
    TAP.ok(done.returncode == 2 and OPEN in done.stderr, "the service has been removed: exit 2", done.returncode, done.stderr)
    bench.silent(recording, "the service has been removed")
    for pid in reversed(bench.gate.family()):
        os.kill(pid, signal.SIGKILL)
    bench.gate.process.wait()
    with bench.record() as recording:
        done = bench.probe(STRICT, run=bench.scratch / "gate" / "run")
    TAP.ok(done.returncode == 3 and done.stderr, "the gate was killed and its sockets are still there: exit 3", done.returncode, done.stderr)
    bench.silent(recording, "the gate was killed")
    bench.gate.stop()


def main():
    if not gate.has("probe"):
        TAP.ok(False, "the program is built and has the verb probe")
        return TAP.done()
    command = probe_lab.own_network([sys.executable, *sys.argv]) if os.geteuid() == 0 and not os.environ.get("PROBE_ALONE") else None
    if command and subprocess.run([*command[:-len(sys.argv) - 1], "true"], capture_output=True, check=False).returncode == 0:
        os.execvpe(command[0], command, dict(os.environ, PROBE_ALONE="1"))
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-probe-"))
    bench = None
    try:
        bench = Bench(scratch)
        bench.start()
        for test in (everything, verdicts, elsewhere, fakes, together, killed, gone):
            began = time.monotonic()
            try:
                test(bench)
            except (OSError, RuntimeError, KeyError, subprocess.TimeoutExpired) as error:
                TAP.ok(False, f"{test.__name__}: the lab works", repr(error))
            TAP.note(f"{test.__name__}: {time.monotonic() - began:.1f} s")
    finally:
        if bench:
            bench.gate.stop()
            bench.server.close()
        shutil.rmtree(scratch, ignore_errors=True)
    return TAP.done()


if __name__ == "__main__":
    sys.exit(main())

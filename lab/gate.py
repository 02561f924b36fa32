"""The gate in front of a lab's server: writes a policy, starts `sallyport run`, waits until it is ready, reads its events, stops it."""
import json
import os
import pathlib
import signal
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = pathlib.Path(os.environ.get("SALLYPORT", ROOT / "build" / "sallyport")).resolve()
FOREVER = "2036-12-31"  # tolerances need an end
EVERYTHING = ("allow opaque.tls", "allow opaque.sealed", "pass", "default block")


def wait_for(condition, patience, step=0.01):
    """What `condition()` says when that is true, or False at the deadline."""
    deadline = time.monotonic() + patience
    while True:
        found = condition()
        if found or time.monotonic() > deadline:
            return found
        time.sleep(step)


def has(verb, program=None):
    """Whether the program is built and has this verb."""
    program = program or PROGRAM
    return program.exists() and subprocess.run([program, "help", verb], capture_output=True, check=False).returncode == 0


class Service:
    """One service of a policy: where it listens, where it leads, and its rules in order."""

    def __init__(self, name, listen, to, rules=EVERYTHING, transports=("tcp",), protocol="ldap", **settings):
        self.name, self.listen, self.to, self.rules = name, listen, to, rules
        self.transports, self.protocol, self.settings = transports, protocol, settings

    def text(self):
        (address, port), (host, target) = self.listen, self.to
        lines = [f"listen {address}:{port} {' '.join(self.transports)}", f"to {host} port {target}", f"protocol {self.protocol}"]
        lines += [f"policy {self.name}-rules", *(f"{word.replace('_', '-')} {value}" for word, value in self.settings.items())]
        return block(f"service {self.name}", lines) + block(f"policy {self.name}-rules", self.rules)


def block(head, lines):
    return head + " {\n" + "".join(f"\t{line}\n" for line in lines) + "}\n"


def policy(services, hosts):
    """The text: `hosts` gives the addresses by name."""
    text = "".join(block(f"host {name}", [f"address {address}"]) for name, address in hosts.items())
    return text + "".join(service.text() for service in services)


class Gate:
    """One run of the gate. `within` makes the command that runs another one in some namespace; everything lies below `dir`."""

    def __init__(self, dir, text, within=list, program=None, options=()):
        self.dir, self.text, self.within = pathlib.Path(dir), text, within
        self.program, self.options = program or PROGRAM, options
        self.process, self.lines, self.reader = None, [], None

    @property
    def policy(self):
        return self.dir / "gate.policy"

    @property
    def run(self):
        return self.dir / "run"

    @property
    def eve(self):
        return self.dir / "events.json"

    def start(self, patience=20):
        self.run.mkdir(parents=True, exist_ok=True)
        self.policy.write_text(self.text)
        command = [self.program, "run", "-c", self.policy, "--run", self.run, "--events", self.eve, *self.options]
        self.said = open(self.dir / "gate.stderr", "w+b")
        # Its own session: Ctrl-C reaches us first, and we end it when its clients are done.
        self.process = subprocess.Popen(
            self.within([str(c) for c in command]), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.said,
            start_new_session=True, text=True, errors="replace",
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        if not wait_for(lambda: "ready" in self.lines or not self.alive(), patience) or "ready" not in self.lines:
            self.stop()
            raise RuntimeError("the gate did not start:\n" + "\n".join(self.lines) + "\n" + self.errors())
        return self

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def errors(self):
        return (self.dir / "gate.stderr").read_text(errors="replace")

    def sentences(self):
        """What it said since it was ready."""
        return self.lines[self.lines.index("ready") + 1 :]

    def events(self):
        """The EVE lines so far; a line that is being written is left for the next time."""
        if not self.eve.exists():
            return []
        return [json.loads(line) for line in self.eve.read_text().split("\n")[:-1] if line]

    def wait_event(self, wanted, patience=5):
        """The first event that `wanted` likes, or None."""
        return wait_for(lambda: next((e for e in self.events() if wanted(e)), None), patience, 0.05) or None

    def ask(self, verb, *words, patience=60):
        """One of the verbs that talk to a running gate."""
        command = [str(self.program), verb, *map(str, words), "--run", str(self.run)]
        return subprocess.run(self.within(command), capture_output=True, text=True, timeout=patience, check=False)

    def family(self):
        """The ids of its processes, the first one first."""
        parents = {}
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError):
                continue
        found = [self.process.pid]
        for pid in found:
            found += [child for child, parent in sorted(parents.items()) if parent == pid]
        return found

    def stop(self, patience=15):
        """In order. The exit code; None when it had to be killed."""
        code = None
        if self.process:
            if self.alive():
                self.process.send_signal(signal.SIGINT)
            try:
                code = self.process.wait(patience)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.reader.join(5)
            self.process.stdout.close()
            self.said.close()
        self.process = None
        return code


def reason(event):
    """The reason an event names, or ''."""
    return (event.get("sallyport") or {}).get("reason") or ""


def refusals(events):
    return [event for event in events if event.get("event_type") == "alert"]

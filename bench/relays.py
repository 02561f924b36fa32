"""The relays of the bench (none, HAProxy, the gate): how each is started, confined to a processor, its time and memory read, and ended."""
import os
import pathlib
import select
import shutil
import signal
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE = 10  # seconds for a start or an end
SEARCHED = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"

HAPROXY = """
global
    nbthread 1
    maxconn {connections}
defaults
    mode tcp
    maxconn {connections}
    timeout connect 5s
    timeout client 1h
    timeout server 1h
"""
POLICY = """
host backend {{ address 127.0.0.1 }}

policy directory-use {{
	block where ldap.filter.depth > 16
	pass  where ldap.op in {{ bind search unbind abandon }}
	default block
}}
"""
TOY_POLICY = """
host backend {{ address 127.0.0.1 }}

policy bulk-use {{
	pass
	default block
}}
"""
SMB_POLICY = """
host backend {{ address 127.0.0.1 }}

policy files-use {{
	pass
	default block
}}
"""
SERVICE = """
service {name} {{
	listen   127.0.0.1:{port} tcp
	to       backend port {to}
	protocol {protocol}
	policy   {policy}
	max-flows {connections}
	max-flows-per-source {connections}
	idle     1h
}}
"""


def words_of(pid):
    """The fields of /proc/PID/stat from the state on; None when the process is gone."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def family(root):
    """{pid: name} of a process and all below it."""
    parents = {}
    for entry in os.listdir("/proc"):
        fields = words_of(entry) if entry.isdigit() else None
        if fields:
            parents.setdefault(int(fields[1]), []).append(int(entry))
    found, todo = {}, [root]
    while todo:
        pid = todo.pop()
        try:
            found[pid] = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
        except OSError:
            continue
        todo += parents.get(pid, [])
    return found


def cpu_of(pid):
    """Seconds of processor so far, user and system: in nanoseconds where the kernel tells, else in ticks."""
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
        return sum(int(pathlib.Path(f"/proc/{pid}/task/{task}/schedstat").read_text().split()[0]) for task in tasks) / 1e9
    except OSError:
        fields = words_of(pid)
        return (int(fields[11]) + int(fields[12])) / TICKS if fields else 0.0


def cpu_of_all():
    """Seconds of processor everybody on this machine has spent so far."""
    user, nice, system, _, _, irq, softirq = map(int, pathlib.Path("/proc/stat").read_text().split()[1:8])
    return (user + nice + system + irq + softirq) / TICKS


def pss_of(pid):
    """KiB of memory, shared pages divided among those who share them."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss:"))


def pin(pid, cpu):
    """All threads of a process to one processor."""
    for task in os.listdir(f"/proc/{pid}/task"):
        os.sched_setaffinity(int(task), {cpu % os.cpu_count()})


def await_line(process, word, patience=PATIENCE):
    """Reads one line that must be `word`."""
    ready, _, _ = select.select([process.stdout], [], [], patience)
    line = process.stdout.readline().strip() if ready else "nothing"
    if line != word:
        raise RuntimeError(f"{process.args[0]} said {line!r}, not {word!r}")


def await_said(process, file, word, patience=PATIENCE):
    """Waits for a line `word` in the file a process writes its output to."""
    deadline = time.monotonic() + patience
    while word not in file.read_text(errors="replace").splitlines():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.args[0]} did not say {word!r}:\n{file.read_text(errors='replace')}")
        time.sleep(0.01)


def end(process):
    """Ends a process we started, and waits for it."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()


class Direct:
    """No relay: the load speaks to the server itself."""

    name = "direct"

    def __init__(self, targets):
        self.ports = {target: port for target, (port, _) in targets.items()}

    def pin(self, cpu):
        pass

    def cpu(self):
        return {}

    def stop(self):
        pass


class Relay:
    """A process, and those it starts. `ports` says where each target is reached through it."""

    process = None

    def pin(self, cpu):
        for pid in family(self.process.pid):
            pin(pid, cpu)

    def cpu(self):
        """{name of the process: seconds of processor}; several of one name are added up."""
        spent = {}
        for pid, name in family(self.process.pid).items():
            spent[name] = spent.get(name, 0.0) + cpu_of(pid)
        return spent

    def pss(self):
        return sum(pss_of(pid) for pid in family(self.process.pid))

    def stop(self):
        end(self.process)


class Haproxy(Relay):
    """mode tcp, one thread, no log, its defaults otherwise."""

    name = "haproxy"
    extra = ""

    def __init__(self, targets, free_port, scratch, connections):
        self.ports = {target: free_port() for target in targets}
        lines = [HAPROXY.format(connections=connections)]
        for target, (port, _) in targets.items():
            lines.append(f"listen {target}\n    bind 127.0.0.1:{self.ports[target]}\n    {self.extra}\n    server s 127.0.0.1:{port}\n")
        config = scratch / (self.name.replace(" ", "-") + ".cfg")
        config.write_text("".join(lines))
        program = shutil.which("haproxy", path=SEARCHED)
        self.process = subprocess.Popen([program, "-q", "-db", "-f", config], stdin=subprocess.DEVNULL)
        self._await_listener(config)

    def _await_listener(self, config):
        """Without a connection of ours: a row about memory begins with none."""
        wanted = {f":{port:04X}" for port in self.ports.values()}
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            lines = pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
            listening = {line.split()[1][8:] for line in lines if line.split()[3] == "0A"}
            if wanted <= listening:
                return
            time.sleep(0.01)
        end(self.process)
        raise RuntimeError(f"haproxy did not listen: {config}")


class HaproxySplice(Haproxy):
    """The same, leaving the copying to the kernel where it can."""

    name = "haproxy splice-auto"
    extra = "option splice-auto"


class Gate(Relay):
    """Sallyport as an operator runs it, with events. `command` is what takes -c, --run and --events."""

    name = "sallyport"

    def __init__(self, command, policy, targets, free_port, scratch, connections):
        self.ports = {target: free_port() for target in targets}
        text = policy.format()
        rules = policy.rpartition("\npolicy ")[2].split()[0]
        for target, (port, protocol) in targets.items():
            text += SERVICE.format(name=target, port=self.ports[target], to=port, protocol=protocol, policy=rules, connections=connections)
        home = pathlib.Path(scratch) / f"gate{self.ports[next(iter(targets))]}"
        home.mkdir(mode=0o755)  # as root, the policy is compiled by somebody who owns nothing
        (home / "policy").write_text(text)
        argv = [*map(str, command), "-c", home / "policy", "--run", home / "run", "--events", home / "events.json", "--quiet"]
        # Into a file: nobody would read a pipe while the gate is measured.
        with open(home / "log", "wb") as log:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            await_said(self.process, home / "log", "ready")
        except RuntimeError:
            end(self.process)
            raise

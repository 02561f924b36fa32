#!/usr/bin/env python3
"""The gate's processes: what each of them may, as /proc says; and a worker that stands still while it is busy is replaced, an idle one is not."""
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "lab")]
import answerer
import gate
import peer
import slapd
from tap import Tap

TAP = Tap()
SETGID, SETUID, KILL = 6, 7, 5  # capability numbers
BIND, BOUND = peer.HELLO
STILL, QUIET = 3.0, 5.0  # seconds


def own(event, key):
    return (event.get("sallyport") or {}).get(key)


class Bench:
    def __init__(self, dir, within=list, options=()):
        self.server = answerer.Answerer().start()
        self.port = next(p for p in iter(slapd.free_port, 0) if p != self.server.port)
        service = gate.Service("directory", ("127.0.0.1", self.port), ("server", self.server.port))
        self.gate = gate.Gate(dir, gate.policy([service], {"server": "127.0.0.1"}), within, options=options).start()

    def works(self):
        try:
            with peer.socket.create_connection(("127.0.0.1", self.port), 5) as client:
                client.sendall(BIND)
                return peer.receive(client, lambda b: len(b) >= len(BOUND), 5)[0] == BOUND
        except OSError:
            return False

    def processes(self):
        """{name: pid}; the first of the family is the keeper, whatever it is called."""
        family = [pid for pid in self.gate.family() if status(pid).get("Name", "") not in ("setpriv", "sh")]
        return {"keeper" if n == 0 else status(pid)["Name"].removeprefix("sp-"): pid for n, pid in enumerate(family)}

    def close(self):
        code = self.gate.stop()
        self.server.stop()
        return code


def status(pid):
    try:
        lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {}
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def capabilities(said, which):
    bits = int(said[which], 16)
    return {n for n in range(64) if bits >> n & 1}


def rights(bench, title, keeper_uid, child_uid, keeper_may):
    processes = bench.processes()
    TAP.ok({"keeper", "worker", "scribe"} <= set(processes) and "compiler" not in processes, f"{title}: keeper, worker and scribe run, the compiler has ended", processes)
    for name, pid in processes.items():
        said = status(pid)
        uid, may = (keeper_uid, keeper_may) if name == "keeper" else (child_uid, set())
        TAP.ok(said.get("Seccomp") == "2" and said.get("NoNewPrivs") == "1", f"{title}: {name} has a seccomp filter and can gain nothing", said)
        TAP.ok(said.get("Uid", "").split() == [str(uid)] * 4, f"{title}: {name} is user {uid}, and cannot be another", said.get("Uid"))
        if name != "keeper":
            alone = len(set(said.get("Gid", "").split())) == 1 and not set(said.get("Groups", "0").split()) - {said["Gid"].split()[0]}
            TAP.ok(alone, f"{title}: {name} has one group and no others", said.get("Gid"), said.get("Groups"))
        for which in ("CapEff", "CapPrm"):
            TAP.ok(capabilities(said, which) == may, f"{title}: {name}'s {which} is {sorted(may)}", capabilities(said, which))
        TAP.ok(not capabilities(said, "CapAmb") and not (name != "keeper" and capabilities(said, "CapInh")), f"{title}: {name} has nothing to hand on", said.get("CapInh"))


def descriptors(bench):
    """No process holds what is another's to hold: the worker has no file, the scribe no socket of the network."""
    def links(pid):
        return [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]

    processes, events = bench.processes(), str(bench.gate.eve)
    worker, scribe = links(processes["worker"]), links(processes["scribe"])
    files = [link for link in worker if link.startswith("/") and link not in ("/dev/null", str(bench.gate.dir / "gate.stderr")) and "memfd:" not in link]
    TAP.ok(not files, "the worker has no file open but where it complains", *files)
    TAP.ok(events in scribe and events not in worker, "the scribe has the events file, the worker has not", *scribe)
    tcp = {line.split()[9] for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]}
    TAP.ok(not {link[8:-1] for link in scribe if link.startswith("socket:")} & tcp, "the scribe has no TCP socket", *scribe)


class Load(threading.Thread):
    """Keeps the worker busy until it is told to stop, whatever becomes of its connections."""

    def __init__(self, bench):
        super().__init__(daemon=True)
        self.bench, self.stopping, self.answers = bench, False, 0

    def run(self):
        while not self.stopping:
            try:
                with peer.socket.create_connection(("127.0.0.1", self.bench.port), 5) as client:
                    client.settimeout(1)
                    while not self.stopping:
                        client.sendall(BIND)
                        self.answers += client.recv(65536).count(BOUND[-9:])
            except OSError:
                time.sleep(0.02)  # a listener whose queue is full


def running(pid):
    return status(pid).get("State", "")[:1]


def busy(pid):
    """Stopped while it works, not while it waits: its loop turn is open. True when that was met."""
    for _ in range(400):
        os.kill(pid, signal.SIGSTOP)
        gate.wait_for(lambda: running(pid) == "T", 2, 0.001)
        try:
            waits = pathlib.Path(f"/proc/{pid}/syscall").read_text().split()[0] in EPOLL
        except OSError:
            waits = True
        if not waits:
            return True
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.002)
    return False


EPOLL = {"232", "281", "441"}  # epoll_wait, epoll_pwait, epoll_pwait2 on x86-64; elsewhere the test is skipped


def stands_still(bench):
    if os.uname().machine != "x86_64" or not os.access("/proc/self/syscall", os.R_OK):
        TAP.skip("a worker that stands still while it is busy", "what it does cannot be seen here")
        return
    worker, others = bench.processes()["worker"], bench.processes()
    loads = [Load(bench) for _ in range(6)]
    for load in loads:
        load.start()
    try:
        TAP.ok(gate.wait_for(lambda: all(load.answers > 20 for load in loads), 10), "a worker is under load")
        if not TAP.ok(busy(worker), "it is stopped in the middle of its work"):
            return
        began = time.monotonic()
        gone = gate.wait_for(lambda: not status(worker) or running(worker) in "ZX", STILL + 3, 0.02)
        took = time.monotonic() - began
        TAP.ok(gone and 1.5 < took < STILL + 1, f"it is ended after {took:.1f} s: 2 s are borne")
        said = bench.gate.wait_event(lambda e: own(e, "kind") == "worker-hung" and own(e, "pid") == worker, 5)
        TAP.ok(said, "an event says that it hung", *bench.gate.events()[-3:])
        TAP.ok(bench.gate.wait_event(lambda e: own(e, "kind") == "worker-back", 5), "and one that its successor serves", *bench.gate.events()[-3:])
        counted = [load.answers for load in loads]
        TAP.ok(gate.wait_for(lambda: all(load.answers > was for load, was in zip(loads, counted)), 10), "and it does")
        now = bench.processes()
        TAP.ok(now.get("worker") != worker and all(now.get(name) == others[name] for name in ("keeper", "scribe")), "nobody else was replaced", others, now)
    finally:
        for load in loads:
            load.stopping = True
        for load in loads:
            load.join(10)


def may_wait(bench, answer):
    """A worker that waits may do so for ever, and be stopped meanwhile."""
    worker = bench.processes()["worker"]
    if not gate.wait_for(lambda: running(worker) == "S", 5):
        answer["problem"] = "it does not wait"
        return
    os.kill(worker, signal.SIGSTOP)
    time.sleep(QUIET)  # the time itself is what is tested
    answer["alive"] = running(worker) == "T"
    os.kill(worker, signal.SIGCONT)
    answer["same"] = bench.works() and bench.processes().get("worker") == worker
    answer["told"] = [e for e in bench.gate.events() if own(e, "kind") in ("worker-hung", "worker-crashed")]


def ordinary(scratch):
    """The same as an ordinary user: the same confinement, but for the ids."""
    if os.geteuid() != 0:
        me = os.geteuid()
        return Bench(scratch / "user"), me
    if not shutil.which("setpriv"):
        return None, 0
    who = pwd.getpwnam("nobody")
    (scratch / "user" / "run").mkdir(parents=True)
    for path in (scratch, scratch / "user", scratch / "user" / "run"):
        os.chmod(path, 0o711 if path == scratch else 0o700)
        if path != scratch:
            os.chown(path, who.pw_uid, who.pw_gid)
    drop = ["setpriv", f"--reuid={who.pw_uid}", f"--regid={who.pw_gid}", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]
    allowed = subprocess.run([*drop, str(gate.PROGRAM), "version"], capture_output=True, check=False).returncode == 0
    return (Bench(scratch / "user", lambda command: [*drop, *command]), who.pw_uid) if allowed else (None, 0)


def main():
    if not gate.has("run"):
        TAP.ok(False, "the program is built and has the verb run")
        return TAP.done()
    # The suite's own folder for temporary files is closed to others, and one of the gates here runs as another.
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-processes-", dir="/tmp" if os.geteuid() == 0 else None))
    root, benches, answer = os.geteuid() == 0, [], {}
    try:
        if root:
            child = next((pwd.getpwnam(name).pw_uid for name in ("sallyport", "nobody") if name in {p.pw_name for p in pwd.getpwall()}), None)
            benches.append(Bench(scratch / "root"))
            rights(benches[0], "as root", 0, child, {SETUID, SETGID, KILL})
            descriptors(benches[0])
        else:
            TAP.skip("as root", "not root")
        user, uid = ordinary(scratch)
        if user:
            benches.append(user)
            rights(user, "as an ordinary user", uid, uid, set())
            TAP.ok(user.works(), "as an ordinary user: it serves")
        else:
            TAP.skip("as an ordinary user", "there is no setpriv, or that user cannot read the program")
        idle, loaded = benches[-1], benches[0]
        waiting = threading.Thread(target=may_wait, args=(idle, answer))
        if idle is not loaded:
            waiting.start()
            stands_still(loaded)
        else:
            stands_still(loaded)
            waiting.start()
        waiting.join(30)
        TAP.ok(answer.get("alive") and answer.get("same") and not answer.get("told"), f"a worker that waits and is stopped for {QUIET:.0f} s is left alone, and serves at once",
               answer)
        TAP.ok(all(bench.close() == 0 for bench in benches), "and all of them end in order")
        benches = []
    finally:
        for bench in benches:
            bench.close()
        shutil.rmtree(scratch, ignore_errors=True)
    return TAP.done()


if __name__ == "__main__":
    sys.exit(main())

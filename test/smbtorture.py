#!/usr/bin/env python3
"""Samba's own tests of servers, directly and through the gate: what passes without the gate passes with it, or stands in known-torture.tsv.

  test/smbtorture.py                      a short choice, as the suite runs it
  test/smbtorture.py --all                everything that is bounded (an hour or so); --only smb2.lock: of that, what begins so
  test/smbtorture.py --all --direct       only which of them pass without a gate
"""
import argparse
import concurrent.futures
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "lab")]
import gate
import shared
import slapd
import smbd
from samba_dc import end_group
from tap import Tap

TAP = Tap()
KNOWN = ROOT / "test" / "known-torture.tsv"
RULES = ("allow opaque.sealed", "allow dcerpc.sealed", "pass", "default block")
OLD = ("base.", "raw.", "rap.", "unix.")  # of SMB 1
RPC = "rpc."
# Families a standalone server can pass anything of; the rest needs a domain, two servers or options of its own.
FAMILIES = (
    "smb2.", "base.", "raw.", "rap.basic", "rap.sam", "unix.whoami", "rpc.srvsvc", "rpc.wkssvc", "rpc.svcctl", "rpc.winreg", "rpc.lsa", "rpc.samr", "rpc.bind",
    "rpc.epmapper", "rpc.dfs", "rpc.eventlog", "rpc.ntsvcs", "rpc.samba3", "rpc.handles", "rpc.mgmt", "rpc.dsetup", "rpc.altercontext", "rpc.countcalls",
    "rpc.multibind", "rpc.join", "rpc.authcontext", "rpc.async", "rpc.browser", "rpc.initshutdown",
)
# Benches and endless ones, scans of every number there is, and those that need minutes or hardware.
LEFT_OUT = (
    "bench", "scan", "ping-pong", "hold-", "holdcon", "iometer", "torture", "multichannel", "replay", "kernel", "twrp", "delaywrite", "hold", "maxfid", "casetable",
    "utable", "dosmode", "durable-v2-delay", "change_notify_disabled", "aio_delay", "fdpass", "createx_", "secleak", "oplock-timeout", "clusapi", "maximum_allowed",
    "negnowait", "birthtime", "samba3hide", "offline", "bug14375", "many", "sesssetup", "raw.eas",
)
SHORT = (
    "smb2.connect", "smb2.read.eof", "smb2.read.position", "smb2.rw.rw1", "smb2.lock.valid-request", "smb2.lock.lock", "smb2.notify.close",
    "smb2.compound.related1", "smb2.compound.related2", "smb2.compound.unrelated1", "smb2.compound.interim1", "smb2.dir.find",
    "smb2.getinfo.fsinfo", "smb2.streams.dir", "smb2.rename.simple", "smb2.oplock.batch1", "smb2.lease.request",
    "smb2.session.reconnect1", "smb2.credits.session_setup_credits_granted", "smb2.tcon", "smb2.mkdir",
    "base.lock.LOCK2", "base.unlink", "base.attr", "base.trans2", "base.dir1", "base.tcon", "base.rw1", "base.open",
    "base.chkpath", "base.disconnect", "base.vuid", "raw.read.read", "raw.read.readx", "raw.write.writex",
    "raw.mkdir", "raw.unlink.unlink", "raw.rename.mv", "rap.basic.netshareenum", "rap.basic.netservergetinfo",
    "rpc.samba3.srvsvc", "rpc.samba3.wkssvc", "rpc.samba3.winreg", "rpc.samba3.bind", "rpc.samba3.lsa", "rpc.bind.spnego,sign", "rpc.bind.bigendian,ntlm,sign",
    "rpc.samba3.smb2-pipe-name", "rpc.samba3.smb1-pipe-name",
)
# Those that take up a handle of an earlier connection: the suite runs them with the tolerance.
DURABLE = ("smb2.durable-open.reopen1a", "smb2.durable-open.reopen2a", "smb2.durable-v2-open.reopen1a-lease", "smb2.durable-v2-open.reopen2b")
TOLERANT = (f"tolerate smb2.durable until {gate.FOREVER}", *RULES)


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--only", default="", help="names that begin so")
    parser.add_argument("--direct", action="store_true", help="no gate")
    parser.add_argument("--seconds", type=int, default=15, help="for one test")
    parser.add_argument("--bound", type=int, default=0, help="seconds for all of them: what has not begun by then is left out (short choice: 80)")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    args.bound = args.bound or (7200 if args.all or args.only else 80)
    return args


def names(args):
    """The tests wanted, as smbtorture lists them."""
    done = subprocess.run([slapd.program("smbtorture"), "--list"], capture_output=True, text=True, check=False)
    # The last word of a line is a test of a case; cases are what is run.
    listed = {line.strip().rpartition(".")[0]: None for line in done.stdout.splitlines() if "." in line and not line.startswith("smbtorture ")}
    bounded = [name for name in sorted(listed) if name.startswith(FAMILIES) and not any(word in name for word in LEFT_OUT)]
    if args.all or args.only:
        return [name for name in bounded if name.startswith(args.only)]
    return [name for name in SHORT if name in listed]


class Bench:
    """Where tests run: one share for each of those that run at once, so that they do not see each other's files."""

    def __init__(self, server, port, seconds):
        self.server, self.port, self.seconds = server, port, seconds

    def command(self, name, share):
        words = [slapd.program("smbtorture"), "-s", self.server.client_config, "-U", f"{smbd.USER}%{smbd.PASSWORD}", "-p", self.port, "-t", self.seconds]
        if name.startswith(OLD):
            words += ["--option=client min protocol=NT1", "--option=client max protocol=NT1"]
        where = f"ncacn_np:{self.server.address}" if name.startswith(RPC) else f"//{self.server.address}/{share}"
        return [str(word) for word in (*words, where, name)]

    def passes(self, name, share):
        """Whether a test passes in its time, and what it said."""
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(self.server.dir), "TZ": "UTC"}
        running = subprocess.Popen(
            self.server.within(self.command(name, share)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment,
            start_new_session=True, cwd=self.server.dir / "client",
        )
        try:
            said = running.communicate(timeout=self.seconds)[0].decode(errors="replace")
        except subprocess.TimeoutExpired:
            end_group(running)
            running.communicate()
            return False, "it did not end in time"
        # What has skipped itself has shown nothing.
        return running.returncode == 0 and "\nsuccess: " in "\n" + said, said


class Results:
    def __init__(self):
        self.lock, self.direct, self.bad, self.good, self.late = threading.Lock(), [], {}, [], []


def one(name, direct, through, shares, results, deadline):
    """A test directly, and if it passes through the gate; a failure counts when it comes again."""
    if time.monotonic() > deadline:
        results.late.append(name)
        return
    share = shares.pop()
    try:
        if not direct.passes(name, share)[0]:
            return
        with results.lock:
            results.direct.append(name)
        if through is None:
            return
        good, said = through.passes(name, share)
        if not good and direct.passes(name, share)[0]:
            good, said = through.passes(name, share)
        with results.lock:
            if good:
                results.good.append(name)
            else:
                results.bad[name] = said
    finally:
        shares.append(share)


def run_all(wanted, direct, through, args):
    results, shares, deadline = Results(), [f"torture{n}" for n in range(args.jobs)], time.monotonic() + args.bound
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        list(pool.map(lambda name: one(name, direct, through, shares, results, deadline), wanted))
    return results


def shares_of(scratch, jobs):
    """More of smb.conf: shares as smbtorture wants them."""
    lines = ["unix extensions = yes", "store dos attributes = yes", "ea support = yes", "smb2 leases = yes", "kernel oplocks = no"]
    for number in range(jobs):
        path = scratch / f"torture{number}"
        path.mkdir()
        path.chmod(0o777)
        lines += [f"[torture{number}]", f"path = {path}", "read only = no", "vfs objects = acl_xattr streams_xattr", "store dos attributes = yes",
                  "map hidden = no", "map system = no", "map archive = no", "ea support = yes", "strict locking = yes", f"admin users = {smbd.account(0)}"]
    return lines


class Torture(smbd.Smbd):
    """A server with the shares of these tests."""

    def __init__(self, scratch, jobs):
        super().__init__(scratch / "smbd", "nt1")
        self.torture = (scratch, jobs)

    def _write(self):
        super()._write()
        with open(self.config, "a") as file:
            file.write("\n".join(shares_of(*self.torture)[5:]) + "\n")


def report(results, wanted):
    known = {row["test"]: row for row in shared.table(KNOWN, ("test", "reason", "why"))}
    tail = [f"{name}: {said.strip().splitlines()[-1] if said.strip() else 'it said nothing'}" for name, said in sorted(results.bad.items()) if name not in known]
    TAP.ok(results.direct, f"{len(results.direct)} of {len(wanted)} tests pass without the gate")
    TAP.ok(not tail, f"and through the gate: {len(results.good)} pass, {len(results.bad) - len(tail)} are explained in {KNOWN.name}", *tail)
    for name in sorted(set(known) & set(results.good)):
        TAP.note(f"{name} passes now: its line in {KNOWN.name} can go")
    if results.late:
        TAP.note(f"left out, the time was over: {len(results.late)}, from {results.late[0]} on")


def service(name, server, rules):
    return gate.Service(name, (server.address, slapd.free_port()), ("server", server.port), rules, protocol="smb", max_flows_per_source=512)


def durable(direct, tolerant):
    """Handles that outlive their connection, where the policy tolerates them."""
    passing = [name for name in DURABLE if direct.passes(name, "torture0")[0]]
    bad = []
    for name in passing:
        good, said = tolerant.passes(name, "torture0")
        if not good:
            bad.append(f"{name}: {said}")
    TAP.ok(passing and not bad, f"with tolerate smb2.durable: {len(passing) - len(bad)} of {len(passing)} take up their handles through the gate", *bad)


def work(scratch, args, wanted):
    began = time.monotonic()
    server, running = Torture(scratch, args.jobs), None
    try:
        server.start()
        direct, through = Bench(server, server.port, args.seconds), None
        if not args.direct:
            services = [service(name, server, rules) for name, rules in (("files", RULES), ("tolerant", TOLERANT))]
            running = gate.Gate(scratch / "gate", gate.policy(services, {"server": server.address})).start()
            through = Bench(server, services[0].listen[1], args.seconds)
        results = run_all(wanted, direct, through, args)
        if args.direct:
            print("\n".join(f"# passes: {name}" for name in results.direct))
            TAP.ok(results.direct, f"{len(results.direct)} of {len(wanted)} tests pass without the gate")
        else:
            report(results, wanted)
            if not args.only:
                durable(direct, Bench(server, services[1].listen[1], args.seconds))
            TAP.ok(running.alive(), "the gate is still there")
        print(f"# {len(wanted)} tests: {time.monotonic() - began:.1f} s", flush=True)
    finally:
        if running:
            running.stop()
        server.stop()


def main():
    args = options()
    if not args.direct and not gate.has("run"):
        TAP.ok(False, "the program is built and has the verb run")
        return TAP.done()
    try:
        slapd.program("smbtorture")
        why = smbd.why_not()
    except FileNotFoundError as error:
        why = str(error)
    if why:
        TAP.skip("smbtorture", why)
        return TAP.done()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended all the same
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-torture-", dir="/tmp"))
    try:
        work(scratch, args, names(args))
    except (OSError, RuntimeError) as error:
        TAP.ok(False, "the lab works", str(error)[-3000:])
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return TAP.done()


if __name__ == "__main__":
    sys.exit(main())

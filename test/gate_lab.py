#!/usr/bin/env python3
"""Real clients of real servers through the gate: what they print is what they print without it, byte for byte."""
import os
import pathlib
import re
import shutil
import signal
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "lab")]
import domain_clients
import exchange
import gate
import samba_dc
import slapd
from tap import Tap

TAP = Tap()
CROWD = 10000
CLEAR = ("pass", "default block")
# What two runs may differ in, each by its name.
RULES = {
    "the port asked": (re.compile(r"(?<=localhost:)\d+|(?<=127\.0\.0\.1:)\d+"), ""),
    "a password made by chance": (re.compile(r"(?<=New password: ).*"), ""),
}


def normalised(text):
    for pattern, put in RULES.values():
        text = pattern.sub(put, text)
    return text


def difference(one, two):
    """Where two texts part."""
    one, two = one.splitlines(), two.splitlines()
    at = next((i for i, (a, b) in enumerate(zip(one, two)) if a != b), min(len(one), len(two)))
    return [f"direct, line {at + 1} of {len(one)}:", *one[at : at + 3], f"through the gate, of {len(two)}:", *two[at : at + 3]]


def compare(title, direct, through, clean):
    """Two finished clients: exit code, what they said, and that the first one did what it should."""
    if direct is None:
        TAP.skip(title, through)
        return
    same = all(a == b for a, b in zip(direct, through))
    lines = [] if same else [f"exit {direct[0]} and {through[0]}", *difference(clean(direct[1]), clean(through[1])), *difference(direct[2], through[2])]
    TAP.ok(same, title, *lines)


def more_operations(port):
    """Beside what the lab's clients do: results of thousands, and a large value."""
    plain = ["-x", "-H", f"ldap://127.0.0.1:{port}"]
    admin = [*plain, "-D", slapd.ADMIN, "-w", slapd.ADMIN_PASSWORD]
    photo = "".join(f" {'QUFB' * 19}\n" for _ in range(2600))
    dave = f"uid=dave,{exchange.PEOPLE}"
    large = f"dn: {dave}\nobjectClass: inetOrgPerson\nuid: dave\ncn: Dave\nsn: Dave\njpegPhoto:: QUFB\n{photo}"
    return [
        exchange.Operation(f"{CROWD} entries", ["ldapsearch", "-LLL", *plain, "-b", f"ou=crowd,{slapd.SUFFIX}", "(uid=*)"]),
        exchange.Operation(f"{CROWD} entries in pages of 500", ["ldapsearch", "-LLL", *plain, "-E", "pr=500/noprompt", "-b", f"ou=crowd,{slapd.SUFFIX}", "uid"]),
        exchange.Operation("adding a large value", ["ldapadd", *admin], large),
        exchange.Operation("reading it", ["ldapsearch", "-LLL", *plain, "-b", dave]),
    ]


def run_slapd(server, port):
    """(exit code, output, errors) of each operation, or None and why it was left out."""
    for operation in [*exchange.operations(port, server), *more_operations(port)]:
        done = exchange.finished(operation, server)
        if isinstance(done, str):
            yield operation, None, done
        else:
            yield operation, (done.returncode, normalised(done.stdout), normalised(done.stderr)), ""


def whole_directory(server):
    search = ["ldapsearch", "-LLL", "-x", "-H", f"ldap://127.0.0.1:{server.port}", "-D", slapd.ADMIN, "-w", slapd.ADMIN_PASSWORD, "-b", slapd.SUFFIX]
    text = exchange.finished(exchange.Operation("all", search), server).stdout
    return re.sub(r"(?m)^userPassword:.*$", "userPassword", text)


def slapd_equal(scratch):
    """Two directories that are equal, one asked directly, one through the gate."""
    servers = [slapd.Slapd(scratch / name, crowd=CROWD) for name in ("direct", "through")]
    running = None
    try:
        for server in servers:
            server.start()
        port = slapd.free_port()
        service = gate.Service("directory", ("127.0.0.1", port), ("server", servers[1].port))
        running = gate.Gate(scratch / "gate", gate.policy([service], {"server": "127.0.0.1"})).start()
        for (operation, direct, why), (_, through, _) in zip(run_slapd(servers[0], servers[0].port), run_slapd(servers[1], port)):
            compare(f"slapd: {operation.title}", direct, why if direct is None else through, str)
            if direct:
                TAP.ok(direct[0] == operation.code, f"slapd: {operation.title}: the client does what it should", *direct[1:])
        TAP.ok(whole_directory(servers[0]) == whole_directory(servers[1]), "slapd: both directories hold the same afterwards")
        told = gate.refusals(running.events())
        TAP.ok(not told, "slapd: nothing was refused", *told[:5])
        TAP.ok(all(server.alive() for server in servers), "slapd: the servers live")
        code, running = running.stop(), None
        TAP.ok(code == 0, "slapd: the gate stops in order", f"exit {code}")
        unseen(servers[1], scratch)
    finally:
        if running:
            running.stop()
        for server in servers:
            server.stop()


def unseen(server, scratch):
    """The same without the two sentences that allow what cannot be seen."""
    port = slapd.free_port()
    service = gate.Service("directory", ("127.0.0.1", port), ("server", server.port), CLEAR)
    running = gate.Gate(scratch / "strict", gate.policy([service], {"server": "127.0.0.1"})).start()
    try:
        for operation in exchange.operations(port, server):
            reason = {"StartTLS": "opaque.tls", "DIGEST-MD5, then sealed": "opaque.sealed"}.get(operation.title)
            if not reason:
                continue
            done = exchange.finished(operation, server)
            if isinstance(done, str):
                TAP.skip(f"{operation.title} needs {reason} to be allowed", done)
                continue
            TAP.ok(done.returncode, f"{operation.title} fails when policy does not allow it", done.stdout, done.stderr)
            TAP.ok(running.wait_event(lambda e: gate.reason(e) == reason), f"and the event says {reason}", *running.events()[-3:])
    finally:
        running.stop()


def run_domain(domain, operations, address):
    """All of them with the controller's name leading to `address`."""
    domain.lead(address)
    found = []
    for operation in operations:
        done = domain.run(operation.command, operation.stdin)
        found.append((done.returncode, domain_clients.normalised(done.stdout), domain_clients.normalised(done.stderr)))
    return found


def domain_gate(domain, dir, rules, tolerances=()):
    lines = [f"tolerate {name} until {gate.FOREVER}" for name in tolerances]
    listen, to = (samba_dc.FRONT, 389), ("dc1", 389)
    service = gate.Service("domain", listen, to, (*lines, *rules), ("tcp", "udp"))
    return gate.Gate(dir, gate.policy([service], {"dc1": samba_dc.SERVER}), domain.space.within)


def domain_equal(scratch):
    """One controller: asked directly, then through a gate that stands where its name leads."""
    domain = samba_dc.Domain(scratch / "domain")
    running = None
    try:
        began = time.monotonic()
        domain.start()
        print("# domain controller: " + ", ".join(f"{name} {took:.1f} s" for name, took in domain.seconds.items()), flush=True)
        clients = [*domain_clients.datagrams(domain), *domain_clients.clear(domain), *domain_clients.sealed(domain), *domain_clients.encrypted(domain)]
        direct = run_domain(domain, clients, samba_dc.SERVER)
        running = domain_gate(domain, scratch / "gate", gate.EVERYTHING).start()
        through = run_domain(domain, clients, samba_dc.FRONT)
        for operation, one, two in zip(clients, direct, through):
            compare(f"domain: {operation.title}", one, two, str)
            TAP.ok(one[0] == operation.code, f"domain: {operation.title}: the client does what it should", *one[1:])
        told = gate.refusals(running.events())
        TAP.ok(not told, "domain: nothing was refused", *told[:5])
        code = running.stop()
        # Who asks over UDP does not say when that is over: those flows end with the gate at the latest.
        flows = [e for e in running.events() if e.get("event_type") == "flow"]
        running = None
        TAP.ok({"TCP", "UDP"} <= {e.get("proto") for e in flows}, "domain: they came over TCP and UDP", *flows[:2])
        TAP.ok(code == 0, "domain: the gate stops in order", f"exit {code}")
        domain_unseen(domain, scratch)
        TAP.ok(domain.alive(), "domain: the controller lives")
        print(f"# domain controller, in all: {time.monotonic() - began:.1f} s", flush=True)
    finally:
        if running:
            running.stop()
        domain.stop()


def domain_unseen(domain, scratch):
    """Sealed binds pass only by name; what can be read passes all the same."""
    running = domain_gate(domain, scratch / "strict", CLEAR).start()
    try:
        for operation in domain_clients.sealed(domain)[:1] + domain_clients.encrypted(domain):
            code, said, errors = run_domain(domain, [operation], samba_dc.FRONT)[0]
            TAP.ok(code, f"domain: {operation.title} fails when policy does not allow it", said[-300:], errors)
        for reason in ("opaque.sealed", "opaque.tls"):
            TAP.ok(running.wait_event(lambda e: gate.reason(e) == reason), f"domain: and an event says {reason}", *running.events()[-3:])
        code = run_domain(domain, domain_clients.datagrams(domain)[:1], samba_dc.FRONT)[0][0]
        TAP.ok(code == 0, "domain: what can be read passes")
    finally:
        running.stop()


def part(title, why_not, work, scratch):
    """One server's tests, or why they are left out."""
    if why_not and (os.geteuid() != 0 or os.environ.get("SHARED_REQUIRED") != "1"):
        TAP.skip(title, why_not)
        return
    try:
        scratch.mkdir()
        work(scratch)
    except (OSError, RuntimeError) as error:
        TAP.ok(False, f"{title}: the lab works", str(error)[-3000:])


def no_slapd():
    try:
        slapd.program("slapd")
    except FileNotFoundError as error:
        return str(error)
    return None


def main():
    if not gate.has("run"):
        TAP.ok(False, "the program is built and has the verb run")
        return TAP.done()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended all the same
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-gate-"))
    try:
        part("slapd", no_slapd(), slapd_equal, scratch / "slapd")
        part("domain controller", samba_dc.why_not(), domain_equal, scratch / "samba")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return TAP.done()


if __name__ == "__main__":
    sys.exit(main())

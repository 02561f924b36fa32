"""What the lab's clients do, the same however it is recorded; and the two ways to record."""
import os
import pathlib
import shutil
import signal
import subprocess
import time

import relay
import slapd
from vector import Vector

HERE = pathlib.Path(__file__).resolve().parent
PEOPLE, GROUPS = f"ou=people,{slapd.SUFFIX}", f"ou=groups,{slapd.SUFFIX}"
CAROL = f"uid=carol,{PEOPLE}"
ADD = f"""dn: {CAROL}
objectClass: inetOrgPerson
uid: carol
cn: Carol Example
sn: Example
description:: {"QUFB" * 250}

dn: ou=machines,{slapd.SUFFIX}
objectClass: organizationalUnit
ou: machines

dn: ou=old,ou=machines,{slapd.SUFFIX}
objectClass: organizationalUnit
ou: old
"""
MODIFY = f"""dn: {CAROL}
changetype: modify
replace: sn
sn: Renamed
-
add: telephoneNumber
telephoneNumber: +1 555 0100
telephoneNumber: +1 555 0101
-
delete: description
"""
DEEP = "(&(objectClass=person)(|(uid=user0*)(sn=*umber1*)(!(cn~=Nobody)))(uid>=a)(uid<=z)(cn:caseExactMatch:=Alice Example))"

# Vectors whose last message a client may send to any directory server: harmless, and refused by name.
BROKEN = [
    "filter-depth-limit", "filter-depth-many", "ber-indefinite-filter", "page-size-limit", "control-twice-same",
    "op-direction-client-bind-response", "starttls-glued-search", "id-busy-same",
]


class Operation:
    """One run of one client: its title, what it is told, on stdin too, and the exit code a healthy server gives it."""

    def __init__(self, title, command, stdin="", code=0):
        self.title, self.command, self.stdin, self.code = title, command, stdin, code


def operations(port, server):
    """The clients' runs, in order."""
    uri = ["-H", f"ldap://127.0.0.1:{port}"]
    plain = ["-x", *uri]
    admin = [*plain, "-D", slapd.ADMIN, "-w", slapd.ADMIN_PASSWORD]
    user = [*plain, "-D", f"uid={slapd.USER},{PEOPLE}", "-w", slapd.USER_PASSWORD]
    sasl = ["-Q", "-H", f"ldap://localhost:{port}", "-U", slapd.USER, "-w", slapd.USER_PASSWORD, "-Y"]
    return [
        Operation("who am I, anonymously", ["ldapwhoami", *plain]),
        Operation("who am I, with a password", ["ldapwhoami", *user]),
        Operation("a wrong password", ["ldapwhoami", *plain, "-D", slapd.ADMIN, "-w", "wrong"], code=49),
        Operation("the root of the directory", ["ldapsearch", "-LLL", *plain, "-s", "base", "-b", "", "*", "+"]),
        Operation("everything below", ["ldapsearch", "-LLL", *plain, "-b", slapd.SUFFIX]),
        Operation("a filter of every kind", ["ldapsearch", "-LLL", *plain, "-b", slapd.SUFFIX, DEEP, "cn"]),
        Operation("pages of seven", ["ldapsearch", "-LLL", *user, "-E", "pr=7/noprompt", "-b", PEOPLE, "(uid=*)", "uid"]),
        Operation("a group of thousands", ["ldapsearch", "-LLL", *plain, "-b", f"cn=everybody,{GROUPS}", "member"]),
        Operation("types only, with limits", ["ldapsearch", "-A", "-z", "5", "-l", "10", *plain, "-b", slapd.SUFFIX], code=4),
        Operation("something that is not there", ["ldapsearch", *plain, "-b", f"ou=nowhere,{slapd.SUFFIX}"], code=32),
        Operation("adding three entries", ["ldapadd", *admin], ADD),
        Operation("adding one twice", ["ldapadd", "-c", *admin], ADD, code=68),
        Operation("modifying one", ["ldapmodify", *admin], MODIFY),
        Operation("comparing, and it is so", ["ldapcompare", *plain, CAROL, "sn:Renamed"], code=6),
        Operation("comparing, and it is not so", ["ldapcompare", *plain, CAROL, "sn:Example"], code=5),
        Operation("setting a password", ["ldappasswd", *admin, "-s", "lab-carol", CAROL]),
        Operation("using it", ["ldapwhoami", *plain, "-D", CAROL, "-w", "lab-carol"]),
        Operation("a generated password", ["ldappasswd", *admin, CAROL]),
        Operation("renaming", ["ldapmodrdn", "-r", *admin, CAROL, "uid=caroline"]),
        Operation("renaming and moving", ["ldapmodrdn", "-r", "-s", GROUPS, *admin, f"uid=caroline,{PEOPLE}", "uid=carol"]),
        Operation("deleting", ["ldapdelete", *admin, f"uid=carol,{GROUPS}"]),
        Operation("deleting a tree", ["ldapdelete", "-r", *admin, f"ou=machines,{slapd.SUFFIX}"]),
        Operation("controls: assertion and pre-read", ["ldapmodify", *admin, "-e", "!assert=(sn=Example)", "-e", "preread=sn"],
                  f"dn: uid={slapd.USER},{PEOPLE}\nchangetype: modify\nreplace: title\ntitle: Dr\n"),
        Operation("an extended operation by name", ["ldapexop", *admin, "whoami"]),
        Operation("SCRAM-SHA-256", ["ldapwhoami", *sasl, "SCRAM-SHA-256"]),
        Operation("DIGEST-MD5, then sealed", ["ldapwhoami", *sasl, "DIGEST-MD5"]),
        Operation("DIGEST-MD5, not sealed", ["ldapwhoami", *sasl, "DIGEST-MD5", "-O", "maxssf=0"]),
        Operation("StartTLS", ["ldapwhoami", "-ZZ", *user]),
        Operation("another client: python3-ldap3", ["/usr/bin/python3", HERE / "ldap3_client.py", port, server.certificate]),
    ]


def finished(operation, server):
    """Run one client to its end; why not instead when it is not installed."""
    command = [str(word) for word in operation.command]
    if not shutil.which(command[0]):
        return f"{command[0]} is not installed"
    environment = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "LDAPCONF": str(server.dir / "ldap.conf"),
        "LDAPTLS_CACERT": str(server.certificate),
        "HOME": str(server.dir),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(
        command, input=operation.stdin, capture_output=True, text=True, errors="replace", env=environment, timeout=60, check=False
    )
    return done.stdout.strip() if done.returncode == 77 else done


def perform(operation, server):
    """Run one client. (exit code is as expected, what it said); None instead when it is not installed."""
    done = finished(operation, server)
    if isinstance(done, str):
        return None, done
    return done.returncode == operation.code, f"exit {done.returncode}, expected {operation.code}\n{done.stdout}{done.stderr}"


class Tcpdump:
    """Records loopback with tcpdump. start() says False when we may not."""

    name = "tcpdump on loopback"

    def __init__(self, target_port, path):
        self.port, self.path = target_port, path

    def start(self, patience=5):
        try:
            command = [slapd.program("tcpdump"), "-i", "lo", "-s", "0", "-U", "--immediate-mode", "-B", "32768"]
        except FileNotFoundError:
            return False
        self.file = open(self.path, "wb")
        self.said = self.path.with_suffix(".tcpdump").open("w+b")
        command += ["-w", "-", "tcp", "port", str(self.port)]
        self.process = subprocess.Popen(command, stdout=self.file, stderr=self.said, start_new_session=True)
        deadline = time.monotonic() + patience
        while b"listening on" not in self.path.with_suffix(".tcpdump").read_bytes():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                return False
            time.sleep(0.02)
        return True

    def stop(self):
        """Ends when the last packet is in the file: its size stands still."""
        size, still = -1, 0
        while self.process.poll() is None and still < 3:
            time.sleep(0.1)
            now = self.path.stat().st_size
            still, size = (still + 1, size) if now == size else (0, now)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.wait(10)
        self.file.close()
        self.said.close()


class Relayed:
    """Records by carrying: clients talk to the relay's port."""

    name = "a relay that writes what it carries"

    def __init__(self, target_port, path):
        self.target, self.path = target_port, path

    def start(self):
        self.file = open(self.path, "wb")
        self.relay = relay.Relay(self.target, self.file).start()
        self.port = self.relay.port
        return True

    def stop(self):
        self.relay.stop()
        self.file.close()

"""A directory server of our own on loopback: configuration, a small directory, start, and the end of exactly this one."""
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import time

SUFFIX = "dc=example,dc=org"
ADMIN, ADMIN_PASSWORD = f"cn=admin,{SUFFIX}", "lab-admin"
USER, USER_PASSWORD = "alice", "lab-alice"
PEOPLE, GROUP_MEMBERS = 40, 3000
SEARCHED = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin:/sbin"
GIVEN = set()
SCHEMAS = ["core", "cosine", "inetorgperson"]
CONFIG = """
{includes}
modulepath {modules}
moduleload back_mdb
pidfile "{dir}/slapd.pid"
TLSCertificateFile "{dir}/cert.pem"
TLSCertificateKeyFile "{dir}/key.pem"
sasl-secprops none
sasl-host localhost
authz-regexp "^uid=([^,]+),cn=[^,]+,cn=auth$" "uid=$1,ou=people,{suffix}"
password-hash {{CLEARTEXT}}
loglevel 0
sizelimit unlimited
database mdb
maxsize 67108864
suffix "{suffix}"
rootdn "{admin}"
rootpw {password}
directory "{dir}/data"
index objectClass,uid eq
access to attrs=userPassword by self write by anonymous auth by * none
access to * by users read by anonymous read
"""


def program(name):
    """The path of a program that ordinary users' PATH may lack."""
    found = shutil.which(name, path=SEARCHED)
    if not found:
        raise FileNotFoundError(f"{name} is not installed: run tools/deps")
    return found


def is_free(port):
    try:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(socket.AF_INET, kind) as s:
                s.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def free_port():
    """A port nobody listens on, and that was not given here before; below those the system gives to clients, who would take it meanwhile.

    Those from 32000 on are left to servers that vectors let announce a port."""
    while True:
        port = random.randrange(10000, 32000)
        if port not in GIVEN and is_free(port):
            GIVEN.add(port)
            return port


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def entry(dn, *lines):
    return f"dn: {dn}\n" + "\n".join(lines) + "\n\n"


def person(uid, name, password=None):
    lines = ["objectClass: inetOrgPerson", f"uid: {uid}", f"cn: {name}", f"sn: {name.split()[-1]}", f"mail: {uid}@example.org"]
    if password:
        lines.append(f"userPassword: {password}")
    return entry(f"uid={uid},ou=people,{SUFFIX}", *lines)


def directory(people=PEOPLE, crowd=0):
    """The LDIF of everything; `crowd` more people stand in a unit of their own."""
    out = entry(SUFFIX, "objectClass: dcObject", "objectClass: organization", "o: Example", "dc: example")
    out += "".join(entry(f"ou={ou},{SUFFIX}", "objectClass: organizationalUnit", f"ou: {ou}") for ou in ("people", "groups"))
    out += person(USER, "Alice Example", USER_PASSWORD)
    out += "".join(person(f"user{i:03}", f"User Number{i}") for i in range(people))
    members = [f"member: uid=user{i:05},ou=people,{SUFFIX}" for i in range(GROUP_MEMBERS)]
    out += entry(f"cn=everybody,ou=groups,{SUFFIX}", "objectClass: groupOfNames", "cn: everybody", *members)
    out += entry(f"cn=few,ou=groups,{SUFFIX}", "objectClass: groupOfNames", "cn: few", f"member: uid={USER},ou=people,{SUFFIX}")
    if crowd:
        out += entry(f"ou=crowd,{SUFFIX}", "objectClass: organizationalUnit", "ou: crowd")
        out += "".join(entry(f"uid=c{i},ou=crowd,{SUFFIX}", "objectClass: account", f"uid: c{i}") for i in range(crowd))
    return out


class Slapd:
    """Everything it writes lies below `dir`; `port` is its port on 127.0.0.1."""

    def __init__(self, dir, people=PEOPLE, crowd=0):
        self.dir = pathlib.Path(dir)
        self.people, self.crowd = people, crowd
        self.port = 0
        self.process = None

    @property
    def certificate(self):
        return self.dir / "cert.pem"

    def _write(self):
        self.dir.mkdir(parents=True, exist_ok=True)
        (self.dir / "data").mkdir(mode=0o700)
        # Distributions keep schema and modules in one of these.
        schema = next((p for p in ("/etc/ldap/schema", "/etc/openldap/schema") if os.path.isdir(p)), "/etc/ldap/schema")
        modules = next((p for p in ("/usr/lib/ldap", "/usr/lib64/openldap", "/usr/lib/openldap") if os.path.isdir(p)), "/usr/lib/ldap")
        includes = "\n".join(f"include {schema}/{name}.schema" for name in SCHEMAS)
        values = dict(includes=includes, modules=modules, dir=self.dir, suffix=SUFFIX, admin=ADMIN, password=ADMIN_PASSWORD)
        (self.dir / "slapd.conf").write_text(CONFIG.format(**values))
        (self.dir / "directory.ldif").write_text(directory(self.people, self.crowd))

    def _certify(self):
        command = [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
        command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        command += ["-keyout", self.dir / "key.pem", "-out", self.certificate]
        run(command)

    def start(self, patience=10):
        self._write()
        self._certify()
        run([program("slapadd"), "-q", "-f", self.dir / "slapd.conf", "-l", self.dir / "directory.ldif"])
        self.port = free_port()
        command = [program("slapd"), "-d", "0", "-h", f"ldap://127.0.0.1:{self.port}/", "-f", self.dir / "slapd.conf"]
        with open(self.dir / "slapd.log", "wb") as log:
            # Its own session: Ctrl-C reaches us first, and we end it when its clients are done.
            self.process = subprocess.Popen([str(c) for c in command], stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + patience
        while not answers(self.port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError("slapd did not start:\n" + (self.dir / "slapd.log").read_text())
            time.sleep(0.05)
        return self

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None


def run(command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")

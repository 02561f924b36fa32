"""A domain controller of our own in a network namespace: provisioned into a scratch folder, filled, started, and ended by its id."""
import os
import pathlib
import shutil
import signal
import subprocess
import time

import space

HERE = pathlib.Path(__file__).resolve().parent
REALM, DOMAIN, SUFFIX = "LAB.EXAMPLE", "LAB", "DC=lab,DC=example"
HOST, NAME = "dc1", "dc1.lab.example"
PEOPLE, MEMBERS = 20, 3500  # the server cuts an attribute into ranges of 1500 values for those who ask for ranges
USER, PASSWORD, ADMIN_PASSWORD = "user00", "Lab-User.1", "Lab-Admin.1"
SERVER, FRONT = "10.77.0.2", "10.77.0.1"  # where it is; where a gate may stand
PROGRAMS = ("samba", "samba-tool", "net", "ldbsearch", "kinit")
CONFIG = """[global]
netbios name = {host}
realm = {realm}
workgroup = {domain}
server role = active directory domain controller
server services = rpc ldap cldap kdc
interfaces = {server}
bind interfaces only = yes
disable netbios = yes
ldap server require strong auth = no
private dir = {dir}/private
state directory = {dir}/state
lock directory = {dir}/lock
cache directory = {dir}/cache
pid directory = {dir}/lock
ncalrpc dir = {dir}/ncalrpc
binddns dir = {dir}/bind-dns
log file = {dir}/samba.%m
panic action = /bin/true
[sysvol]
path = {dir}/state/sysvol
[netlogon]
path = {dir}/state/sysvol/lab.example/scripts
"""
CLIENT = """[global]
realm = {realm}
workgroup = {domain}
netbios name = LABCLIENT
private dir = {dir}/client
state directory = {dir}/client
lock directory = {dir}/client
cache directory = {dir}/client
pid directory = {dir}/client
disable netbios = yes
name resolve order = host
client ldap sasl wrapping = {wrapping}
"""
KERBEROS = """[libdefaults]
default_realm = {realm}
dns_lookup_realm = false
dns_lookup_kdc = false
dns_canonicalize_hostname = false
rdns = false
[realms]
{realm} = {{
	kdc = {server}
}}
[domain_realm]
.lab.example = {realm}
lab.example = {realm}
"""


def why_not():
    """Why there can be no domain controller here, or None."""
    missing = [name for name in PROGRAMS if not shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")]
    return space.Space.why_not() or (f"{missing[0]} is not installed: run tools/deps" if missing else None)


class Domain:
    """Everything it writes lies below `dir`. `seconds` tells what took how long."""

    def __init__(self, dir):
        self.dir = pathlib.Path(dir)
        self.space = space.Space(self.dir, [SERVER, FRONT])
        self.process, self.seconds = None, {}
        self.values = dict(dir=self.dir, realm=REALM, domain=DOMAIN, host=HOST, server=SERVER)

    def client_config(self, wrapping):
        return self.dir / f"client-{wrapping}.conf"

    @property
    def environment(self):
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "SALLYPORT") if name in os.environ}
        return dict(kept, KRB5_CONFIG=str(self.dir / "krb5.conf"), KRB5CCNAME=f"FILE:{self.dir}/tickets", HOME=str(self.dir), LC_ALL="C.UTF-8",
                    LDAPCONF=str(self.dir / "ldap.conf"), LDAPSASL_NOCANON="on")

    def _timed(self, title, command):
        began = time.monotonic()
        done = self.run(command, patience=240)
        self.seconds[title] = time.monotonic() - began
        if done.returncode:
            raise RuntimeError(f"{title} failed:\n{done.stdout}{done.stderr}")

    def _write(self):
        for name in ("private", "state", "lock", "cache", "ncalrpc", "bind-dns", "client"):
            (self.dir / name).mkdir(parents=True, exist_ok=True)
        (self.dir / "smb.conf").write_text(CONFIG.format(**self.values))
        for wrapping in ("plain", "sign", "seal"):
            self.client_config(wrapping).write_text(CLIENT.format(wrapping=wrapping, **self.values))
        (self.dir / "krb5.conf").write_text(KERBEROS.format(**self.values))
        (self.dir / "ldap.conf").write_text("SASL_NOCANON on\nTLS_REQCERT never\n")

    def _provision(self):
        command = ["samba-tool", "domain", "provision", "--server-role=dc", "--dns-backend=NONE", f"--realm={REALM}", f"--domain={DOMAIN}"]
        command += [f"--adminpass={ADMIN_PASSWORD}", f"--host-name={HOST}", f"--host-ip={SERVER}", f"--configfile={self.dir}/smb.conf"]
        self._timed("provisioning", command)
        fill = ["/usr/bin/python3", HERE / "samba_fill.py", self.dir / "smb.conf", self.dir / "private" / "sam.ldb"]
        self._timed("filling", [*fill, PEOPLE, PASSWORD, MEMBERS])

    def start(self, patience=30):
        self.dir.mkdir(parents=True, exist_ok=True)
        self.space.open()
        self.space.call({NAME: SERVER})
        self._write()
        self._provision()
        began = time.monotonic()
        command = self.space.within(["samba", "-i", "-M", "single", "-s", self.dir / "smb.conf", "--debug-stdout"])
        with open(self.dir / "samba.log", "wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=self.environment, start_new_session=True)
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() - began > patience:
                self.stop()
                raise RuntimeError("samba did not start:\n" + (self.dir / "samba.log").read_text(errors="replace"))
            time.sleep(0.05)
        self.seconds["starting"] = time.monotonic() - began
        return self

    def _answers(self):
        """The directory answers, and tickets are given."""
        asked = self.run(["ldapsearch", "-x", "-H", f"ldap://{SERVER}", "-s", "base", "-b", "", "dnsHostName"], patience=5)
        return asked.returncode == 0 and self.run(["kinit", f"{USER}@{REALM}"], stdin=PASSWORD + "\n", patience=10).returncode == 0

    def lead(self, address):
        """From now on the controller's name leads there; what clients remember of it is forgotten."""
        self.space.call({NAME: address})
        for file in (self.dir / "client").glob("*.tdb"):
            file.unlink()

    def run(self, command, stdin="", patience=60):
        """One client in the namespace."""
        return subprocess.run(
            self.space.within(command), input=stdin, capture_output=True, text=True, errors="replace", env=self.environment,
            timeout=patience, check=False,
        )

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        if self.process:
            end_group(self.process)
        self.process = None
        self.space.close()


def end_group(process, patience=10):
    """A process we made the leader of a group, and all of that group."""
    for word in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, word)
        except ProcessLookupError:
            pass
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue
    process.wait(patience)

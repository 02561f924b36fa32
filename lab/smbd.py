"""File servers of our own: Debian's smbd with a configuration, users and shares below a scratch folder, started, and ended by its process group."""
import os
import pathlib
import pwd
import signal
import subprocess
import tempfile
import time

import slapd
from samba_dc import end_group

USER, PASSWORD = "alice", "Lab-Alice.1"
SECOND, SECOND_PASSWORD = "bob", "Lab-Bob.1"
WORKGROUP, NAME = "LABGROUP", "FILES"
ACCOUNTS = ("games", "backup", "daemon", "nobody")  # system accounts our users stand for, where we may change to them
PROGRAMS = ("smbd", "pdbedit", "smbclient")
FLAVOURS = {  # which dialects a server speaks
    "nt1": ["server min protocol = NT1", "server max protocol = SMB3", "ntlm auth = yes", "lanman auth = yes"],
    "smb2": ["server min protocol = SMB2_02", "server max protocol = SMB2_10"],
    "smb3": ["server min protocol = SMB3_00", "server max protocol = SMB3_11"],
}
SIGNING = {"off": "disabled", "on": "auto", "required": "mandatory"}
CONFIG = """[global]
netbios name = {name}
workgroup = {workgroup}
server role = standalone server
server string = lab file server
server signing = {signing}
{flavour}
{more}
smb ports = {ports}
interfaces = {interfaces}
bind interfaces only = yes
disable netbios = yes
dns proxy = no
map to guest = bad user
guest account = {guest}
username map = {dir}/users.map
passdb backend = tdbsam:{dir}/private/passdb.tdb
private dir = {dir}/private
state directory = {dir}/state
lock directory = {dir}/lock
cache directory = {dir}/cache
pid directory = {dir}/lock
ncalrpc dir = {dir}/ncalrpc
log file = {dir}/smbd.log
log level = 0
max log size = 0
panic action = /bin/true
load printers = no
printcap name = /dev/null
printing = bsd
restrict anonymous = 0
rpc start on demand helpers = {demand}
usershare max shares = 0
unix extensions = yes
store dos attributes = no
[data]
comment = everybody who has a password
path = {dir}/data
read only = no
vfs objects = {streams}
streams_depot:directory = {dir}/streams
[public]
comment = guests may read
path = {dir}/public
guest ok = yes
read only = yes
[sealed]
comment = only encrypted
path = {dir}/sealed
read only = no
smb encrypt = {sealed}
"""
CLIENT = """[global]
workgroup = {workgroup}
netbios name = LABCLIENT
client min protocol = NT1
client max protocol = SMB3
private dir = {dir}/client
state directory = {dir}/client
lock directory = {dir}/client
cache directory = {dir}/client
pid directory = {dir}/client
disable netbios = yes
name resolve order = host
log level = 0
"""


def why_not():
    """Why there can be no file server here, or None."""
    for name in PROGRAMS:
        try:
            slapd.program(name)
        except FileNotFoundError as error:
            return str(error)
    return None


def account(number):
    """The system account one of our users stands for: our own, unless we are root."""
    if os.geteuid():
        return pwd.getpwuid(os.geteuid()).pw_name
    known = {entry.pw_name for entry in pwd.getpwall()}
    return [name for name in ACCOUNTS if name in known][number]


def keeps_streams(dir):
    """Whether files below `dir` can hold extended attributes of users."""
    probe = dir / "probe"
    probe.touch()
    try:
        os.setxattr(probe, "user.probe", b"1")
    except OSError:
        return False
    finally:
        probe.unlink()
    return True


class Smbd:
    """Everything it writes lies below `dir`. Ports: two, as 445 and 139 are on a real one; `within` makes the command that runs another one in some namespace."""

    def __init__(self, dir, flavour="nt1", signing="on", address="127.0.0.1", ports=None, within=list, more=(), demand="yes"):
        self.dir, self.flavour, self.signing, self.address, self.within = pathlib.Path(dir), flavour, signing, address, within
        self.port, self.session_port = ports or (slapd.free_port(), slapd.free_port())
        self.more, self.demand, self.process = list(more), demand, None

    @property
    def data(self):
        return self.dir / "data"

    @property
    def client_config(self):
        return self.dir / "client.conf"

    @property
    def config(self):
        return self.dir / "smb.conf"

    @property
    def log(self):
        return (self.dir / "smbd.log").read_text(errors="replace") if (self.dir / "smbd.log").exists() else ""

    def _write(self):
        for name in ("private", "state", "lock", "cache", "ncalrpc", "client", "data", "public", "sealed", "streams"):
            (self.dir / name).mkdir(parents=True, exist_ok=True)
        for name in ("data", "public", "sealed", "streams"):
            (self.dir / name).chmod(0o777)
        for parent in (self.dir, *self.dir.parents):  # others pass through: the server reads its shares as somebody else
            if parent in (pathlib.Path("/tmp"), pathlib.Path(tempfile.gettempdir()), pathlib.Path.cwd()) or parent.stat().st_uid != os.geteuid():
                break
            parent.chmod(parent.stat().st_mode & 0o7777 | 0o111)
        (self.dir / "lock").chmod(0o755)
        (self.dir / "ncalrpc").chmod(0o755)
        (self.dir / "public" / "readme.txt").write_text("The lab's public share.\n")
        users = [f"{account(0)} = {USER}"] + ([f"{account(1)} = {SECOND}"] if not os.geteuid() else [])
        (self.dir / "users.map").write_text("".join(f"!{line}\n" for line in users))
        values = dict(
            name=NAME, workgroup=WORKGROUP, dir=self.dir, ports=f"{self.port} {self.session_port}", interfaces=f"{self.address}/32",
            signing=SIGNING[self.signing], flavour="\n".join(FLAVOURS[self.flavour]), more="\n".join(self.more),
            streams="streams_xattr" if keeps_streams(self.dir) else "streams_depot", guest=account(-1),
            sealed="required" if self.flavour != "smb2" else "default", demand=self.demand,
        )
        self.config.write_text(CONFIG.format(**values))
        self.client_config.write_text(CLIENT.format(workgroup=WORKGROUP, dir=self.dir))

    def _user(self, name, password):
        command = [slapd.program("pdbedit"), "-s", self.config, "-t", "-a", "-u", name]
        done = subprocess.run([str(c) for c in command], input=f"{password}\n{password}\n", capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"pdbedit failed:\n{done.stdout}{done.stderr}")

    def start(self, patience=20):
        self.dir.mkdir(parents=True, exist_ok=True)
        self._write()
        self._user(account(0), PASSWORD)
        if not os.geteuid():
            self._user(account(1), SECOND_PASSWORD)
        command = [slapd.program("smbd"), "-F", "--no-process-group", "-s", self.config, "-l", self.dir]
        with open(self.dir / "smbd.stderr", "wb") as said:
            self.process = subprocess.Popen(
                self.within([str(c) for c in command]), stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True,
                env={**os.environ, "TMPDIR": str(self.dir)},  # where it takes IPC$ to be: its users must get there
            )
        deadline = time.monotonic() + patience
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError("smbd did not start:\n" + (self.dir / "smbd.stderr").read_text(errors="replace") + self.log[-3000:])
            time.sleep(0.05)
        return self

    def _answers(self):
        """A listing is what needs all of it: both ports, users, and the pipes' helper programs."""
        return all(self.run(self.smbclient("-L", f"//{self.address}", port=port), patience=20).returncode == 0 for port in (self.port, self.session_port))

    def smbclient(self, *words, port=None, user=USER, password=PASSWORD, dialect="SMB3", options=()):
        """A command; with at least and at most this dialect."""
        level = ["-m", dialect, "--option", f"client min protocol={dialect}"] if dialect else []
        level = [] if dialect == "SMB3" else level
        login = ["-U", f"{user}%{password}"] if user else ["-N"]
        more = [word for option in options for word in ("--option", option)]
        return ["smbclient", "-s", self.client_config, *level, *more, *login, "-p", port or self.port, *words]

    def run(self, command, stdin="", patience=60):
        """One client where the server is."""
        environment = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
        return subprocess.run(
            self.within([str(c) for c in command]), input=stdin, capture_output=True, text=True, errors="replace", timeout=patience,
            env=dict(environment, LC_ALL="C.UTF-8", HOME=str(self.dir), TZ="UTC"), check=False,
        )

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def _helpers(self):
        """The id of the pipes' helper program, which leads a group of its own, or None."""
        try:
            number = int((self.dir / "lock" / "samba-dcerpcd.pid").read_text())
            command = pathlib.Path(f"/proc/{number}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return number if os.fsencode(self.config) in command and os.getpgid(number) == number else None

    def stop(self):
        helpers = self._helpers()
        if self.process:
            end_group(self.process)
        self.process = None
        for word in (signal.SIGTERM, signal.SIGKILL):
            if helpers and not ended(helpers, word):
                continue
            return


def ended(group, word, patience=5):
    """A group that is not our child gets the word; whether all of it has gone."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            os.killpg(group, word)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
        word = 0
    return False

"""What clients ask a file server: files in every dialect, signed and encrypted, and the calls of its pipes; the same however they reach it."""
import hashlib
import pathlib
import re
import select
import shutil
import subprocess
import time

import smbd

HERE = pathlib.Path(__file__).resolve().parent
DIALECTS = ("NT1", "SMB2_02", "SMB2_10", "SMB3_00", "SMB3_11")
# What two runs of one client may differ in, each by its name; everything else is compared byte for byte.
RULES = {
    "the port asked": (re.compile(r"\b(port |:)\d{4,5}\b"), r"\1"),
    "when something was made": (re.compile(r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} [ \d]\d \d\d:\d\d:\d\d( \d{4})?( \w{3,4})?( \d{4})?"), "TIME"),
    "how fast it went": (re.compile(r"\(?(average )?(\d[\d.]*|inf) ([Kk]i?[Bb]|KiloBytes)/s(ec)?\)?"), ""),
    "the same, in numbers": (re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [-+]\d{4}"), "TIME"),
    "the number of a new file": (re.compile(r"(?<=Inode: )\d+"), ""),
    "how much room is left": (re.compile(r"\d+ blocks of size \d+\. \d+ blocks available"), ""),
    "the server's clock": (re.compile(r"(?m)^(.*(?:time|Time|Uptime|uptime)[^:]*:).*$"), r"\1"),
    "a handle made by chance": (re.compile(r"(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "UUID"),
    "a count of changes": (re.compile(r"(?<=Sequence No:\t)\d+|(?<=Sequence number: )\d+"), ""),
    "milliseconds of a ping": (re.compile(r"(?<=in )\d+(\.\d+)?(?= ms)"), ""),
}
QUERIES = (
    "srvinfo", "netshareenumall", "netsharegetinfo data", "netremotetod", "netconnenum data", "netfileenum",
    "enumdomusers", "enumdomgroups", "enumalsgroups builtin", "querydominfo", "queryuser 1000", "lookupdomain FILES", "enumdomains", "getdompwinfo",
    "dsroledominfo", "lsaquery", "lookupnames games", "lookupsids S-1-1-0 S-1-5-32-544", "lsaenumsid", "enumtrust", "enumprivs",
    "wkssvc_wkstagetinfo", "wkssvc_getjoininformation", "winreg_enumkey HKLM", "enumprinters", "enumdrivers", "enumports",
    "epmmap", "echoaddone 1", "getusername",
)
RPC_NET = (("info",), ("share", "list"), ("user", "list"), ("group", "list"), ("registry", "enumerate", r"HKLM\Software"), ("getsid",), ("service", "list"), ("rights", "list"))


class Client:
    """One run of one client; `files` are what it must have fetched, by their place in the scratch folder."""

    def __init__(self, title, command, stdin="", code=0, files=(), patience=120):
        self.title, self.command, self.stdin, self.code, self.files, self.patience = title, command, stdin, code, files, patience

    def perform(self, server):
        """(exit code, output, errors, digests of what was fetched)."""
        for file in self.files:
            pathlib.Path(file).unlink(missing_ok=True)
        try:
            done = server.run(self.command, self.stdin, self.patience)
        except subprocess.TimeoutExpired:
            return "none: it did not end", "", "", ()
        return done.returncode, normalised(done.stdout), normalised(done.stderr), tuple(digest(file) for file in self.files)


def digest(file):
    """What a file holds, told shortly."""
    if not pathlib.Path(file).exists():
        return None
    with open(file, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else hashlib.sha256(f.read()).hexdigest()


def normalised(text):
    for pattern, put in RULES.values():
        text = pattern.sub(put, text)
    return text


def payload(path, size):
    """A file whose octets differ everywhere."""
    block = hashlib.sha256(b"sallyport").digest() * 2048
    with open(path, "wb") as f:
        for number in range(0, size, len(block)):
            f.write((number.to_bytes(8, "big") + block[8:])[: size - number])
    return path


def with_protection(options, protection):
    return [*options, *(["--client-protection", protection] if protection else [])]


def files(server, port, scratch, dialect, size, protection=None):
    """Everything a person does with files, in one dialect."""
    # A large file for each size: all clients are made before the first one runs.
    small, large, got, fetched = (scratch / name for name in ("small", f"large-{size}", "got-small", "got-large"))
    if not small.exists():
        small.write_bytes(b"a small file\n" * 20)
    if not large.exists() or large.stat().st_size != size:
        payload(large, size)
    words = [
        "mkdir box", "cd box", f"put {small} one.txt", "ls", "allinfo one.txt", f"get one.txt {got}", "rename one.txt two.txt", f"put {small} two.txt:extra",
        "allinfo two.txt", "ls *.txt", f"put {large} large.bin", f"get large.bin {fetched}", "setmode two.txt +r", "ls two.txt", "setmode two.txt -r",
        "utimes two.txt 2020:01:02-03:04:05 -1 -1 -1", "du", "volume", "del two.txt", "del large.bin", "cd ..", "rmdir box", "ls nothing-here", "ls",
    ]
    name = f"{dialect}{', ' + protection if protection else ''}"
    command = server.smbclient(f"//{server.address}/data", *with_protection([], protection), "-c", "; ".join(words), port=port, dialect=dialect)
    return [Client(f"smbclient {name}: a person's files", exactly(command, dialect), files=(got, fetched))]


def exactly(command, dialect):
    """This dialect and no other."""
    return [*command[:1], "--option", f"client max protocol={dialect}", "--option", f"client min protocol={dialect}", *command[1:]]


def listings(server, port):
    """What can be listed without a file: shares, as a user, as a guest, by RAP, and what is refused."""
    address = server.address
    found = [
        Client("smbclient: a list of shares", server.smbclient("-L", f"//{address}", port=port)),
        Client("smbclient: a guest reads", server.smbclient(f"//{address}/public", "-c", "ls; get readme.txt -", port=port, user=None)),
        Client("smbclient: a wrong password", server.smbclient(f"//{address}/data", "-c", "ls", port=port, password="wrong"), code=1),
        Client("smbclient: no such share", server.smbclient(f"//{address}/nothing", "-c", "ls", port=port), code=1),
        Client("smbclient: the sealed share", server.smbclient(f"//{address}/sealed", "-c", "ls; mkdir in; rmdir in", port=port)),
    ]
    if server.flavour == "nt1":
        found.append(Client("smbclient NT1: a list of shares by RAP", exactly(server.smbclient("-L", f"//{address}", port=port, dialect="NT1"), "NT1")))
        found.append(Client("smbclient NT1: a guest reads", exactly(server.smbclient(f"//{address}/public", "-c", "ls; get readme.txt -", port=port, user=None, dialect="NT1"), "NT1")))
        found.append(Client("smbclient NT1: unix extensions", exactly(server.smbclient(
            f"//{address}/data", "-c", "posix; posix_mkdir ux 755; stat ux; posix_rmdir ux; getfacl .", port=port, dialect="NT1"), "NT1")))
    return found


def rpc(server, port, dialect="SMB3_11", signing="required"):
    """Calls of every pipe smbd has, by Samba's own clients."""
    login = ["-s", server.client_config, "-U", f"{smbd.USER}%{smbd.PASSWORD}", "-p", port]
    option = ["--option", f"client ipc signing={signing}", "--option", f"client ipc max protocol={dialect}", "--option", f"client ipc min protocol={dialect}"]
    name = f"{dialect}{'' if signing == 'required' else ', not signed'}"
    binding = f"ncacn_np:{server.address}"
    found = [Client(f"rpcclient {name}: {query}", ["rpcclient", *login, *option, binding, "-c", query], code=None) for query in QUERIES]
    batch = "; ".join(QUERIES[:12])
    found.append(Client(f"rpcclient {name}: many on one connection", ["rpcclient", *login, *option, binding, "-c", batch], code=None))
    found += [Client(f"net rpc {' '.join(words)} ({name})", ["net", "rpc", *words, "-S", server.address, *login, *option], code=None) for words in RPC_NET]
    return found


def impacket(server, port, dialect):
    words = ["/usr/bin/python3", HERE / "smb_impacket.py", server.address, port, dialect, smbd.USER, smbd.PASSWORD]
    return [Client(f"impacket {dialect}: {what}", [*words, what]) for what in ("files", "shares", "users", "sids", "services", "workstation", "registry")]


def notified(server, port, dialect):
    """A client that waits for a change, and another one that makes it; what the first one says."""
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(server.dir)}
    watched = server.data / "watched"
    watched.mkdir()
    command = exactly(server.smbclient(f"//{server.address}/data", "-c", "notify watched", port=port, dialect=dialect), dialect)
    waiting = subprocess.Popen(server.within(["stdbuf", "-oL", *map(str, command)]), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment)
    try:
        deadline, made = time.monotonic() + 10, 0
        while time.monotonic() < deadline and waiting.poll() is None:
            # The wait may not have begun yet: another change, until one is seen.
            made += 1
            (watched / f"new{made}").touch()
            if select.select([waiting.stdout], [], [], 0.5)[0]:
                said = waiting.stdout.readline().decode(errors="replace").strip()
                return re.sub(r"\d+", "N", said)
        return f"nothing (exit {waiting.poll()})"
    finally:
        waiting.terminate()
        waiting.wait(10)
        waiting.stdout.close()
        shutil.rmtree(watched)


"""A network namespace of our own: loopback with a few addresses, its own idea of names, and the end of it when we end."""
import os
import pathlib
import shutil
import subprocess

# The holder ends when its standard input does: whatever happens to us, the namespace goes with us.
HOLDER = """set -e
mount --bind "$1" /etc/hosts
shift
ip link set lo up
for address; do ip address add "$address/32" dev lo; done
echo held
exec cat
"""


class Space:
    """`addresses` are ours on its loopback. Names are told apart by `call`: the same name can lead to other addresses later."""

    def __init__(self, dir, addresses):
        self.hosts, self.addresses, self.holder = pathlib.Path(dir) / "hosts", addresses, None

    @staticmethod
    def why_not():
        """Why no namespace can be made here, or None."""
        if os.geteuid() != 0:
            return "needs root: it makes a network namespace"
        missing = [name for name in ("unshare", "nsenter", "ip") if not shutil.which(name)]
        return f"{missing[0]} is not installed" if missing else None

    def open(self):
        self.call({})
        command = ["unshare", "--net", "--mount", "--propagation", "private", "sh", "-c", HOLDER, "sh", self.hosts, *self.addresses]
        self.holder = subprocess.Popen(
            [str(c) for c in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
        )
        said = self.holder.stdout.readline()
        if said != b"held\n":
            rest = self.holder.communicate()[0]
            raise RuntimeError(f"no namespace: {(said + rest).decode(errors='replace')}")
        return self

    def call(self, names):
        """From now on these names have these addresses, in the namespace only."""
        lines = ["127.0.0.1 localhost", *(f"{address} {name}" for name, address in names.items())]
        self.hosts.write_text("\n".join(lines) + "\n")

    def within(self, command):
        """The command that runs `command` there."""
        return ["nsenter", "-t", str(self.holder.pid), "--net", "--mount", "--", *map(str, command)]

    def close(self):
        if self.holder:
            self.holder.stdin.close()
            self.holder.wait(10)
            self.holder.stdout.close()
            self.holder = None

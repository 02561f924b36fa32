#!/usr/bin/env python3
"""What `sallyport assess --shield` prints, run as it stands (ports and the host's address aside): the vectors of the flaw are stopped."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "lab")]
import gate
import slapd
import test_assess_out as out
from probe_lab import Decoy
from tap import Tap

TAP = Tap()
FLAWS = (("CVE-2003-0663", "MS04-011", "dc1-389"), ("CVE-2003-0345", "MS03-024", "dc1-445"), ("CVE-2003-0533", "MS04-011", "dc1-135"),
         ("CVE-2003-0533", "MS04-011", "dc1-445"))


def sallyport(*words):
    return subprocess.run([gate.PROGRAM, *map(str, words)], capture_output=True, text=True, timeout=120, check=False)


def shield(scratch, cve):
    """The policy for a host that misses this flaw's update."""
    folder = scratch / cve
    folder.mkdir(exist_ok=True)
    one = out.bulletin(int(cve[-4:]) % 1000, [cve], product="Windows 2000")
    (folder / "bulletin.json").write_text(json.dumps(one))
    (folder / "host.json").write_text(json.dumps(out.inventory("DC1", pack=3)))
    return sallyport("assess", folder / "host.json", "-b", folder / "bulletin.json", "--shield", "--address", "DC1=127.0.0.1").stdout


def elsewhere(text, server):
    """Listeners on free ports of loopback; the host is asked at a port where only we listen."""
    text = re.sub(r"listen   0\.0\.0\.0:\d+", lambda _: f"listen   127.0.0.1:{slapd.free_port()}", text)
    return re.sub(r"to       dc1$", f"to       dc1 port {server.port}", text, flags=re.M)


def reasons(cve):
    """The flaw's reasons whose vectors are refused messages of the service's own protocol."""
    return [reason for flaw in json.loads(sallyport("shields", cve, "--json").stdout) for reason in flaw["reasons"]]


def one_flaw(scratch, cve, bulletin, service):
    server = Decoy()
    text = shield(scratch, cve)
    if not TAP.ok(f"service {service} {{" in text, f"{cve}: the shield has the service {service}", text[-2000:]):
        return
    running = gate.Gate(scratch / f"gate-{cve}-{service}", elsewhere(text, server)).start()
    stopped, through, other = 0, [], []
    try:
        for reason in reasons(cve):
            done = running.ask("probe", service, "--only", reason, "--json", patience=300)
            try:
                told = json.loads(done.stdout)
            except ValueError:
                other.append(f"{reason}: {done.stderr.strip()}")  # it has no vector over this protocol
                continue
            stopped += told["stopped"]
            through += [f"{reason}: {told['came_through']} came through"] if told["came_through"] else []
        whole = json.loads(running.ask("probe", service, "--json", patience=300).stdout)
    finally:
        running.stop()
    TAP.ok(stopped > 0 and not through, f"{cve} ({bulletin}): {stopped} vectors of its reasons are stopped, and none comes through", *through, *(other if not stopped else []))
    TAP.ok(whole["stopped"] > stopped and not whole["came_through"], f"{service}: nor does any of the {whole['stopped']} other unlawful messages", *[one for one in whole["results"] if one["outcome"] == "CAME THROUGH"])
    TAP.ok(server.bytes == 0, f"{cve}: not one byte reached the host", server.bytes)


def main():
    with tempfile.TemporaryDirectory(prefix="sallyport-shield-") as folder:
        for flaw in FLAWS:
            one_flaw(pathlib.Path(folder), *flaw)
    return TAP.done()


if __name__ == "__main__":
    sys.exit(main())

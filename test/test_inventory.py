#!/usr/bin/env python3
"""`sallyport inventory`: a Windows 2000 tree made here, the given listings and hive, hostile trees; every output fits the schema."""
import functools
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import shared
from pe_made import pe_file
from tap import Tap, skip_all

PROGRAM = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else HERE.parent / "build") / "sallyport"
SCHEMA = json.loads((HERE.parent / "doc" / "inventory.schema.json").read_text())
TAP = Tap()

try:
    import jsonschema
except ImportError:
    jsonschema = None


def run(*words):
    """(exit code, stdout, stderr)"""
    done = subprocess.run([str(PROGRAM), "inventory", *map(str, words)], capture_output=True, timeout=300, check=False, text=True)
    return done.returncode, done.stdout, done.stderr


def fits(documents, title):
    """The schema holds of each document."""
    if jsonschema is None:
        TAP.skip(title, "python3-jsonschema is not installed")
        return
    validator = jsonschema.Draft202012Validator(SCHEMA)
    faults = [f"{list(fault.absolute_path)}: {fault.message[:200]}" for document in documents for fault in validator.iter_errors(document)]
    TAP.ok(not faults, title, "\n".join(faults[:10]))


def hive(path, minimal, keys):
    """A hive with keys {path: {name: typed value}}, made by hivexsh."""
    shutil.copy(minimal, path)
    path.chmod(0o644)
    lines, made = [], set()
    for key, values in keys.items():
        lines.append("cd \\")
        for depth, part in enumerate(key.split("\\")):
            above = tuple(key.split("\\")[:depth + 1])
            if above not in made:
                lines.append(f"add {part}")
                made.add(above)
            lines.append(f"cd {part}")
        if values:
            lines.append(f"setval {len(values)}")
            for name, value in values.items():
                lines += [name, value]
    lines.append("commit")
    done = subprocess.run(["hivexsh", "-w", str(path)], input="\n".join(lines) + "\n", capture_output=True, text=True, check=False, timeout=60)
    if done.returncode or done.stderr:
        raise RuntimeError(f"hivexsh: {done.stderr}")


SYSTEM = {
    "Select": {"Current": "dword:2", "LastKnownGood": "dword:1"},
    "ControlSet001\\Control\\ProductOptions": {"ProductType": "string:WinNT"},
    "ControlSet002\\Control\\ProductOptions": {"ProductType": "string:LanmanNT"},
    "ControlSet002\\Control\\ComputerName\\ComputerName": {"ComputerName": "string:DC1"},
    "ControlSet002\\Control\\Nls\\Language": {"InstallLanguage": "string:0411"},
    "ControlSet002\\Control\\Session Manager\\Environment": {"PROCESSOR_ARCHITECTURE": "string:x86"},
    "ControlSet002\\Control\\Windows": {"CSDVersion": "dword:0x400"},
    "ControlSet002\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\PCT 1.0\\Server": {"Enabled": "dword:0"},
    "ControlSet002\\Services\\Messenger": {"Start": "dword:4", "DisplayName": "string:Messenger"},
    "ControlSet002\\Services\\lanmanserver": {"Start": "dword:2"},
    "ControlSet002\\Services\\W3SVC\\Parameters": {"Root": "string:/"},
}
SOFTWARE = {
    "Microsoft\\Windows NT\\CurrentVersion": {"ProductName": "string:Microsoft Windows 2000", "CSDVersion": "string:Service Pack 4", "CurrentVersion": "string:5.0",
                                              "CurrentBuildNumber": "string:2195"},
    "Microsoft\\Windows NT\\CurrentVersion\\HotFix\\Q147222": {"Installed": "dword:1"},
    "Microsoft\\Updates\\Windows 2000\\SP5\\KB835732": {"InstalledDate": "string:4/14/2004"},
    "Microsoft\\Updates\\Windows 2000\\SP5\\KB835732\\Filelist\\0": {"FileName": "string:lsasrv.dll"},
    "Microsoft\\Fpc\\Hotfixes\\SP1\\291": {},
    "Microsoft\\Internet Explorer": {"Version": "string:6.0.2800.1106"},
    "Microsoft\\Windows\\CurrentVersion\\Uninstall\\Thing": {"DisplayName": "string:Thing", "DisplayVersion": "string:1.2"},
}


def windows_tree(root, minimal):
    """A domain controller with Windows 2000 SP4, its names in any letter case."""
    system = root / "WINNT" / "System32"
    for folder in ("config", "dllcache", "drivers"):
        (system / folder).mkdir(parents=True)
    (root / "WINNT" / "debug").mkdir()
    (root / "WINNT" / "$NtUninstallKB835732$").mkdir()
    (root / "Program Files" / "Media").mkdir(parents=True)
    hive(system / "config" / "SYSTEM", minimal, SYSTEM)
    hive(system / "config" / "software", minimal, SOFTWARE)
    (system / "LSASRV.DLL").write_bytes(pe_file((5, 0, 2195, 6902)))
    (system / "dllcache" / "lsasrv.dll").write_bytes(pe_file((5, 0, 2195, 1)))
    (root / "WINNT" / "$NtUninstallKB835732$" / "lsasrv.dll").write_bytes(pe_file((5, 0, 2195, 2)))
    (root / "Program Files" / "Media" / "NSUM.EXE").write_bytes(pe_file((4, 1, 0, 3857)))
    (root / "Program Files" / "Media" / "private.txt").write_text("nobody's business")
    (system / "cut.dll").write_bytes(pe_file((1, 0, 0, 0))[:0x210])
    (root / "WINNT" / "debug" / "dcpromo.log").write_text("log")
    (root / "WINNT" / "debug" / "dcpromo.log").chmod(0o444)
    (system / "outside.dll").symlink_to("/etc/passwd")
    (system / "loop").symlink_to("..")
    os.mkfifo(system / "pipe.dll")


def the_tree(folder, minimal):
    windows_tree(folder, minimal)
    code, out, err = run(folder)
    TAP.ok(code == 0 and not err, "a tree is read", err)
    host = json.loads(out)
    fits([host], "its inventory fits the schema")
    system = host["system"]
    TAP.ok(host["name"] == "DC1" and system["family"] == "Windows 2000" and system["service_pack"] == 4 and system["role"] == "domain-controller" and
           system["language"] == "ja" and system["architecture"] == "x86" and system["version"] == "5.0.2195.0", "the control set in use tells the system", system)
    updates = {u["id"]: u for u in host["updates"]}
    TAP.ok(set(updates) == {"KB835732", "Q147222"} and updates["KB835732"]["under"] == "Windows 2000\\SP5" and updates["KB835732"]["date"] == "2004-04-14",
           "updates by their keys", updates)
    keys = {k["path"]: k for k in host["keys"]}
    pct = keys.get("HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\PCT 1.0\\Server")
    TAP.ok(pct and pct["complete"] and pct["values"] == [{"name": "Enabled", "type": "number", "data": 0}], "the values of a key", pct)
    TAP.ok("HKLM\\SOFTWARE\\Microsoft\\Fpc\\Hotfixes\\SP1\\291" in keys and not any("ControlSet00" in k for k in keys), "keys that bulletins name", sorted(keys))
    scopes = {(s["what"], s.get("below", "")) for s in host["looked_at"]}
    TAP.ok({("keys", "HKCR\\HCP"), ("services", ""), ("updates", ""), ("files", "%systemroot%")} <= scopes, "what was looked at is said", scopes)
    services = {s["name"]: s.get("start") for s in host["services"]}
    TAP.ok(services == {"Messenger": "disabled", "lanmanserver": "auto"}, "services, and no keys that are none", services)
    files = {f["path"]: f for f in host["files"]}
    lsasrv = files.get("%systemroot%\\system32\\lsasrv.dll", {})
    TAP.ok(lsasrv.get("version") == "5.0.2195.6902" and lsasrv.get("language") == 1041 and lsasrv.get("attributes") == [], "a file with its version", lsasrv)
    TAP.ok(sum(f.endswith("lsasrv.dll") for f in files) == 1, "copies beside the live file are none of it", sorted(files))
    TAP.ok(files.get("%systemroot%\\debug\\dcpromo.log", {}).get("attributes") == ["read-only"], "read-only as the mode says")
    TAP.ok(not any(n in f for f in files for n in ("outside", "loop", "pipe", "private")), "no link, no pipe, nobody's papers", sorted(files))
    TAP.ok("%systemroot%\\system32\\cut.dll" in files and "version" not in files["%systemroot%\\system32\\cut.dll"], "a file cut off has no version")
    software = {s["name"]: s for s in host["software"]}
    TAP.ok(software["Windows Media Services"].get("version") == "4.1.0.3857" and "Internet Explorer 6 Service Pack 1" in software and "Thing" in software and
           software["NetMeeting"].get("absent") is True, "programs", software)
    alone = json.loads(run(folder / "WINNT")[1])
    TAP.ok(alone["name"] == "DC1" and len(alone["files"]) == len(files) - 1, "the Windows folder alone", alone["name"])
    out_folder = folder / "out"
    code, again, err = run("--out", out_folder, folder)
    kept = out_folder / "DC1.json"
    TAP.ok(code == 0 and not again and json.loads(kept.read_text())["updates"] == host["updates"], "--out writes NAME.json", err)
    code, again, err = run(kept)
    second = json.loads(again)
    second["source"] = host["source"]
    TAP.ok(code == 0 and second == host, "read again it is the same", err)


PACKAGES = "Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages\\"
TAIL = "~31bf3856ad364e35~amd64~~6.1.1.0"
SEVEN = {
    "Microsoft\\Windows NT\\CurrentVersion": {"ProductName": "string:Windows 7 Professional", "CSDVersion": "string:Service Pack 1", "CurrentVersion": "string:6.1",
                                              "CurrentBuildNumber": "string:7601"},
    PACKAGES + "Package_for_KB4012212" + TAIL: {"CurrentState": "dword:0x70", "InstallTimeHigh": "dword:0x1d29b4f", "InstallTimeLow": "dword:0"},
    PACKAGES + "Package_2_for_KB947821" + TAIL: {"CurrentState": "dword:0x70"},
    PACKAGES + "Package_3_for_KB947821" + TAIL: {"CurrentState": "dword:0x70"},
    PACKAGES + "Package_for_KB2532531" + TAIL: {"CurrentState": "dword:0x50"},
    PACKAGES + "Package_for_KB2222222" + TAIL: {"CurrentState": "dword:0x40"},
    PACKAGES + "Microsoft-Windows-Foundation-Package" + TAIL: {"CurrentState": "dword:0x70"},
    "Wow6432Node\\Microsoft\\Updates\\Microsoft .NET Framework 4 Client Profile\\KB2446708": {},
    "Wow6432Node\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\Old": {"DisplayName": "string:Old Thing"},
    "Microsoft\\Windows\\CurrentVersion\\Uninstall\\{isa}": {"DisplayName": "string:Microsoft ISA Server 2004"},
    "Microsoft\\Fpc": {},
}


def software(folder, minimal, keys):
    """The inventory of a hive SOFTWARE with these keys, and the path of the hive."""
    path = folder / "SOFTWARE"
    hive(path, minimal, keys)
    code, out, err = run(path)
    if code:
        raise RuntimeError(err)
    return json.loads(out), path


def below(keys, *parts):
    return {key: values for key, values in keys.items() if not any(part in key for part in parts)}


def updates_by_era(folder, minimal):
    """From Windows Vista on updates are packages; where they are not known in full, nothing is said to be absent."""
    host, path = software(folder, minimal, SEVEN)
    scopes = [scope["what"] for scope in host["looked_at"]]
    updates = {update["id"]: update for update in host["updates"]}
    TAP.ok(sorted(updates) == ["KB2446708", "KB2532531", "KB4012212", "KB947821"] and len(host["updates"]) == 4, "packages in use are updates, each once", host["updates"])
    TAP.ok(updates["KB4012212"].get("date") == "2017-03-12" and "updates" in scopes and "updates_truncated" not in host, "their day; and the list is complete", updates, scopes)
    names = sorted(program["name"] for program in host["software"])
    TAP.ok(names == ["Microsoft ISA Server 2004", "Old Thing"], "programs of 32 bits too, and no version that the list of programs knows better", names)
    fits([host], "its inventory fits the schema")

    raw = bytearray(path.read_bytes())
    raw[4] += 1  # the first of its two counters
    words = struct.unpack("<127I", raw[:508])
    raw[508:512] = struct.pack("<I", functools.reduce(lambda a, b: a ^ b, words))
    path.write_bytes(raw)
    host = json.loads(run(path)[1])
    TAP.ok(len(host["updates"]) == 4 and not host.get("looked_at") and any(note["what"] == "hive.dirty" for note in host["notes"]),
           "a hive that was not written to its end is read, and nothing is absent from it", host.get("looked_at"), host["notes"])

    host, _ = software(folder, minimal, {**SEVEN, PACKAGES + "Package_for_RollupFix~31bf3856ad364e35~amd64~~14393.2068.1.5": {"CurrentState": "dword:0x70"}})
    TAP.ok(host["updates_truncated"] and "updates" not in [scope["what"] for scope in host["looked_at"]] and any(note["what"] == "updates.nameless" for note in host["notes"]),
           "cumulative updates without an article: the list is not complete", host["notes"])
    for title, keys in (("without packages", below(SEVEN, PACKAGES)), ("without a version", below(SEVEN, "Windows NT"))):
        host, _ = software(folder, minimal, keys)
        TAP.ok(host["updates_truncated"] and "updates" not in [scope["what"] for scope in host["looked_at"]], f"{title}: the list of updates is not complete", host["updates"])


def damaged_trees(folder, minimal):
    windows_tree(folder, minimal)
    config = folder / "WINNT" / "System32" / "config"
    whole = (config / "software").read_bytes()
    (config / "software").write_bytes(whole[:5000])
    code, out, err = run(folder)
    host = json.loads(out)
    TAP.ok(code == 0 and any(n["what"] == "hive.damaged" for n in host["notes"]) and not any(s["what"] == "updates" for s in host["looked_at"]),
           "a hive cut off is a note, and nothing is known to be absent from it", err, host["notes"])
    fits([host], "its inventory fits the schema")
    (config / "SYSTEM").unlink()
    (config / "SYSTEM").symlink_to("/etc/passwd")
    host = json.loads(run(folder)[1])
    TAP.ok(any(n["what"] == "hive.missing" for n in host["notes"]) and not host["services"], "a hive that is a link is not followed", host["notes"])


def given(share):
    listings = share / "hosts" / "systeminfo"
    code, out, err = run(listings)
    hosts = json.loads(out)
    names = [h["name"] for h in hosts]
    TAP.ok(code == 0 and len(hosts) < len(list(listings.iterdir())) and len(set(names)) == len(names), "listings of one machine come together", names, err)
    TAP.ok(all(h["system"].get("family") for h in hosts), "every system of the given listings is known", [(h["name"], h["system"]) for h in hosts])
    fits(hosts, f"{len(hosts)} inventories of listings fit the schema")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "SYSTEM"
        with open(path, "wb") as file:
            subprocess.run(["xz", "-dc", str(share / "hosts" / "hives" / "SYSTEM.xz")], stdout=file, check=True)
        code, out, err = run(path)
        host = json.loads(out)
        TAP.ok(code == 0 and host["name"] == "WKS-WIN732BITA" and len(host["services"]) > 400 and host["system"]["architecture"] == "x86", "the given SYSTEM hive is read", err)
        fits([host], "its inventory fits the schema")
    hives = sorted((share / "corpus" / "hive").iterdir())
    code, out, err = run(*hives)
    TAP.ok(code in (0, 2) and "reader" not in err and len(err.splitlines()) + (out.count('"format"')) >= len(hives), f"{len(hives)} hives of the corpus: a result or a sentence",
           err)


def wanted_of_bulletins(share, folder):
    """Names of a real file table and keys of a real text go into the list; nothing that would not be a line."""
    for archive in sorted((share / "bulletins").glob("*ja*.tar.xz")):
        with tarfile.open(archive) as tar:
            for member in tar.getmembers():
                if member.name.lower().endswith("ms04-011.md"):
                    tar.extract(member, folder)
    code, out, err = run("--wanted", folder)
    rows = {tuple(line.lower().split("\t")) for line in out.splitlines() if not line.startswith("#")}
    TAP.ok(code == 0 and {("file", "eventlog.dll"), ("values", "hklm\\software\\microsoft\\updates\\windows 2000\\sp5\\kb835732\\filelist")} <= rows and all(len(row) == 2 and row[1].isascii() for row in rows), "--wanted of bulletins: their files and keys", err, sorted(rows))


def one_file_each(folder):
    """Names that become one name of a file, also beside one that looks like the second of them: each host has a file."""
    names = ("A/B", "A_B", "A_B-2", "a_b")
    for i, name in enumerate(names):
        (folder / f"{i}.json").write_text(json.dumps({"format": "sallyport-inventory-1", "name": name, "updates": [{"id": "KB890001"}]}))
    code, _, err = run("--out", folder / "out", *(folder / f"{i}.json" for i in range(len(names))))
    TAP.ok(code == 0 and sorted(json.loads(path.read_text())["name"] for path in (folder / "out").iterdir()) == sorted(names), "no host's file is written over another's", code, err)


def usage(folder):
    bad = folder / "bad\x1b.txt"
    bad.write_text("nothing")
    code, out, err = run(bad, folder / "absent")
    TAP.ok(code == 2 and not out and len(err.splitlines()) == 2 and "\x1b" not in err, "what cannot be read: exit 2, a line each", err)
    TAP.ok(run()[0] == 2 and run("--wanted", "--out", folder)[0] == 2, "no path, or --wanted with --out: exit 2")
    code, out, err = run("--wanted", folder / "absent")
    TAP.ok(code == 2 and "absent" in err, "--wanted of what is not there: exit 2", err)
    (folder / "empty").mkdir()
    code, out, err = run("--wanted", folder / "empty")
    TAP.ok(code == 2 and "there are no bulletins" in err and "dcpromo.log" in out, "--wanted of a folder without bulletins: exit 2", err)
    (folder / "deep" / "rack" / "row").mkdir(parents=True)
    code, out, err = run(folder / "deep")
    TAP.ok(code == 2 and not out and "there are no hosts" in err, "folders that hold nothing are not taken for good", code, err)
    (folder / "deep" / "rack" / "row" / "a.json").write_text('{"format": "sallyport-inventory-1", "name": "A"}')
    code, out, err = run(folder / "deep")
    TAP.ok(code == 0 and json.loads(out)["name"] == "A" and not err, "hosts in folders below the folder are found", code, out, err)
    code, out, err = run("--wanted")
    rows = [line.split("\t") for line in out.splitlines() if not line.startswith("#")]
    TAP.ok(code == 0 and ["file", "%systemroot%\\debug\\dcpromo.log"] in rows and all(len(row) == 2 and row[0] in ("file", "key", "service") for row in rows) and
           ["file", "wspsrv.exe"] in rows and ["file", "%systemroot%\\pchealth\\helpctr\\binaries\\helpctr.exe"] in rows and
           len(rows) == len({tuple(row) for row in rows}), "--wanted: files where they belong, each line once", out)
    code, _, err = run("--out", "/proc/nothing", bad)
    TAP.ok(code == 2 and "/proc/nothing" in err, "a folder that cannot be made: exit 2", err)


def main():
    share = shared.folder()
    minimal = share / "corpus" / "hive" / "hivex__images__minimal"
    if not shutil.which("hivexsh"):
        skip_all("hivexsh (libhivex-bin) is not installed")
    for test, more in ((the_tree, (minimal,)), (damaged_trees, (minimal,)), (updates_by_era, (minimal,)), (usage, ()), (one_file_each, ())):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            path.chmod(0o755)
            test(path, *more)
    given(share)
    with tempfile.TemporaryDirectory() as folder:
        wanted_of_bulletins(share, pathlib.Path(folder))
    return TAP.done()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Versions of real program files, as an independent reader (pefile) reads them: every one that Debian's packages put where they do."""
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import shared
from tap import Tap, skip_all

try:
    import pefile
except ImportError:
    skip_all("there is no pefile: install python3-pefile")

BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else shared.ROOT / "build")
SHOW = BUILD / "test" / "listing_show"
# PE_FOLDER: more of them, for a run by hand.
FOLDERS = ["/usr/lib/mono", "/usr/lib/x86_64-linux-gnu/wine", "/usr/lib/python3/dist-packages", "/usr/lib/grub", "/usr/lib/systemd/boot", *filter(None, [os.environ.get("PE_FOLDER")])]
KINDS = {".exe", ".dll", ".efi", ".sys", ".ocx", ".cpl", ".drv"}
MOST = 400
RT_VERSION = 16
TAP = Tap()


def files():
    found = [p for folder in FOLDERS for p in sorted(pathlib.Path(folder).rglob("*")) if p.suffix.lower() in KINDS and p.is_file()]
    return [p for p in found if p.open("rb").read(2) == b"MZ"][:MOST]


def language_of(pe):
    for kind in getattr(pe, "DIRECTORY_ENTRY_RESOURCE").entries:
        if kind.id == RT_VERSION:
            return kind.directory.entries[0].directory.entries[0].id or 0
    return 0


def theirs(path):
    """What listing_show prints, by pefile."""
    try:
        pe = pefile.PE(path, fast_load=True)
    except pefile.PEFormatError:
        return None
    pe.parse_data_directories([pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_RESOURCE"]])
    facts = {"machine": str(pe.FILE_HEADER.Machine), "versioned": "no", "version": "0.0.0.0", "language": "0"}
    if hasattr(pe, "DIRECTORY_ENTRY_RESOURCE"):
        facts["language"] = str(language_of(pe))
    if hasattr(pe, "VS_FIXEDFILEINFO"):
        high, low = pe.VS_FIXEDFILEINFO[0].FileVersionMS, pe.VS_FIXEDFILEINFO[0].FileVersionLS
        facts |= {"versioned": "yes", "version": f"{high >> 16}.{high & 0xFFFF}.{low >> 16}.{low & 0xFFFF}"}
    return facts


def ours(paths):
    done = subprocess.run([SHOW, "pe", *paths], capture_output=True, text=True, timeout=250, check=False)
    found = []
    for line in done.stdout.splitlines():
        name, value = line.split("\t")
        if name == "file":
            found.append({})
        elif name == "refused":
            found[-1] = None
        elif found[-1] is not None:
            found[-1][name] = value
    return found, done.stderr


def main():
    paths = files()
    if not paths:
        skip_all("no program file of Windows is installed: libmono-corlib4.5-dll has one")
    found, errors = ours(paths)
    if not TAP.ok(len(found) == len(paths) and not errors, f"{len(paths)} files are read", errors[-1000:]):
        return TAP.done()
    differ = [f"{path}: we {mine}, pefile {want}" for path, mine, want in zip(paths, found, map(theirs, map(str, paths))) if mine != want]
    TAP.ok(not differ, "machine, version and language are those that pefile reads", *differ[:20])
    versions = sum(1 for facts in found if facts and facts["versioned"] == "yes")
    TAP.ok(versions > 0, "some of them have a version", "none has")
    TAP.note(f"{len(paths)} files, {versions} with a version, {sum(1 for facts in found if facts is None)} refused by both")
    return TAP.done()


if __name__ == "__main__":
    sys.exit(main())

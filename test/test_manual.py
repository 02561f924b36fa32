#!/usr/bin/env python3
"""The protocol pages in doc/protocols are what the program says of itself. Usage: test_manual.py BUILD"""
import pathlib
import subprocess
import sys

from tap import Tap

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main():
    tap = Tap()
    program = pathlib.Path(sys.argv[1]).resolve() / "sallyport"
    done = subprocess.run([ROOT / "tools/manual", program, "--check"], capture_output=True, text=True)
    tap.ok(done.returncode == 0, "doc/protocols is up to date", done.stderr)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

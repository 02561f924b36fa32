"""Where the shared captures are, and what their catalogue says of them."""
import csv
import os
import pathlib
import sys

from tap import Tap, skip_all

ROOT = pathlib.Path(__file__).resolve().parent.parent


def folder():
    """The shared folder; skips the whole test when there is none, fails it when SHARED_REQUIRED=1."""
    named = os.environ.get("SHARED")
    path = pathlib.Path(named) if named else ROOT.parent / "shared"
    if (path / "corpus" / "CATALOGUE.tsv").exists():
        return path
    if os.environ.get("SHARED_REQUIRED") == "1":
        tap = Tap()
        tap.ok(False, "the shared captures are there", "SHARED_REQUIRED=1, and neither $SHARED nor ../shared has a corpus")
        sys.exit(tap.done())
    return skip_all("the shared captures are absent: set SHARED, or put them at ../shared")


def catalogue(shared):
    """{file: row} of the corpus."""
    with open(shared / "corpus" / "CATALOGUE.tsv", newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}


def table(path, columns):
    """The rows of one of our own .tsv files; '#' lines are comments. Each row must have every column."""
    rows = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            cells = line.split("\t")
            if len(cells) != len(columns) or not all(cell.strip() for cell in cells):
                raise ValueError(f"{path.name}:{number}: wants {len(columns)} columns, none empty: {', '.join(columns)}")
            rows.append(dict(zip(columns, cells)))
    return rows

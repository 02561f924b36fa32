"""How the lab speaks to the person before it."""
import os
import pathlib
import sys


def say(text=""):
    print(text, flush=True)


def heading(text):
    bold, plain = ("\033[1m", "\033[0m") if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else ("", "")
    say(f"\n{bold}{text}{plain}")


def shown(path):
    """A path as short as it can be from here, and still a command."""
    if not pathlib.Path(path).is_relative_to(os.getcwd()):
        return str(path)
    short = os.path.relpath(path)
    return short if "/" in short else f"./{short}"

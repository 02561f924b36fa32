"""Reads C sources for the checkers: comments and strings blanked, functions found by their braces."""
import pathlib
import re

LAYERS = ["base", "priv", "proto", "policy", "event", "capture", "tls", "gate", "web", "advise", "assess", "console", "cmd"]
HARNESSES = ["test", "fuzz", "bench", "lab"]
FOLDERS = LAYERS + HARNESSES + ["tools"]
SKIPPED = {"__pycache__", "node_modules"}

TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def tree(root, folders=FOLDERS, suffixes=(".c", ".h")):
    """The files below `root` in the order of the layers, as paths relative to it."""
    root = pathlib.Path(root)
    found = []
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            parts = path.relative_to(root).parts
            hidden = any(p in SKIPPED or p.startswith(".") for p in parts)
            if path.is_file() and path.suffix in suffixes and not hidden:
                found.append(path.relative_to(root))
    return found


def is_harness(path):
    """Tests and fuzz targets may use anything, also where they stand beside the code they try."""
    return path.split("/")[0] in HARNESSES or path.endswith("_fuzz.c")


def _spaces(text):
    return re.sub(r"[^\n]", " ", text)


def blank(text, strings=True):
    """The text with comments (and strings) turned to spaces: same length, same lines."""

    def one(match):
        token = match.group(0)
        if token.startswith("/"):
            return _spaces(token)
        return token[0] + _spaces(token[1:-1]) + token[-1] if strings else token

    return TOKEN.sub(one, text)


def comments(text):
    """(line, text) of each comment."""
    return [(text.count("\n", 0, m.start()) + 1, m.group(0)) for m in TOKEN.finditer(text) if m.group(0).startswith("/")]


def comment_lines(text):
    """How many lines hold nothing but comment."""
    bare = blank(text).split("\n")
    return sum(1 for raw, code in zip(text.split("\n"), bare) if raw.strip() and not code.strip())


def without_directives(code):
    """Preprocessor lines turned to spaces; of #if ... #else ... #endif only the first branch is kept."""
    out, skipping, depth, going_on = [], None, 0, False
    for line in code.split("\n"):
        directive = re.match(r"\s*#\s*(\w+)", line)
        if going_on or directive:
            word = directive.group(1) if directive and not going_on else ""
            if word.startswith("if"):
                depth += 1
            elif word in ("else", "elif") and skipping is None:
                skipping = depth
            elif word == "endif":
                if skipping == depth:
                    skipping = None
                depth -= 1
            going_on = line.rstrip().endswith("\\")
            out.append(" " * len(line))
        else:
            out.append(line if skipping is None else " " * len(line))
    return "\n".join(out)


class Function:
    """One function body: its name, the lines it spans (from its signature on), the lines of tables inside."""

    def __init__(self, name, start, brace, end, tables):
        self.name, self.start, self.brace, self.end, self.tables = name, start, brace, end, tables
        self.length = end - start + 1 - tables


def _name(head):
    head = re.sub(r"__attribute__\s*\(\(.*?\)\)", " ", head, flags=re.S)
    match = re.search(r"(\w+)\s*\(", head)
    return match.group(1) if match and "=" not in head and head.rstrip().endswith(")") else None


def _table_lines(body):
    """Lines of initialised tables inside a function body: they are data, not steps."""
    lines = 0
    for match in re.finditer(r"=\s*\{", body):
        depth, at = 1, match.end()
        while depth and at < len(body):
            depth += {"{": 1, "}": -1}.get(body[at], 0)
            at += 1
        lines += body.count("\n", match.end(), at)
    return lines


def functions(text):
    """The functions of a C text."""
    code = without_directives(blank(text))
    found, depth, head, name, at = [], 0, 0, None, 0
    for match in re.finditer(r"[{};]", code):
        mark, pos = match.group(0), match.start()
        if mark == "{":
            if depth == 0:
                name, at = _name(code[head:pos]), pos
            depth += 1
        elif mark == "}":
            depth = max(0, depth - 1)
            if depth == 0:
                if name:
                    begin = head + len(code[head:pos]) - len(code[head:pos].lstrip())
                    line = [code.count("\n", 0, p) + 1 for p in (begin, at, pos)]
                    found.append(Function(name, *line, _table_lines(code[at:pos])))
                head, name = pos + 1, None
        elif depth == 0:
            head, name = pos + 1, None
    return found

#!/usr/bin/env python3
"""Plants one violation after another in a small tree and proves that the checker of each rule names it."""
import contextlib
import importlib.machinery
import importlib.util
import io
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from tap import Tap

TOOLS = pathlib.Path(__file__).resolve().parent.parent / "tools"
TAP = Tap()

CLEAN = {
    "base/wire.h": "/* A view. */\n#include <stdint.h>\nstruct wire { const uint8_t *p, *end; };\n",
    "base/wire.c": '/* The cursor. */\n#include "base/wire.h"\nint wire_left(struct wire *w)\n{\n\treturn (int)(w->end - w->p);\n}\n',
    "proto/proto.h": "/* The contract. */\n",
    "proto/driver.h": "/* The driver. */\n",
    "proto/ldap/ldap.c": '/* LDAP. */\n#include "proto/proto.h"\n#include "base/wire.h"\nstatic const int table[] = {1, 2};\n',
    "proto/ldap/ldap_int.h": "/* Inside LDAP. */\n",
    "proto/spnego/spnego.h": "/* SPNEGO. */\n",
    "cmd/main.c": '/* The command. */\n#include "proto/driver.h"\n#include <stdio.h>\n',
    "test/test_ldap.c": '/* Tests of LDAP. */\n#include "proto/ldap/ldap_int.h"\n#include "proto/driver.h"\n',
    "proto/ldap/ldap_fuzz.c": "/* Fuzzes LDAP. */\n",
    "fuzz/meson.build": "\t\t'ldap': files('x'),\n",
}


def run(tool, root, *arguments):
    done = subprocess.run([TOOLS / tool, "--root", root, *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def tree(changes):
    """The clean tree with some files changed (or added to, where the text begins with '+'); the caller removes it."""
    root = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-tools-"))
    for name, text in (CLEAN | {n: CLEAN.get(n, "/* New. */\n") + t[1:] if t.startswith("+") else t for n, t in changes.items()}).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def caught(tool, title, changes, wanted):
    """The tool fails on the changed tree and its output has the wanted words."""
    root = tree(changes)
    try:
        code, output = run(tool, root)
    finally:
        shutil.rmtree(root)
    TAP.ok(code == 1 and wanted in output, f"{tool} refuses {title}", f"exit {code}, wanted: {wanted}", output)


def passes(tool, title, changes, wanted=""):
    root = tree(changes)
    try:
        code, output = run(tool, root)
    finally:
        shutil.rmtree(root)
    TAP.ok(code == 0 and wanted in output, f"{tool} accepts {title}", f"exit {code}, wanted: {wanted}", output)


def layering():
    passes("layering", "a lawful tree", {})
    passes("layering", "a test that looks inside", {"test/test_x.c": '+#include "proto/ldap/ldap_int.h"\n'})
    passes("layering", "a fuzz target beside its recogniser", {"proto/ldap/ldap_fuzz.c": '+#include "fuzz/fuzz_flow.h"\n#include <stdio.h>\n'})
    passes("layering", "an include in a comment", {"base/wire.c": '+/*\n#include "cmd/main.h"\n*/\n'})
    passes("layering", "ldap over spnego", {"proto/ldap/ldap.c": '+#include "proto/spnego/spnego.h"\n'})
    passes("layering", "the list of protocols", {"proto/protocols.c": '+#include "proto/ldap/ldap.h"\n'})
    cases = {
        "base over proto": ("base/wire.c", '"proto/proto.h"', "base/wire.c:7"),
        "capture over gate": ("capture/x.c", '"gate/gate.h"', "gate/ stands below capture/"),
        "proto over event": ("proto/driver.c", '"event/event.h"', "event/ stands below"),
        "a product file over a harness": ("cmd/main.c", '"test/tap.h"', "test/ is not a layer"),
        "a recogniser that knows the driver": ("proto/ldap/ldap.c", '"proto/driver.h"', "does not know the driver"),
        "a recogniser that knows the driver's inside": ("proto/ldap/ldap.c", '"proto/driver_int.h"', "siblings only"),
        "a driver that knows a protocol": ("proto/driver.c", '"proto/ldap/ldap.h"', "know no protocol"),
        "spnego over ldap": ("proto/spnego/spnego.h", '"proto/ldap/ldap.h"', "does not stand above"),
        "two protocols of one rank": ("proto/ldap/ldap.c", '"proto/http/http.h"', "does not stand above"),
        "an _int.h from another folder": ("cmd/main.c", '"proto/ldap/ldap_int.h"', "siblings only"),
        "a path not from the root": ("proto/ldap/ldap.c", '"ldap_int.h"', "from the root"),
        "a recogniser with sockets": ("proto/ldap/ldap.c", "<sys/socket.h>", "no use for it"),
        "a recogniser with stdio": ("proto/ldap/ldap.c", "<stdio.h>", "no use for it"),
        "base with threads": ("base/wire.c", "<pthread.h>", "no use for it"),
    }
    for title, (file, header, wanted) in cases.items():
        caught("layering", title, {file: f"+#include {header}\n"}, wanted)


def banned_everywhere():
    passes("banned", "a lawful tree", {}, "UNSAFE marks: none")
    passes("banned", "snprintf, a word in a comment and in a string", {
        "cmd/main.c": '+/* strcpy(a) */\nint f(char *b) { return snprintf(b, 4, "atoi("); }\n'})
    passes("banned", "an array of constant length", {"cmd/main.c": "+void f(void)\n{\n\tchar b[SIZE_MAX_OF + sizeof(long)];\n}\n"})
    passes("banned", "a fuzz target that takes memory", {"proto/ldap/ldap_fuzz.c": "+int f(void) { return !!malloc(1); }\n"})
    for name in ("sprintf", "vsprintf", "strcpy", "strcat", "stpcpy", "atoi", "alloca", "gets"):
        caught("banned", name, {"cmd/main.c": f"+int f(void) {{ return {name}(0); }}\n"}, f"{name} has a bounded form")
    caught("banned", "sprintf in a test", {"test/test_ldap.c": "+int f(void) { return sprintf(0); }\n"}, "test/test_ldap.c:4")
    caught("banned", "a variable-length array", {"cmd/main.c": "+void f(int n)\n{\n\tchar b[n];\n}\n"}, "variable length")


def banned_in_proto():
    body = "+int f(struct wire *w, void *v)\n{\n\t%s\n}\n"
    cases = {
        "malloc": ("return !!malloc(1);", "takes memory"),
        "calloc": ("return !!calloc(1, 1);", "takes memory"),
        "free": ("free(v);", "takes memory"),
        "printf": ('printf("x");', "reaches outside"),
        "the clock": ("return time(0);", "reaches outside"),
        "a pointer cast": ("return *(int *)v;", "a pointer cast"),
        "a cast to a struct": ("return ((const struct foo *)v)->x;", "a pointer cast"),
        "a pointer sum": ("return *(w->p + 1);", "arithmetic on a view"),
        "an indexed view": ("return w->p[1];", "arithmetic on a view"),
        "a view's end": ("return w->end == v;", "base/wire's business"),
        "a view made by hand": ("g((struct wire){.p = v});", "made by wire_over"),
        "a raw copy": ("memcpy(v, w, 3);", "a copy of raw bytes"),
        "a static counter": ("static int calls;", "outlives the call"),
    }
    for title, (code, wanted) in cases.items():
        caught("banned", f"{title} in a recogniser", {"proto/ldap/ldap.c": body % code}, f"proto/ldap/ldap.c:7: ")
        caught("banned", f"{title}, and says what is wrong", {"proto/ldap/ldap.c": body % code}, wanted)
    caught("banned", "malloc in the driver", {"proto/driver.c": "+void *f(void) { return malloc(1); }\n"}, "takes memory")
    caught("banned", "a global in proto/", {"proto/ldap/ldap.c": "+static int count;\n"}, "outlives the call")
    caught("banned", "a table of pointers that may change", {"proto/ldap/ldap.c": '+static const char *names[] = {"a"};\n'}, "outlives")
    passes("banned", "constant tables and prototypes in proto/", {"proto/ldap/ldap.c": '+static const char *const n[] = {"a"};\n'
           "int g(const void *p, struct wire *w);\nextern const int other[];\nstruct s { int *p; };\nint h(void *v)\n{\n\treturn sizeof(int *) * 2;\n}\n"})


def banned_marks():
    text = "+int f(struct wire *w)\n{\n\t/* UNSAFE: one byte was taken above */\n\treturn w->p[0];\n}\n"
    passes("banned", "raw code that says why it is right", {"proto/ldap/ldap.c": text}, "UNSAFE proto/ldap/ldap.c:7: one byte was taken above")
    passes("banned", "a mark above the function", {"cmd/main.c": "+/* UNSAFE: p has two */\nint f(struct wire *w)\n{\n\treturn w->p[1];\n}\n"},
           "UNSAFE marks: cmd 1")
    caught("banned", "a mark without a reason", {"cmd/main.c": "+/* UNSAFE: */\n"}, "without its reason")
    far = "+int f(struct wire *w)\n{\n\t/* UNSAFE: only this */\n\tint a = w->p[0];\n" + "\ta++;\n" * 8 + "\treturn w->p[1];\n}\n"
    caught("banned", "raw code far from its mark", {"cmd/main.c": far}, "arithmetic on a view")


def sizes():
    def function(n, inside=""):
        return "+static int f(int a)\n{\n" + inside + "\ta++;\n" * n + "\treturn a;\n}\n"

    table = "\tstatic const int t[] = {\n" + "\t\t1,\n" * 90 + "\t};\n"
    passes("sizes", "a lawful tree", {}, "| all ")
    passes("sizes", "a function of 80 lines", {"cmd/main.c": function(76)})
    passes("sizes", "a table of 90 lines in a function", {"cmd/main.c": function(5, table)})
    passes("sizes", "a table of 90 lines in a file", {"cmd/main.c": "+" + table.replace("\t", "")})
    caught("sizes", "a function of 81 lines", {"cmd/main.c": function(77)}, "cmd/main.c:4: f has 81 lines")
    caught("sizes", "a function of 81 lines after an #if with two heads", {
        "cmd/main.c": "+#if A\nint g(void) {\n#else\nint g(int a) {\n#endif\n}\n" + function(77)[1:]}, "f has 81 lines")
    caught("sizes", "a file of 701 lines", {"cmd/main.c": "+" + "\n" * 698}, "cmd/main.c: 701 lines")
    passes("sizes", "a file of 700 lines", {"cmd/main.c": "+" + "\n" * 697})
    caught("sizes", "a script of 701 lines", {"tools/x.py": "\n" * 701}, "tools/x.py: 701 lines")


def stale_map():
    root = tree({})
    try:
        TAP.ok(run("map", root, "--check")[0] == 1, "map --check refuses a tree without MAP.md")
        TAP.ok(run("map", root)[0] == 0, "map writes MAP.md")
        code, output = run("map", root, "--check")
        TAP.ok(code == 0, "map --check accepts what map wrote", output)
        text = (root / "MAP.md").read_text()
        row = "| LDAP | `proto/ldap/ldap.c` | `test/test_ldap.c` | `proto/ldap/ldap_fuzz.c` |"
        TAP.ok(row in text, "map finds a file's test and fuzz target", text)
        (root / "proto/ldap/ldap.c").write_text("/* LDAP, differently. */\n")
        TAP.ok(run("map", root, "--check")[0] == 1, "map --check refuses a changed first line")
        run("map", root)
        (root / "proto/ldap/more.c").write_text("/* More. */\n")
        TAP.ok(run("map", root, "--check")[0] == 1, "map --check refuses a new file")
        (root / "proto/ldap/more.c").unlink()
        (root / "proto/ldap/other_fuzz.c").write_text("/* Fuzzes another. */\n")
        code, output = run("map", root)
        TAP.ok(code == 1 and "proto/ldap/other_fuzz.c:1" in output, "map refuses a fuzz target that is never built", output)
        (root / "proto/ldap/other_fuzz.c").unlink()
        (root / "proto/ldap/more.c").write_text("int x;\n")
        code, output = run("map", root)
        TAP.ok(code == 1 and "proto/ldap/more.c:1" in output, "map refuses a file that does not say what it does", output)
    finally:
        shutil.rmtree(root)


def secrets():
    passes("secrets", "a lawful tree", {})
    planted = {
        "a private key": "-----BEGIN RSA PRIV" + "ATE KEY-----",
        "a cloud key": "AK" + "IA" + "ABCDEFGHIJKLMNOP",
        "a token": "gh" + "p_" + "a" * 30,
        "a path of one machine": "/ho" + "me/somebody/x",
        "the name of a package host": "https://py" + "pi.org/x",
    }
    for what, text in planted.items():
        caught("secrets", what, {"doc/x.md": f"a\n{text}\n"}, f"doc/x.md:2: {what}")


def load(name):
    """A tool as a module, whatever its file is called."""
    sys.path.insert(0, str(TOOLS))
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader(name.replace(".py", ""), str(TOOLS / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def check_itself():
    """tools/check, run in a small tree of its own, fails when one of its tools does."""
    for title, changes, good in (("a lawful tree", {}, True), ("a planted include", {"base/x.c": '+#include "cmd/x.h"\n'}, False)):
        root = tree(changes)
        try:
            shutil.copytree(TOOLS, root / "tools", ignore=shutil.ignore_patterns("__pycache__", "vectors"))
            subprocess.run([root / "tools" / "map"], capture_output=True, check=False)
            done = subprocess.run([root / "tools" / "check"], capture_output=True, text=True, check=False)
        finally:
            shutil.rmtree(root)
        ok = (done.returncode == 0) == good and ("not ok 1 - layering" in done.stdout) != good
        TAP.ok(ok, f"check judges {title}", done.stdout, done.stderr)


def deps():
    """An ordinary user with something missing is told what root must run; nothing missing says nothing."""
    root = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-tools-"))
    try:
        shutil.copy(TOOLS / "deps", root / "deps")
        lists = {"missing": "no-such-package-of-ours | build | to be missing\nbash | test | there\n", "whole": "bash | build | there\n"}
        (root / "id").write_text("#!/bin/sh\necho 1000\n")  # an ordinary user, whoever runs this
        (root / "id").chmod(0o755)
        results = {}
        for name, text in lists.items():
            (root / name).write_text(text)
            for group in ("build", "test"):
                environment = dict(os.environ, DEPS_LIST=str(root / name), PATH=f"{root}:{os.environ['PATH']}")
                done = subprocess.run([root / "deps", group], env=environment, capture_output=True, text=True, check=False)
                results[name, group] = (done.returncode, done.stdout + done.stderr)
    finally:
        shutil.rmtree(root)
    code, said = results["missing", "build"]
    TAP.ok(code == 1 and "no-such-package-of-ours" in said and "sudo" in said, "deps names what is missing and what root must run", said)
    TAP.ok(results["missing", "test"] == (0, ""), "deps looks only at the wanted group", results["missing", "test"])
    TAP.ok(results["whole", "build"] == (0, ""), "deps is quiet when all is there", results["whole", "build"])


def suite():
    """The counts of the suite: what fails, what is skipped, and what says nothing."""
    module = load("suite.py")
    cases = {
        "two passed": ("printf 'ok 1 - a\\nok 2 - b\\n1..2\\n'", (2, 0, 0)),
        "one failed": ("printf 'ok 1 - a\\nnot ok 2 - b\\n1..2\\n'; exit 1", (1, 1, 0)),
        "a skip": ("printf 'ok 1 - a # SKIP no reason\\nok 2\\n'", (1, 0, 1)),
        "a whole test skipped": ("printf '1..0 # SKIP absent\\n'", (0, 0, 1)),
        "a crash behind passes": ("printf 'ok 1 - a\\n'; kill -SEGV $$", (1, 1, 0)),
        "silence": ("true", (0, 1, 0)),
    }
    for title, (script, wanted) in cases.items():
        one = module.Suite(pathlib.Path(tempfile.gettempdir()))
        with contextlib.redirect_stdout(io.StringIO()):
            one.tap(title, ["bash", "-c", script])
        got = (one.passed, one.failed, one.skipped)
        TAP.ok(got == wanted, f"the suite counts {title}", f"{got}, wanted {wanted}")
    one = module.Suite(pathlib.Path(tempfile.gettempdir()))
    with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
        file.write('<testsuites><testsuite><testcase name="a"/><testcase name="b"><failure/></testcase>'
                   '<testcase name="c"><skipped/></testcase></testsuite></testsuites>')
        file.flush()
        with contextlib.redirect_stdout(io.StringIO()):
            module.count_junit(one, file.name)
    TAP.ok((one.passed, one.failed, one.skipped) == (1, 1, 1), "the suite counts the results of meson test")


MUTABLE = """/* A reader. */
static void read(struct ber *b)
{
	if (n > max ||
	    (n & 1))
		wire_fail(&b->w, 0, R_X, "x");
	if (n)
		n++;
	n = ber_integer(&s, BER_INTEGER, 0, f(1, 2), R_X, "x");
	wire_want_u8(&w, 3, R_X, "x");
	state->seen = true;
	ber_end(&s, "x");
}
"""


def mutants():
    """Each kind of removal, on a small text."""
    module = load("mutants")
    code = module.source.blank(MUTABLE)
    found = {}
    for operator in (module.guards, module.ranges, module.tags, module.ends, module.states):
        for mutation in operator("proto/x.c", MUTABLE, code):
            found[mutation.kind] = mutation.text
    wanted = {
        "guard": "if (0 && (n > max ||\n\t    (n & 1)))",
        "range": 'ber_integer(&s, BER_INTEGER, INT64_MIN, INT64_MAX, R_X, "x")',
        "want": '(void)wire_u8(&w, "x");',
        "tag": 'ber_integer(&s, ber_peek(&s), 0, f(1, 2), R_X, "x")',
    }
    for kind, text in wanted.items():
        TAP.ok(text in found.get(kind, ""), f"mutants removes a {kind}", found.get(kind, "not found"))
    TAP.ok("state->seen" in MUTABLE and "state->seen" not in found.get("state", MUTABLE), "mutants removes a state line")
    TAP.ok("ber_end" not in found.get("end", "ber_end"), "mutants removes a demand for the end")
    TAP.ok(sum(1 for _ in module.guards("proto/x.c", MUTABLE, code)) == 1, "mutants leaves an if that refuses nothing alone")


def main():
    for part in (layering, banned_everywhere, banned_in_proto, banned_marks, sizes, stale_map, secrets, check_itself, deps, suite, mutants):
        part()
    return TAP.done()


if __name__ == "__main__":
    sys.exit(main())

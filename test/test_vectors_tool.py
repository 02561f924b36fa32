#!/usr/bin/env python3
"""tools/vectors on small trees: what it compiles, what it refuses and where, and that no reason goes unshown."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "test"))
sys.path.insert(0, str(ROOT / "tools/vectorwords"))
sys.dont_write_bytecode = True
import ber
from tap import Tap

TAP = Tap()

REASONS = """/* Rows. */
R(200, DEPTH, "ldap.depth", "ldap", CLASS_LIMIT, NEEDS_OPERATION, SHOWN_RANGE, "x",
  "the depth is {got}", "")
R(201, TAG, "ldap.tag", "ldap", CLASS_UNSAFE, NEEDS_FRAME, SHOWN_RULE, "x", "a tag", "")
R(202, CUT, "state.cut", "any", CLASS_STATE, NEEDS_FRAME, SHOWN_SCENARIO, "x", "cut", "")
"""


def vector(name, reason, message="seq(integer(1))", outcome="pass"):
    return f"vector {name}\n\tabout   {name}\n\treason  {reason}\n\tclient  {message}\n\t{outcome}\n"


WHOLE = ("protocol ldap\n\nlet NOT = lambda p: ctx(2, p)\n" + vector("small", "ldap.depth smallest") +
         vector("large", "ldap.depth largest", "seq(integer(1),\n\t\t\tnest(3, NOT, octets('cn')))") +
         vector("deep", "ldap.depth refused", "nest(3, NOT, AT + octets('cn'))", "refuse ldap.depth a/b") +
         vector("one", "ldap.tag neighbour") + vector("two", "ldap.tag neighbour", 'rep(1000000, "ab")') +
         vector("bad", "ldap.tag refused", 'hex("04 00")', "refuse ldap.tag"))


def tree(text, scenario="note state.cut: it was cut\n"):
    root = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-vectors-"))
    (root / "proto/ldap/vectors").mkdir(parents=True)
    (root / "test/scenarios").mkdir(parents=True)
    (root / "tools/vectorwords").mkdir(parents=True)
    shutil.copy(ROOT / "tools/vectorwords/ber.py", root / "tools/vectorwords")
    (root / "proto/reasons.def").write_text(REASONS)
    (root / "proto/ldap/vectors/a.vec").write_text(text)
    (root / "test/scenarios/a.scn").write_text(scenario)
    return root


def run(text, *arguments, scenario="note state.cut: it was cut\n"):
    root = tree(text, scenario)
    done = subprocess.run([ROOT / "tools/vectors", "--root", root, *[str(a).replace("ROOT", str(root)) for a in arguments]],
                          capture_output=True, text=True, check=False)
    files = {p.name: p.read_bytes() for p in root.rglob("*") if p.is_file() and (p.suffix == ".c" or "seeds" in p.parts)}
    shutil.rmtree(root)
    return done.returncode, done.stdout + done.stderr, files


def refuses(title, text, *wanted, scenario="note state.cut: it was cut\n"):
    code, output, _ = run(text, "--check", scenario=scenario)
    TAP.ok(code == 1 and all(w in output for w in wanted), title, f"exit {code}, wanted {wanted}", output)


def changed(old, new):
    assert old in WHOLE
    return WHOLE.replace(old, new, 1)


code, output, files = run(WHOLE, "--out", "ROOT/vectors_data.c")
TAP.ok(code == 0, "a tree in which every reason is shown compiles", output)
source = files.get("vectors_data.c", b"").decode()
TAP.ok("97, 98}" in source and ", 2, 500000}" not in source and "2, 1000000}" in source and len(source) < 4000,
       "a run of two million bytes stays a run", source[:2000])
TAP.ok('"a/b"' in source and "200, VECTOR_REFUSED, false, 200, 6, " in source, "the reason, the place and the path are in the table", source)
done = subprocess.run(["cc", "-std=c17", "-Wall", "-Wextra", "-Werror", f"-I{ROOT}", "-fsyntax-only", "-xc", "-"], input=source, text=True,
                      capture_output=True, check=False)
TAP.ok(done.returncode == 0, "the table is C without warnings", done.stderr)

refuses("a RANGE without its largest", changed("ldap.depth largest", "ldap.depth smallest"), "proto/reasons.def:2: ldap.depth needs 1 'largest' (has 0)")
refuses("a RULE with one neighbour", WHOLE.replace(vector("one", "ldap.tag neighbour"), ""), "ldap.tag needs 2 'neighbour' (has 1)")
refuses("a RULE nobody shows refused", WHOLE.replace(vector("bad", "ldap.tag refused", 'hex("04 00")', "refuse ldap.tag"), ""), "ldap.tag needs 1 'refused' (has 0)")
refuses("a SCENARIO reason in no scenario", WHOLE, "state.cut is named by no", scenario="note state.cutting\n")
refuses("an unknown reason", changed("ldap.tag neighbour", "ldap.tagg neighbour"), "a.vec:", "no reason is called ldap.tagg: did you mean ldap.tag?")
refuses("a kind that does not fit", changed("ldap.tag neighbour", "ldap.tag largest"), "is shown by neighbour, refused")
refuses("a refusal that is not what it shows", changed("refuse ldap.tag", "refuse ldap.depth"), "is refused as ldap.depth but shows ldap.tag")
refuses("a lawful end that is refused", changed("\tpass", "\trefuse ldap.depth"), "must pass")
refuses("a refused one that passes", changed("refuse ldap.tag", "pass"), "must be refused")
refuses("a word nobody defined", changed("hex(", "hexx("), "a.vec:33: NameError")
refuses("a second AT", changed("AT + octets", "AT + AT + octets"), "more than one AT")
refuses("AT where nothing is refused", changed('rep(1000000, "ab")', 'AT + "ab"'), "AT stands in a message that passes")
refuses("AT in a run", changed('rep(1000000, "ab")', 'rep(2, AT + "ab")'), "AT inside a repeated piece")
refuses("two vectors of one name", changed("vector one", "vector two"), "vector two already stands at")
refuses("a vector without an end", changed("\tpass\nvector large", "vector large"), "vector small does not end")
refuses("a vector without a message", changed("\tclient  seq(integer(1))\n", ""), "needs a message")
refuses("a bracket left open", changed("\tclient  seq(integer(1))\n", "\tclient  seq(integer(1)\n"), "a.vec:7: SyntaxError")
refuses("an empty message on a stream", changed('rep(1000000, "ab")', 'b""'), "an empty message")
refuses("a limit without a number", changed("\tclient", "\tlimit   ldap.depth\n\tclient"), "limit NAME NUMBER")
refuses("all errors at once", changed("hex(", "hexx(").replace("ldap.depth largest", "ldap.dept largest"), "NameError", "ldap.dept:")

code, output, files = run(changed('rep(1000000, "ab")', 'rep(100000, "ab")'), "--seeds", "ROOT/seeds")
TAP.ok(files.get("ldap-bad") == b"\0\0\2\4\0", "a seed is side, length and bytes", files.get("ldap-bad"))
TAP.ok(len(files.get("ldap-two", b"")) == 200000 + 3 * 4, "a long message is several records", len(files.get("ldap-two", b"")))

# The words.
deep = ber.nest(3000, lambda p: ber.ctx(2, p), ber.AT + ber.octets("cn"))
TAP.ok(deep.bytes()[deep.at:] == b"\4\2cn", "AT is followed through 3,000 levels")
TAP.ok(ber.octets(ber.fill("A", 4 << 20)).segments() == [(b"\4\x83\x40\0\0", 1), (b"A", 4 << 20)], "4 MiB of one letter is one run")
TAP.ok([ber.integer(n).bytes().hex() for n in (0, 127, 128, -128, -129, 2**31 - 1)] ==
       ["020100", "02017f", "02020080", "020180", "0202ff7f", "02047fffffff"], "integers are written shortest")
TAP.ok([len(ber.octets(ber.fill("A", n))) - n for n in (127, 128, 255, 256, 65535, 65536)] == [2, 3, 3, 4, 4, 5], "lengths are written shortest")
TAP.ok(ber.long_length(4, 4, "ab").bytes().hex() == "0484000000026162" and ber.raw_length(4, "84 ff ff ff ff", "a").bytes().hex() == "0484ffffffff61" and
       ber.indefinite(0x30, ber.null()).bytes().hex() == "308005000000", "lengths can be long, lying and indefinite")
TAP.ok(ber.cut(ber.octets(ber.fill("A", 9)) + ber.integer(1), 5).bytes() == b"\4\x09" + b"A" * 7, "cut drops bytes from the end, runs too")
TAP.ok(ber.oid("1.2.840.113556.1.4.319").bytes().hex() == "060a2a864886f7140104823f", "object identifiers are encoded")
TAP.ok(ber.at_length(ber.seq()).at == 1 and ber.mark(2, b"abc").at == 2, "AT can be put at a length octet or anywhere")
sys.exit(TAP.done())

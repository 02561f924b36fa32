#!/usr/bin/env python3
"""`sallyport assess`: each output parsed by somebody else's reader and set against the others; shields of the founding flaws compile."""
import csv
import html.parser
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from tap import Tap

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build")
CLEAN, FOUND, BAD = 0, 1, 2
TAP = Tap()
EVIL = '"><script>alert(1)</script>\'&amp;\u202egnp.exe'
KEY = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Updates\\Windows 2000\\SP5\\KB"

try:
    import jsonschema
except ImportError:
    jsonschema = None


def assess(*words):
    """(exit code, stdout, stderr)"""
    done = subprocess.run([BUILD / "sallyport", "assess", *map(str, words)], capture_output=True, timeout=120, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def bulletin(number, cves, title="T", product="Windows 2000 Service Pack 4", year=5, **more):
    sure = {"line": 7, "confidence": "high"}
    kb = f"89{number:04d}"
    return {"format": "sallyport-bulletin-1", "id": f"MS{year:02d}-{number:03d}", "language": "ja", "title": title, "kb": kb, "published": "2005-01-11", "severity": {"maximum": "critical"},
            "cves": [{"id": cve, **sure} for cve in cves], "products": [{"name": product, "affected": True, "severity": "critical", **sure}],
            "verify_keys": [{"path": KEY + kb, "product": "Windows 2000", **sure}], **more}


def inventory(name, keys=(), looked=True, pack=4, **more):
    return {"format": "sallyport-inventory-1", "name": name, "system": {"family": "Windows 2000", "editions": ["server"], "service_pack": pack, "architecture": "x86",
            "role": "domain-controller", "language": "ja"}, "keys": [{"path": KEY + key} for key in keys],
            "looked_at": [{"what": "updates"}, {"what": "keys", "below": "HKLM\\SOFTWARE"}] if looked else [], **more}


class Bench:
    """Bulletins and hosts of our own in a folder."""

    def __init__(self, scratch):
        self.scratch = scratch
        self.bulletins, self.hosts = scratch / "bulletins", scratch / "hosts"
        for folder in (self.bulletins, self.hosts):
            folder.mkdir()
        self.put(self.bulletins, bulletin(1, ["CVE-2005-7001"], EVIL))
        self.put(self.bulletins, bulletin(2, ["CVE-2005-7002", "CVE-2005-7001"], "=1+1"))
        self.put(self.bulletins, bulletin(3, ["CVE-2005-7003"], product="Windows XP Service Pack 2"))
        self.put(self.bulletins, bulletin(4, [], "no flaw has a name", year=0))
        self.put(self.hosts, inventory("GOOD", ["890001", "890002", "890004"]), "a")
        self.put(self.hosts, inventory("=cmd|' /C calc'!A0", ["890001"]), "b")
        self.put(self.hosts, inventory(EVIL, looked=False), "c")

    @staticmethod
    def put(folder, document, name=None):
        (folder / f"{name or document['id']}.json").write_text(json.dumps(document))

    def run(self, *words, host=None):
        return assess(host or self.hosts, "--bulletins", self.bulletins, *words)


def fits(document, title):
    if jsonschema is None:
        TAP.skip(title, "python3-jsonschema is not installed")
        return
    schema = json.loads((ROOT / "doc" / "assess.schema.json").read_text())
    faults = [f"{list(fault.absolute_path)}: {fault.message[:300]}" for fault in jsonschema.Draft202012Validator(schema).iter_errors(document)]
    TAP.ok(not faults, title, *faults[:10])


def check_json(bench):
    """The document that the other outputs are set against."""
    code, text, errors = bench.run("--json")
    document = json.loads(text)
    fits(document, "--json fits its schema")
    verdicts = {host["name"]: [(f["bulletin"], f["cve"], f["verdict"]) for f in host["findings"]] for host in document["hosts"]}
    TAP.ok(code == FOUND and not errors and len(document["hosts"]) == 3, "three hosts, and something is missing: exit 1", code, errors)
    TAP.ok(all(v == "fixed" for _, _, v in verdicts["GOOD"]) and len(verdicts["GOOD"]) == 4, "what has every key is fixed", verdicts["GOOD"])
    TAP.ok({v for _, _, v in verdicts[EVIL]} == {"cannot-tell"}, "where nobody looked nothing is told", verdicts[EVIL])
    TAP.ok(verdicts["=cmd|' /C calc'!A0"][0][2] == "missing" and verdicts["=cmd|' /C calc'!A0"][-1][2] == "fixed", "the worst come first", verdicts["=cmd|' /C calc'!A0"])
    TAP.ok(all(f["evidence"] for h in document["hosts"] for f in h["findings"] if f["verdict"] == "fixed"), "what is fixed has evidence")
    code, text, _ = bench.run("--json", "--all")
    everything = json.loads(text)
    fits(everything, "--json --all fits it too")
    TAP.ok(any(f["bulletin"] == "MS05-003" and f["rule"] == "other-product" for f in everything["hosts"][0]["findings"]), "--all tells what does not affect a host")
    return document


def check_csv(bench, document):
    code, text, _ = bench.run("--csv")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    wanted = [(h["name"], f["bulletin"], f["cve"], f["verdict"], f["sentence"]) for h in document["hosts"] for f in h["findings"]]

    def plain(cell):
        return cell[1:] if re.match(r"'\s*[=+\-@]", cell) else cell
    TAP.ok(code == FOUND and [(plain(r["host"]), r["bulletin"], r["cve"], r["verdict"], r["sentence"]) for r in rows] == wanted, "--csv has the findings of --json, in their order", rows[:2])
    TAP.ok("\r\n" in text and text.endswith("\r\n") and not re.search(r"[^\r]\n", text), "lines end as RFC 4180 says")
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    TAP.ok(not [c for c in cells if re.match(r"\s*[=+\-@]", c)] and any(c.startswith("'=") for c in cells), "no cell is a formula, and some would be")


class Page(html.parser.HTMLParser):
    """Tags balanced, what is linked, and the words of cells."""
    VOID = {"meta", "br", "hr", "img", "input", "link"}

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.faults, self.ids, self.links, self.whys, self.tags, self.texts, self.attributes = [], [], set(), [], [], set(), [], set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        attrs = dict(attrs)
        self.attributes |= set(attrs)
        if "id" in attrs:
            if attrs["id"] in self.ids:
                self.faults.append(f"id {attrs['id']} twice")
            self.ids.add(attrs["id"])
        if "href" in attrs:
            self.links.append(attrs["href"])
        if "data-why" in attrs:
            self.whys.append(attrs["data-why"])
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data):
        self.texts.append(data)


def check_html(bench, document):
    report = bench.scratch / "report.html"
    code, _, errors = bench.run("--html", report)
    text = report.read_text(encoding="utf-8")
    page = Page(text)
    TAP.ok(code == FOUND and not page.faults and not page.open, "--html is well-formed, and no id stands twice", errors, *page.faults)
    TAP.ok(not page.tags & {"script", "img", "link", "iframe", "object", "form"} and not [a for a in page.attributes if a.startswith("on") or a in ("src", "srcdoc")],
           "no script and nothing from elsewhere", sorted(page.tags), sorted(page.attributes))
    TAP.ok(all(link.startswith("#") and link[1:] in page.ids for link in page.links) and page.links, "every link leads to a place of the page")
    shown = EVIL.replace("\u202e", "\ufffd")
    TAP.ok(shown in page.texts and "\u202e" not in text, "hostile names are text, and turn nothing")
    sentences = {f["sentence"] for h in document["hosts"] for f in h["findings"]}
    TAP.ok(len(page.whys) == 9 and all(any(why.endswith(s) for s in sentences) for why in page.whys), "each cell of the matrix has its sentence", len(page.whys), page.whys[:2])
    TAP.ok(sentences <= {text.strip() for text in page.texts}, "each sentence stands in the tables")
    TAP.ok("default-src 'none'" in text and "prefers-color-scheme:dark" in text and "@media print" in text, "nothing may be fetched; dark and print are styled")
    code, _, errors = bench.run("--html", bench.scratch / "no" / "report.html")
    TAP.ok(code == BAD and "No such file" in errors, "what cannot be written is said", code, errors)


def check_vex(bench):
    folder = bench.scratch / "vex"
    folder.mkdir()
    code, _, errors = bench.run("--vex", folder / "vex.json", "--publisher", "The operator", "--namespace", "https://operator.example")
    document = json.loads((folder / "vex.json").read_text())
    flaws = {flaw.get("cve") or flaw["ids"][0]["text"]: flaw for flaw in document["vulnerabilities"]}
    status = {cve: {name: sorted(ids) for name, ids in flaw["product_status"].items()} for cve, flaw in flaws.items()}
    TAP.ok(code == FOUND and document["document"]["category"] == "csaf_vex" and document["document"]["publisher"]["name"] == "The operator", "--vex is of the profile", errors)
    TAP.ok(status["CVE-2005-7001"] == {"fixed": ["HOST-0001"], "known_affected": ["HOST-0002"], "under_investigation": ["HOST-0003"]},
           "a flaw of two bulletins has one status on a host, the worst", status["CVE-2005-7001"])
    TAP.ok(status["CVE-2005-7003"] == {"known_not_affected": ["HOST-0001", "HOST-0002", "HOST-0003"]} and flaws["CVE-2005-7003"]["flags"], "what does not affect has its justification", status)
    TAP.ok("MS00-004" in flaws and flaws["CVE-2005-7002"]["remediations"][0]["category"] == "vendor_fix", "bulletins without CVE are named; what is affected has a remedy")
    made = subprocess.run([ROOT / "tools" / "csaf-validator", BUILD], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        TAP.skip("--vex passes the validator's tests", made.stdout.strip())
        return
    done = subprocess.run(["node", BUILD / "csaf" / "check.mjs", folder], capture_output=True, text=True, check=False)
    TAP.ok(done.returncode == 0 and done.stdout.startswith("1 documents"), "--vex passes the schema and the mandatory tests, those of the profile too", done.stdout[:2000])


def check_text(bench):
    code, text, _ = bench.run()
    TAP.ok(code == FOUND and re.search(r"^GOOD +0 +0 +0 +4 ", text, re.M) and re.search(r"MS05-002 +CVE-2005-7002 +critical +1  =cmd", text), "many hosts: counts, and what is missing where", text)
    TAP.ok("\u202e" not in text and "\x1b" not in text, "nothing leads the terminal")
    code, text, _ = bench.run(host=bench.hosts / "a.json")
    TAP.ok(code == CLEAN and text.splitlines()[0].startswith("GOOD  Windows 2000 Server SP4") and "\nfixed\n" in text, "one host: its findings; nothing is missing, exit 0", text)
    code, text, _ = bench.run("--only", "missing,cannot-tell", host=bench.hosts / "b.json")
    TAP.ok(code == FOUND and "\nmissing\n" in text and "\nfixed\n" not in text, "--only leaves out the others", text)
    code, text, _ = bench.run("--why", "CVE-2005-7001", host=bench.hosts / "a.json")
    TAP.ok(code == CLEAN and "MS05-001 CVE-2005-7001: fixed by key" in text and f"[{bench.hosts / 'a.json'}]" in " ".join(text.split()), "--why has the evidence with its file", text)
    code, text, _ = bench.run("--why", "ms05-003", host=bench.hosts / "a.json")
    TAP.ok(code == CLEAN and "other-product" in text, "--why tells of what does not affect, too", text)
    code, text, _ = bench.run("--why", "CAN-2005-7002", host=bench.hosts / "b.json")
    TAP.ok(code == FOUND and "missing by not-listed" in text, "CAN- and CVE- are one", text)
    code, _, _ = bench.run(host=bench.hosts / "c.json")
    strict, _, _ = bench.run("--strict", host=bench.hosts / "c.json")
    also, _, _ = bench.run("--fail-on", "cannot-tell", host=bench.hosts / "c.json")
    TAP.ok((code, strict, also) == (CLEAN, FOUND, FOUND), "cannot-tell is exit 1 only where it is asked for", code, strict, also)
    code, text, _ = bench.run("--only", "cannot-tell,fixed")
    TAP.ok(re.search(r"^cannot-tell$", text, re.M) and re.search(r"^fixed$", text, re.M) and not re.search(r"^missing$", text, re.M), "many hosts: what --only asks for, and where", text)


def check_plan(bench):
    code, text, _ = bench.run("--plan", "--json")
    plans = json.loads(text)
    fits(plans, "--plan --json fits its schema")
    of = {host["name"]: host["plan"] for host in plans["hosts"]}
    TAP.ok(code == FOUND and not of["GOOD"]["steps"], "nothing is planned where nothing is missing")
    steps = of["=cmd|' /C calc'!A0"]["steps"]
    TAP.ok([s.get("bulletin", s["kind"]) for s in steps] == ["MS00-004", "MS05-002", "restart"] and of["=cmd|' /C calc'!A0"]["smallest"], "what is missing is planned", steps)
    TAP.ok(len(of[EVIL]["left"]) == 4 and all(row["wanted"] for row in of[EVIL]["left"]), "what cannot be told stays, with what would decide", of[EVIL]["left"])
    code, text, _ = bench.run("--plan")
    TAP.ok(code == FOUND and "2 updates close the 3 flaws that are missing one; no smaller set does" in " ".join(text.split()), "--plan as text", text)
    TAP.ok(text.count("whether it is open cannot be told") == len([h for h in plans["hosts"] if h["plan"]["left"]]) and "nothing is known to be missing" in text,
           "what stays is told by what would decide, not flaw by flaw", text)
    TAP.ok(all(row["bulletin"] in text for plan in of.values() for row in plan["left"]), "and no bulletin of it is left out", text)


def check_mistakes(bench):
    (bench.scratch / "empty").mkdir()
    bad = bench.scratch / "bad.json"
    bad.write_text('{"format":"sallyport-inventory-1","nam')
    cases = [
        ([bench.hosts], "--bulletins is missing"), (["--bulletins", bench.bulletins], "which hosts?"),
        ([bench.hosts, "-b", bench.bulletins, "--json", "--csv"], "only one of"), ([bench.hosts, "-b", bench.bulletins, "--only", "fixd"], 'did you mean fixed?'),
        ([bench.hosts, "-b", bench.bulletins, "--fail-on", "fixed"], "--fail-on is missing or cannot-tell"), ([bench.hosts, "-b", bench.scratch / "none"], "No such file"),
        ([bench.hosts, "-b", bench.scratch / "empty"], "there are no bulletins"), ([bench.scratch / "empty", "-b", bench.bulletins], "there are no hosts"),
        ([bench.hosts, "-b", bench.bulletins, "--why", "CVE-1999-0001"], "no bulletin that was read"), ([bench.hosts, "-b", bench.bulletins, "--shield", "--address", "DC9=10.0.0.1"], "no host is called"),
        ([bench.hosts, "-b", bench.bulletins, "--shield", "--address", "GOOD=10.0.0"], "wants HOST=ADDRESS"), ([bench.hosts, "-b", bench.bulletins, "--address", "GOOD=10.0.0.1"], "are for --shield"),
        ([bench.hosts, "-b", bench.bulletins, "--shield", "--trial-until", "2027-02-31"], "--trial-until wants a day"), ([bench.hosts, "-b", bench.bulletins, "--shield", "--trial-until", "2026-11-01"], "a day to come"), ([bench.hosts, "-b", bench.bulletins, "--results", "x", "--csv"], "--results keeps"),
        ([bench.hosts, "-b", bench.bulletins, "--results", "x", "--only", "missing"], "choose what is shown"),
        ([bench.hosts, "-b", bench.bulletins, "--results", "x", "--workers", "0"], "--workers wants a number"),
        ([bench.hosts, "-b", bench.bulletins, "--language", "nope"], "nope: No such file or directory; compiled in are de ja"),
        ([bench.hosts, "-b", bench.bulletins, "--publisher", "Ward 3"], "are for --vex"), ([bench.hosts, "-b", bench.bulletins, "--vex", "-"], "want a file"),
        ([bench.hosts, "-b", bench.bulletins, "--plan", "--only", "missing"], "--only is for"),
        ([bench.hosts, "-b", bench.bulletins, "--html", bench.scratch / "one", "--vex", bench.scratch / "one"], "a file each"),
    ]
    for words, said in cases:
        code, _, errors = assess(*words)
        TAP.ok(code == BAD and said in errors and "memory" not in errors, f"said: {said}", code, errors)
    code, text, errors = assess(bench.hosts / "a.json", bad, "-b", bench.bulletins, "--csv")
    TAP.ok(code == BAD and "bad.json" in errors and "unreadable" in text and text.count('"fixed"') == 4, "a bad host is a row and an error, and the others go on", code, errors, text)


def evil_fleet(scratch):
    """Hosts of one name stay apart; a path that is not there, and a mark of Windows editors, cost at most one row."""
    folder, where, listing = scratch / "alike", scratch / "alike.db", scratch / "alike" / "c.txt"
    folder.mkdir()
    bulletins = scratch / "twin-bulletins"
    bulletins.mkdir()
    (bulletins / "b.json").write_text(json.dumps(bulletin(1, ["CVE-2005-7001"])))
    for name, kb, mark in (("a", "KB890001", "\ufeff"), ("b", "KB111111", "")):
        document = json.loads(json.dumps(inventory("DC1")))
        document["updates"], document["looked_at"] = [{"id": kb}], [{"what": "updates"}]
        (folder / f"{name}.json").write_text(mark + json.dumps(document), encoding="utf-8")
    listing.write_text("HotFixID=KB890001\nCSName=DC1\n\n")
    (folder / "d.txt").write_text("HotFixID=KB111111\nCSName=DC1\n\n")
    code, text, _ = assess(folder, "--bulletins", bulletins)
    TAP.ok(code == BAD and all(f"DC1 ({folder / name})" in text for name in ("a.json", "b.json", "c.txt", "d.txt")), "hosts of one name are told by their files, and evidence of one kind is not merged", code, text)
    code, text, errors = assess(folder, scratch / "nowhere", "--bulletins", bulletins, "--results", where)
    TAP.ok(code == BAD and text.startswith("4 hosts: 4 assessed, 0 unchanged, 1 cannot be read") and "nowhere: No such file" in errors, "a path that is not there costs its row alone", code, text, errors)
    done = subprocess.run([BUILD / "sallyport", "results", "host", "DC1", "-r", where], capture_output=True, text=True, check=False)
    TAP.ok([line for line in done.stdout.splitlines() if line.startswith("DC1 from ")] == [f"DC1 from {folder / name}" for name in ("a.json", "b.json")],
           "results host tells whose verdicts they are", done.stdout)
    done = subprocess.run([BUILD / "sallyport", "results", "hosts", "-r", where], capture_output=True, text=True, check=False)
    TAP.ok(done.stdout.count("    from /") == 4, "results hosts too", done.stdout)


def leading(scratch):
    """What a terminal obeys and what a spreadsheet of any country computes."""
    path, bulletins = scratch / "lead.json", scratch / "twin-bulletins"
    name = "\uff1dX\u009b31m\x7f\u202e\x1b;=1\n+2"
    path.write_text(json.dumps(inventory(name)))
    _, text, _ = assess(path, "--bulletins", bulletins, "--json")
    TAP.ok(json.loads(text)["hosts"][0]["name"] == name and not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text), "JSON keeps a name and shows nothing that leads a terminal", text[:500])
    _, text, _ = assess(path, "--bulletins", bulletins, "--csv")
    cells = next(csv.DictReader(io.StringIO(text, newline="")))
    TAP.ok(cells["host"] == "'\uff1dX 31m \u202e ;'=1\n'+2", "CSV has no formula behind a semicolon or a line's end either, nor wide ones", cells)
    fifo = scratch / "pipe.db"
    os.mkfifo(fifo)
    for where in (fifo, ""):
        code, _, errors = assess(path, "--bulletins", bulletins, "--results", where)
        TAP.ok(code == BAD and "it is no plain file" in errors, f"results in \"{where}\" are refused", code, errors)


def check_fleet(bench):
    where = bench.scratch / "fleet.db"
    code, text, errors = bench.run("--results", where)
    TAP.ok(code == FOUND and text.startswith("3 hosts: 3 assessed, 0 unchanged"), "--results keeps a fleet", code, text, errors)
    code, text, _ = bench.run("--results", where)
    TAP.ok(code == FOUND and text.startswith("3 hosts: 0 assessed, 3 unchanged"), "what did not change is passed over, and still missing", code, text)
    TAP.ok("the name of another" not in errors, "hosts with different names are no twins", errors)
    twins = bench.scratch / "twins"
    twins.mkdir()
    for name in ("info.json", "qfe.json"):
        (twins / name).write_text('{"format": "sallyport-inventory-1", "name": "ONE"}')
    errors = assess(twins, "-b", bench.bulletins, "--results", bench.scratch / "twins.db")[2]
    TAP.ok("1 of the hosts kept have the name of another (ONE)" in errors and "inventory --out" in errors, "two files of one machine: it is said what to do first", errors)
    done = subprocess.run([BUILD / "sallyport", "results", "hosts", "-r", where, "--json"], capture_output=True, text=True, check=False)
    TAP.ok({h["host"] for h in json.loads(done.stdout)} == {"GOOD", EVIL, "=cmd|' /C calc'!A0"}, "sallyport results reads it", done.stdout, done.stderr)


def founding():
    """(flaw, bulletin) as `sallyport shields` has them."""
    done = subprocess.run([BUILD / "sallyport", "shields", "--json"], capture_output=True, text=True, check=True)
    return [(f["id"].replace("CAN-", "CVE-"), f["bulletin"]) for f in json.loads(done.stdout) if f["founding"]]


SHIELDED = {"CVE-2003-0345": {445, 139}, "CVE-2003-0533": {445, 139, 135}, "CVE-2003-0663": {389, 3268}, "CVE-2003-0806": {389, 445}, "CVE-2004-0119": {445, 389, 135},
            "CVE-2004-0123": {445, 389, 88}}
LOCAL = {"CVE-2003-0908", "CVE-2003-0909", "CVE-2003-0910", "CVE-2004-0118"}


def policy_check(scratch, text):
    path = scratch / "shield.policy"
    path.write_text(text)
    done = subprocess.run([BUILD / "sallyport", "policy", "check", path], capture_output=True, text=True, check=False)
    canonical = subprocess.run([BUILD / "sallyport", "policy", "fmt", path], capture_output=True, text=True, check=False)
    return done.returncode == 0 and canonical.stdout == text, done.stdout + done.stderr


def one_shield(scratch, cve, number):
    """A host that misses the update of this flaw alone."""
    folder = scratch / f"shield-{cve}"
    folder.mkdir()
    family = "Windows XP" if cve in ("CVE-2003-0907", "CVE-2003-0909") else "Windows 2000"
    host = inventory("DC 1.example", pack={"CVE-2000-0211": 0}.get(cve, 3 if family == "Windows 2000" else 1))
    host["system"] |= {"family": family, "editions": ["professional"] if family == "Windows XP" else ["server"], "role": "workstation" if family == "Windows XP" else "domain-controller"}
    host["keys"] = [{"path": "HKLM\\SOFTWARE\\Classes\\HCP"}]  # its absence is a workaround
    host["software"] = [{"name": name} for name in ("Microsoft ISA Server 2000", "NetMeeting", "Windows Media Services")]
    one = bulletin(number, [cve], product=family)
    one["verify_keys"] = [{"path": (KEY + one["kb"]).replace("Windows 2000", family), "product": family, "line": 7, "confidence": "high"}]
    Bench.put(folder, one)
    (folder / "host.json").write_text(json.dumps(host))
    _, text, errors = assess(folder / "host.json", "-b", folder / f"{one['id']}.json", "--shield")
    ports = {int(port) for port in re.findall(r"^\tlisten +0\.0\.0\.0:(\d+)", text, re.M)}
    if cve in SHIELDED:
        good, said = policy_check(scratch, text)
        TAP.ok(good and ports == SHIELDED[cve] and "host dc-1 { address 192.0.2.1; os " in text and "# REPLACE 192.0.2.1" in text and "until: the update of" in text,
               f"the shield of {cve} is a canonical policy for its ports", said, text, errors)
    else:
        why = "not shieldable: local only" if cve in LOCAL else "not shieldable: "
        TAP.ok(cve in text and why in text and not ports and "service" not in re.sub("#.*", "", text), f"{cve} has no shield, and it is said why", text, errors)
    works = re.findall(r"^#   workaround: (.*)", text, re.M)
    TAP.ok(len(works) == len(set(works)) and (cve != "CVE-2003-0719" or works == ["PCT 1.0 is off for servers"]), f"{cve}: workarounds of the host's system, each once", works)


def check_shields(bench):
    flaws = founding()
    TAP.ok(len(flaws) == 18 and set(SHIELDED) | LOCAL <= {cve for cve, _ in flaws}, "there are 18 founding flaws", flaws)
    for number, (cve, _) in enumerate(flaws):
        one_shield(bench.scratch, cve, number + 100)
    folder = bench.scratch / "several"
    folder.mkdir()
    Bench.put(folder, bulletin(50, ["CVE-2003-0663", "CVE-2005-7001"], EVIL, workarounds=[{"title": EVIL + "\n}", "effect": "x\u2028host evil { address 10.0.0.1 }", "line": 3, "confidence": "high"}]))
    hosts = bench.scratch / "several-hosts"
    hosts.mkdir()
    for i, name in enumerate(("DC1", "dc1", EVIL, "\u65e5\u672c", "any")):
        Bench.put(hosts, inventory(name), str(i))
    _, text, errors = assess(hosts, "-b", folder, "--shield", "--trial-until", "2036-12-31", "--address", "DC1=10.9.0.10", "--listen", "dc1=10.1.0.2")
    good, said = policy_check(bench.scratch, text)
    TAP.ok(good and "5 hosts, 10 services" in errors, "several hosts of hostile names and bulletins: one canonical policy", said, errors, text)
    TAP.ok("host dc1 { address 10.9.0.10;" in text and "listen   10.1.0.2:389 tcp udp" in text and text.count("watch all until 2036-12-31") == 10, "addresses and the trial are taken", text)
    TAP.ok("host evil" not in re.sub("#.*", "", text), "nothing of a comment becomes policy")


def main():
    with tempfile.TemporaryDirectory(prefix="sallyport-assess-") as folder:
        bench = Bench(pathlib.Path(folder))
        document = check_json(bench)
        check_csv(bench, document)
        check_html(bench, document)
        check_vex(bench)
        check_text(bench)
        check_plan(bench)
        check_mistakes(bench)
        check_fleet(bench)
        evil_fleet(bench.scratch)
        leading(bench.scratch)
        check_shields(bench)
    return TAP.done()


if __name__ == "__main__":
    sys.exit(main())

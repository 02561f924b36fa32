#!/usr/bin/env python3
"""The command line, end to end: exact lines, JSON, exit codes, odd files, and help that agrees with the manual pages."""
import fcntl
import io
import json
import os
import pathlib
import pty
import re
import signal
import subprocess
import sys
import tempfile
import termios
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lab")]
import pcap
from pcap import CLIENT, SERVER
from tap import Tap

PROGRAM = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else HERE.parent / "build") / "sallyport"
MAN = HERE.parent / "doc" / "man"
CLEAN, FOUND, USAGE = 0, 1, 2
VERBS = ["check", "reasons", "shields", "protocols", "policy", "tail", "run", "probe", "sessions", "bulletin", "assess", "inventory", "results"]
TAP = Tap()
A, B = ("10.0.0.1", 40000), ("10.0.0.2", 389)


def run(*words, stdin=None, **env):
    """(exit code, stdout, stderr)"""
    command = [str(PROGRAM), *map(str, words)]
    done = subprocess.run(command, input=stdin, capture_output=True, timeout=60, env=dict(os.environ, **env), check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


# LDAP, as little as the test needs.


def tlv(tag, *parts):
    body = b"".join(parts)
    assert len(body) < 65536
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    size = (len(body).bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + len(body).to_bytes(size, "big") + body


def message(number, operation):
    return tlv(0x30, tlv(2, bytes([number])), operation)


def bind():
    return tlv(0x60, tlv(2, b"\3"), tlv(4), tlv(0x80))


def result(tag):
    return tlv(tag, tlv(10, b"\0"), tlv(4), tlv(4))


def present(name=b"cn"):
    return tlv(0x87, name)


def negated(depth, inner):
    for _ in range(depth):
        inner = tlv(0xA2, inner)
    return inner


def search(term, base=b"dc=x"):
    zero = tlv(2, b"\0")
    return tlv(0x63, tlv(4, base), tlv(10, b"\2"), tlv(10, b"\0"), zero, zero, tlv(1, b"\0"), term, tlv(0x30))


STARTTLS = tlv(0x77, tlv(0x80, b"1.3.6.1.4.1.1466.20037"))
BIND_ASK, BIND_DONE = message(1, bind()), message(1, result(0x61))


class Scratch:
    """Captures in a folder of our own; commands run there, so that names in output are short."""

    def __init__(self):
        self.place = tempfile.TemporaryDirectory()
        os.chdir(self.place.name)

    @staticmethod
    def capture(name, write, start=1_700_000_000_000_000):
        file = io.BytesIO()
        write(pcap.Pcap(file, start=start))
        pathlib.Path(name).write_bytes(file.getvalue())
        return name


def conversation(*lines, client=A, server=B, begin=True, end=True):
    """A TCP flow: (side, bytes) after (side, bytes)."""

    def write(capture):
        flow = pcap.Flow(capture, client, server)
        if begin:
            flow.open()
        for side, data in lines:
            flow.send(side, data)
        if end:
            flow.close()

    return write


def lawful(capture):
    conversation((CLIENT, BIND_ASK), (SERVER, BIND_DONE), (CLIENT, message(2, search(present()))), (SERVER, message(2, result(0x65))),
                 (CLIENT, message(3, tlv(0x42))))(capture)


def same(got, want, title):
    TAP.ok(got == want, title, f"got  {got!r}", f"want {want!r}")


def test_clean():
    name = Scratch.capture("ok.pcap", lawful)
    code, out, err = run("check", name)
    same(code, CLEAN, "a lawful capture: exit 0")
    same(err, "", "and silence on stderr")
    same(out, "\n1 file, 11 packets, 1 flow\n  ldap     3 messages from clients, 2 from servers, in 1 flow\n"
              "5 messages recognised, 0 refused, 0 bytes could not be seen: clean.\n", "its summary, exactly")
    same(run("check", "--strict", name)[0], CLEAN, "--strict: still 0")
    code, out, _ = run("check", "-", stdin=pathlib.Path(name).read_bytes())
    TAP.ok(code == CLEAN and ": clean." in out, "the same from standard input", out)
    code, out, _ = run("check", "--units", name)
    lines = out.splitlines()
    same(len([line for line in lines if line.startswith("ok.pcap:")]), 5, "--units shows each message")
    TAP.ok(lines[0].startswith("ok.pcap:4 10.0.0.1:40000 -> 10.0.0.2:389  ldap ") and " op=bind " in lines[0], "with packet, direction and facts", lines[0])
    _, out, _ = run("check", "--flows", name)
    same(out.splitlines()[0], "ok.pcap:8 10.0.0.1:40000 -> 10.0.0.2:389  flow of ldap ended: 3 messages from the client, "
                              "2 from the server, 0 refused, 0 bytes unseen", "--flows, exactly")


DEEP = message(2, search(negated(33, present())))


def deep(capture):
    conversation((CLIENT, BIND_ASK), (SERVER, BIND_DONE), (CLIENT, DEEP), (SERVER, message(2, result(0x65))))(capture)


def test_refused():
    name = Scratch.capture("deep.pcap", deep)
    code, out, _ = run("check", name)
    same(code, FOUND, "a filter too deep: exit 1")
    lines = out.splitlines()
    reason = json.loads(run("reasons", "--json", "ldap.filter.depth")[1])[0]
    sentence = reason["sentence"].replace("{got}", "33").replace("{expected}", "32")
    path = re.search(r"\(at (ldap/search/filter/not/not[not/]*/\.\.\.[not/]*/not), byte", lines[0])
    same(lines[0], f"deep.pcap:6 10.0.0.1:40000 -> 10.0.0.2:389  ldap.filter.depth: {sentence} (at {path and path[1]}, "
                   f"byte {len(DEEP) - 8} of the message; {reason['clause']}; {' '.join(reason['flaws'])})",
         "one line, exactly: file, packet, flow, reason, sentence, path, byte, clause, flaws")
    TAP.ok(len(sentence) > 20 and "CAN-2003-0663" in reason["flaws"], "which say something", reason)
    same(lines[1], "", "and no other: the answer to the refused request is a consequence")
    TAP.ok("1  more refused only because of an earlier refusal in their flow (--all shows them)" in out, "which is counted", out)
    same(lines[-1], "2 messages recognised, 1 refused, 0 bytes could not be seen.", "the last line, exactly")
    _, out, _ = run("check", "--all", name)
    TAP.ok("follows from what came before" in out.splitlines()[1], "--all shows the consequence", out)
    _, out, _ = run("check", "--quiet", name)
    TAP.ok(not [line for line in out.splitlines() if line.startswith("deep.pcap")], "--quiet shows the summary only")
    same(run("check", "--limit", "ldap.filter.depth=40", name)[0], CLEAN, "--limit lets it pass")


def test_split():
    """However the bytes are cut into packets, the same is found."""
    seen = set()
    for size in (1, 2, 3, 7, 16, 100, 1460):

        def write(capture, size=size):
            flow = pcap.Flow(capture, A, B)
            flow.open()
            for side, data in ((CLIENT, BIND_ASK), (SERVER, BIND_DONE), (CLIENT, DEEP + message(3, search(present()))),
                               (SERVER, message(2, result(0x65)) + message(3, result(0x65)))):
                flow.send(side, data, size)
            flow.close()

        _, out, _ = run("check", "--units", "--all", Scratch.capture("split.pcap", write))
        seen.add(re.sub(r"^split\.pcap:\d+ |\d+ packets, ", "", out, flags=re.M))
    same(len(seen), 1, "seven ways to cut a conversation into packets: one outcome")
    TAP.ok(re.search(r"^4 messages recognised, 1 refused, 0 bytes could not be seen\.$", next(iter(seen)), re.M), "and nothing is lost", seen)


def events(*words):
    code, out, _ = run("check", "--json", *words)
    lines = out.splitlines()
    TAP.ok(all(len(line) < 8191 for line in lines), f"check --json {' '.join(words)}: every line is short")
    return code, [json.loads(line) for line in lines]


def test_json():
    Scratch.capture("deep.pcap", deep)
    code, found = events("deep.pcap")
    same((code, [event["event_type"] for event in found]), (FOUND, ["alert", "stats"]), "one alert, then the statistics")
    event = found[0]
    for key, want in {"src_ip": "10.0.0.1", "src_port": 40000, "dest_ip": "10.0.0.2", "dest_port": 389, "proto": "TCP", "app_proto": "ldap",
                      "pcap_cnt": 6, "pcap_filename": "deep.pcap", "timestamp": "2023-11-14T22:13:20.000250+0000",
                      "community_id": "1:" + community(A, B), "direction": "to_server"}.items():
        same(event[key], want, f"alert.{key}")
    TAP.ok(event["flow_id"] < 2**53, "flow_id is below 2^53")
    same(event["verdict"], {"action": "alert", "reason": "ldap.filter.depth"}, "verdict")
    own = event["sallyport"]
    same((own["reason"], own["mode"], own["expected"], own["got"], own["stream_offset"]), ("ldap.filter.depth", "check", 32, 33, len(BIND_ASK)),
         "sallyport: reason, mode, numbers, place")
    TAP.ok("33" in own["sentence"] and own["sentence"] in run("check", "deep.pcap")[1], "sallyport.sentence is the one people read", own["sentence"])
    same(own["field"].count("/not"), 33, "the whole field path")
    TAP.ok("CAN-2003-0663" in own["advisories"], "advisories")
    same(event["alert"]["signature"], own["reason"], "the signature is the reason, one for all its events")
    stats = found[-1]
    same((stats["stats"]["messages"], stats["stats"]["refused"], stats["refused_by_reason"]), (2, 1, {"ldap.filter.depth": 1}), "stats")
    _, found = events("--units", "--flows", "deep.pcap")
    same([event["event_type"] for event in found], ["ldap", "ldap", "alert", "flow", "stats"], "--units and --flows add their own")
    same({event["flow_id"] for event in found[:-1]}, {found[0]["flow_id"]}, "all of one flow")
    same(run("check", "--json", "deep.pcap")[1], run("check", "--json", "deep.pcap")[1], "the same file gives the same lines")


def community(a, b):
    """The id by its specification, written apart from the program's."""
    import base64
    import hashlib

    ends = sorted((pcap.ip4(host), port.to_bytes(2, "big")) for host, port in (a, b))
    data = b"\0\0" + ends[0][0] + ends[1][0] + b"\6\0" + ends[0][1] + ends[1][1]
    return base64.b64encode(hashlib.sha1(data).digest()).decode()


def test_escaped():
    name = b"dc=\x1b[31m\xe2\x80\xae\n\xff"
    Scratch.capture("peer.pcap", conversation((CLIENT, BIND_ASK), (SERVER, BIND_DONE), (CLIENT, message(2, search(present(), b"dc=\x1b[31m\xe2\x80\xae\n")))))
    for words in (["--units"], ["--units", "--json"], ["--all"]):
        _, out, _ = run("check", *words, "peer.pcap")
        bad = [c for c in out if (ord(c) < 32 and c != "\n") or c in "\u202e\x7f"]
        TAP.ok(not bad and name[3:4].decode() not in out, f"peer text is harmless in {' '.join(words)}", bad)


def unseen(title, name, write, *phrases, words=(), code=CLEAN):
    """What cannot be seen is said, never called clean, and --strict finds it."""
    Scratch.capture(name, write)
    got, out, _ = run("check", *words, name)
    TAP.ok(got == code and all(phrase in out for phrase in phrases) and "clean" not in out, title, f"exit {got}", out)
    same(run("check", "--strict", *words, name)[0], FOUND, f"{title}: --strict exits 1")


def gap(capture):
    flow = pcap.Flow(capture, A, B)
    flow.open()
    flow.send(CLIENT, BIND_ASK)
    flow.send(SERVER, BIND_DONE)
    flow.next[CLIENT] += 100
    flow.send(CLIENT, message(2, search(present())))
    flow.send(SERVER, message(2, result(0x65)))
    flow.close()


def two_versions(capture):
    flow = pcap.Flow(capture, A, B)
    flow.open()
    flow.send(CLIENT, BIND_ASK)
    flow.next[CLIENT] -= len(BIND_ASK)
    flow.send(CLIENT, message(1, tlv(0x60, tlv(2, b"\2"), tlv(4), tlv(0x80))))
    flow.close()


HELLO = b"\x16\3\1\0\x5f" + bytes(95)  # a TLS record of 100 bytes


def tls(capture):
    conversation((CLIENT, HELLO), server=("10.0.0.2", 636))(capture)


def starttls(capture):
    conversation((CLIENT, message(1, STARTTLS)), (SERVER, message(1, result(0x78))), (CLIENT, HELLO))(capture)


def not_ip(capture):
    lawful(capture)
    capture.packet(b"\x00" * 40)


def other_ports(capture):
    lawful(capture)
    for port in (80, 80, 25):
        conversation((CLIENT, b"GET / HTTP/1.1\r\n"), client=("10.0.0.1", 1024 + capture.packets), server=("10.0.0.2", port))(capture)


def midway(capture):
    conversation((SERVER, message(9, result(0x65))), (CLIENT, BIND_ASK), (SERVER, BIND_DONE), begin=False)(capture)


def midway_inside(capture):
    conversation((SERVER, message(9, result(0x65))[5:]), (CLIENT, BIND_ASK), begin=False)(capture)


def test_unseen():
    unseen("a gap", "gap.pcap", gap, "missing from the capture", "(capture.gap)", "2 messages recognised")
    unseen("TLS by port", "tls.pcap", tls, "100 bytes in 1 flow: inside TLS")
    unseen("StartTLS", "starttls.pcap", starttls, "100 bytes in 1 flow: inside TLS", "2 messages recognised")
    unseen("other protocols", "other.pcap", other_ports, "48 bytes in 3 flows of protocols with no recogniser yet, by server port: tcp/80 (2), tcp/25 (1)",
           "other traffic was not looked at")
    unseen("a flow that began before the capture", "midway.pcap", midway, "1 flow began before the capture",
           "1 message there would have needed that beginning", "2 messages recognised, 0 refused")
    unseen("a flow that began inside a message", "inside.pcap", midway_inside, "that began before the capture, inside a message")
    unseen("a message without its end", "tail.pcap", conversation((CLIENT, BIND_ASK + DEEP[:30]), end=False),
           "30 bytes in 1 flow: of messages whose end is not in the capture")
    unseen("bytes that are not IP", "noip.pcap", not_ip, "could not be seen:")
    Scratch.capture("two.pcap", two_versions)
    code, out, _ = run("check", "two.pcap")
    TAP.ok(code == FOUND and out.splitlines()[0].startswith("two.pcap:5 10.0.0.1:40000 -> 10.0.0.2:389  capture.ambiguous: the capture holds two "),
           "two versions of the same bytes are refused", out)


def test_choice():
    odd = conversation((CLIENT, BIND_ASK), (SERVER, BIND_DONE), server=("10.0.0.2", 10389))
    Scratch.capture("odd.pcap", odd)
    _, out, _ = run("check", "odd.pcap")
    TAP.ok("ldap     1 message from clients, 1 from servers" in out, "LDAP on another port is found by looking", out)
    Scratch.capture("noise.pcap", conversation((CLIENT, b"\x30\x03abc"), server=("10.0.0.2", 10389)))
    same(run("check", "noise.pcap")[0], CLEAN, "what does not look like it is not read")
    same(run("check", "--port", "10389=ldap", "noise.pcap")[0], FOUND, "--port reads it")
    same(run("check", "--protocol", "ldap:10389", "noise.pcap")[0], FOUND, "--protocol NAME:PORT reads it")
    same(run("check", "--protocol", "ldap", "noise.pcap")[0], FOUND, "--protocol NAME reads it")
    Scratch.capture("turned.pcap", conversation((SERVER, BIND_DONE), client=("10.0.0.1", 40000), server=B, begin=False))
    _, out, _ = run("check", "--units", "turned.pcap")
    TAP.ok("10.0.0.2:389 -> 10.0.0.1:40000" in out or "needed that beginning" in out, "the side on the server port is the server", out)


def complaint(title, words, *phrases, code=USAGE):
    got, out, err = run(*words)
    TAP.ok(got == code and all(phrase in err for phrase in phrases), title, f"exit {got}", out[-300:], err)


def test_complaints():
    Scratch.capture("ok.pcap", lawful)
    complaint("no verb", [], "usage: sallyport")
    complaint("an unknown verb", ["chekc"], 'there is no verb "chekc"', "did you mean check?")
    complaint("an unknown option", ["check", "--jsno", "ok.pcap"], "check has no option --jsno", "did you mean --json?")
    complaint("no capture", ["check"], "check needs a capture file")
    complaint("a missing file", ["check", "none.pcap"], "none.pcap cannot be read: No such file or directory")
    complaint("a limit nobody has", ["check", "--limit", "ldap.filter.dept=3", "ok.pcap"], "did you mean ldap.filter.depth?")
    complaint("a limit out of range", ["check", "--limit", "ldap.filter.depth=999999999999", "ok.pcap"], "ldap.filter.depth may be ")
    complaint("a limit that is no number", ["check", "--limit", "ldap.filter.depth=ten", "ok.pcap"], "--limit wants NAME=NUMBER")
    complaint("a tolerance nobody has", ["check", "--tolerate", "ldap.ber.long-lenght", "ok.pcap"], "did you mean ldap.ber.long-length?")
    complaint("a protocol nobody has", ["check", "--protocol", "ladp", "ok.pcap"], "did you mean ldap?")
    complaint("a protocol like none", ["check", "--port", "445=zzzzzz", "ok.pcap"], "sallyport protocols lists what there is")
    complaint("a port that is none", ["check", "--port", "70000=ldap", "ok.pcap"], '"70000" is not a port')
    complaint("a reason nobody has", ["reasons", "ldap.filter.dept"], "did you mean ldap.filter.depth?")
    complaint("a class nobody has", ["reasons", "--class", "unsave"], "did you mean unsafe?")
    complaint("a flaw nobody has", ["shields", "CVE-1999-0001"], "no founding flaw", "sallyport shields lists what there is")
    complaint("an option without its value", ["check", "ok.pcap", "--limit"], "--limit needs a value: --limit NAME=NUMBER")
    complaint("a value for none", ["check", "--json=1", "ok.pcap"], "--json takes no value")
    complaint("a folder", ["check", "."], "it is a directory")
    complaint("a name that leads terminals", ["check", "a\x1b[31m\nb"], "sallyport: a?[31m?b cannot be read: ")
    complaint("a verb that leads terminals", ["\x1b[31m"], 'there is no verb "?[31m"')
    got, out, err = run("shields", "ms04-011", "cve-2003-0663")
    TAP.ok(got == CLEAN and "CAN-2003-0533" in out and "CAN-2003-0663" in out, "flaws are found in any letter case", out, err)
    pathlib.Path("a.gz").write_bytes(b"\x1f\x8b\x08" + bytes(40))
    complaint("gzip", ["check", "a.gz"], "compressed with gzip", "gunzip -c")
    pathlib.Path("empty").write_bytes(b"")
    complaint("an empty file", ["check", "empty"], "it is empty")
    got, out, err = run("check", "-", stdin=b"")
    TAP.ok(got == USAGE and "standard input cannot be read: it is empty" in err, "an empty pipe", got, out, err)
    pathlib.Path("text").write_bytes(b"this is no capture at all, only text\n" * 3)
    complaint("no capture at all", ["check", "text"], "text cannot be read: ")
    got, out, _ = run("check", "none.pcap", "ok.pcap")
    TAP.ok(got == USAGE and "5 messages recognised" in out, "the other files are read nevertheless", out)
    TAP.ok("1 file could not be read at all" in out and "clean" not in out, "and nothing is called clean then", out)
    _, out, _ = run("check", "--json", "none.pcap", "ok.pcap")
    stats = json.loads(out.splitlines()[-1])["stats"]
    same((stats["unseen"]["files_unreadable"], stats["anything_unseen"]), (1, True), "nor in JSON")
    with open("/dev/full", "w") as full:
        done = subprocess.run([PROGRAM, "check", "ok.pcap"], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
    TAP.ok(done.returncode == USAGE and done.stderr.count(b"could not be written") == 1, "a full disk is said, once", done.stderr)


def test_damage():
    """Every prefix and many flips of a capture: an exit code, never a signal."""
    whole = pathlib.Path(Scratch.capture("deep.pcap", deep)).read_bytes()
    names, codes, seed = [], set(), 7
    for number in range(240):
        data = bytearray(whole[: number * len(whole) // 120] if number < 120 else whole)
        for _ in range(0 if number < 120 else 8):
            seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
            data[(seed >> 33) % len(data)] = seed >> 56
        pathlib.Path(f"d{number}").write_bytes(data)
        names.append(f"d{number}")
    for at in range(0, len(names), 20):
        codes.add(run("check", *names[at : at + 20])[0])
        codes.add(run("check", "--json", "--units", "--flows", "--all", *names[at : at + 20])[0])
    TAP.ok(codes <= {CLEAN, FOUND, USAGE}, "240 damaged captures: never a signal", codes)


def test_terminal():
    """Colours on a terminal unless NO_COLOR says no."""
    Scratch.capture("deep.pcap", deep)
    for env, want in (({}, True), ({"NO_COLOR": "1"}, False)):
        try:
            main, side = pty.openpty()
        except OSError as error:  # a bare chroot has none
            TAP.skip("colours on a terminal", f"no pseudo-terminal: {error}")
            return
        environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TERM": "xterm"} | env
        with subprocess.Popen([PROGRAM, "check", "deep.pcap"], stdout=side, stderr=side, env=environment) as child:
            os.close(side)
            text = b""
            try:
                while data := os.read(main, 4096):
                    text += data
            except OSError:
                pass
            child.wait(60)
        os.close(main)
        same(b"\x1b[" in text, want, f"colours on a terminal with {env or 'nothing set'}")
    same("\x1b" in run("check", "deep.pcap", TERM="xterm")[1], False, "none in a pipe")


def test_interrupt():
    """A slow input: what was found is there at once, and after an interrupt the summary, and the exit code shells expect."""
    data = pathlib.Path(Scratch.capture("deep.pcap", deep)).read_bytes()
    with subprocess.Popen([PROGRAM, "check", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        child.stdin.write(data)
        child.stdin.flush()
        while fionread(child.stdin) > 0 or not asleep(child.pid):
            time.sleep(0.01)
        so_far = fionread(child.stdout)
        child.send_signal(signal.SIGINT)
        out, err = (text.decode() for text in child.communicate(timeout=30))
    TAP.ok(child.returncode == 130 and out.startswith("stdin:6 ") and "where you stopped the reading" in out and not err,
           "an interrupt prints what was found so far", child.returncode, out, err)
    TAP.ok(so_far >= len(out.splitlines()[0]), "of a running capture each line is told at once, in a pipe too", so_far)
    with subprocess.Popen([PROGRAM, "check", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        while not (catches_interrupts(child.pid) and asleep(child.pid)):
            time.sleep(0.01)
        child.send_signal(signal.SIGINT)
        out, err = (text.decode() for text in child.communicate(timeout=30))
    TAP.ok(child.returncode == 130 and "you stopped the reading before it began" in err, "an interrupt before anything came", child.returncode, out, err)


def fionread(pipe):
    """Bytes written to a pipe that nobody has read."""
    return int.from_bytes(fcntl.ioctl(pipe.fileno(), termios.FIONREAD, bytes(4)), sys.byteorder)


def asleep(pid):
    """The program waits: with an empty pipe that can only be for more input."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"


def catches_interrupts(pid):
    caught = re.search(r"^SigCgt:\t(\w+)", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M)
    return bool(caught and int(caught[1], 16) & 1 << (signal.SIGINT - 1))


def test_lists():
    code, out, _ = run("reasons", "--json")
    reasons = json.loads(out)
    numbers = [reason["number"] for reason in reasons]
    TAP.ok(code == CLEAN and numbers == sorted(set(numbers)), "reasons --json: an array by number")
    code, out, _ = run("reasons")
    TAP.ok(code == CLEAN and all(reason["id"] in out for reason in reasons) and max(map(len, out.splitlines())) <= 100,
           "reasons: all of them, within 100 columns")
    code, out, _ = run("reasons", "ldap.filter.depth")
    TAP.ok(code == CLEAN and "refused, ldap" in out, "reasons ID: its vectors by name", out)
    _, out, _ = run("reasons", "--class", "opaque", "--protocol", "any", "--json")
    TAP.ok({(r["class"], r["protocol"]) for r in json.loads(out)} == {("opaque", "any")}, "reasons --class --protocol", out)
    code, out, _ = run("shields", "--json")
    flaws = json.loads(out)
    founding = [flaw for flaw in flaws if flaw["founding"]]
    same((code, len(founding)), (CLEAN, 18), "shields: all founding flaws")
    TAP.ok(all(flaw["text"] and flaw["status"] in ("shielded", "partly", "not covered", "host only") for flaw in flaws), "each with a status")
    same({flaw["id"] for flaw in founding if flaw["status"] == "host only"},
         {"CAN-2003-0908", "CAN-2003-0909", "CAN-2003-0910", "CAN-2004-0118"}, "host only: those without a network path")
    same([flaw["status"] for flaw in founding if flaw["id"] == "CAN-2003-0663"], ["shielded"], "CAN-2003-0663 is shielded")
    known = {reason["id"] for reason in reasons}
    TAP.ok(all(set(flaw["reasons"]) <= known for flaw in flaws), "the reasons exist")
    code, out, _ = run("shields")
    TAP.ok(code == CLEAN and max(map(len, out.splitlines())) <= 100 and "18 founding flaws:" in out, "shields: within 100 columns", out)
    same(run("shields", "CVE-2003-0663")[1], run("shields", "CAN-2003-0663")[1], "CVE and CAN are one name")
    code, out, _ = run("protocols", "--json")
    ldap = {entry["name"]: entry for entry in json.loads(out)}["ldap"]
    TAP.ok(code == CLEAN and all(x["least"] <= x["default"] <= x["most"] and x["source"] for x in ldap["limits"]), "limits: in their range")
    TAP.ok(all(x["client"] for x in ldap["tolerances"]), "each tolerance names who needs it")
    code, out, _ = run("protocols", "ldap")
    names = [x["name"] for part in ("limits", "tolerances", "facts") for x in ldap[part]]
    TAP.ok(code == CLEAN and all(f"    {name}: " in out for name in names) and max(map(len, out.splitlines())) <= 100, "protocols: all, within 100 columns")
    code, _, err = run("protocols", "ldpa")
    TAP.ok(code == USAGE and "did you mean" in err, "protocols: an unknown name", err)


def manual_options(page):
    """{option: argument or None} that a page's list describes."""
    found = {}
    for line in page.splitlines():
        if not line.startswith(".It Fl "):
            continue
        text = re.sub(r" Ns| Op", "", line[len(".It Fl "):]).replace(" = Ar ", "=").replace(" , Ar ...", ",...")
        names, _, argument = text.partition(" Ar ")
        for name in names.replace("Fl ", "").split(" , "):
            if name.startswith("-"):
                found[f"-{name.strip()}"] = argument.replace(" : Ar ", "[:").strip() + ("]" if " : Ar " in argument else "") if argument else None
            else:
                found[f"-{name.strip()}"] = None
    return found


def help_options(text):
    found = {}
    for line in text.splitlines():
        match = re.match(r"  (?:(-\w), |    )(--[\w-]+)(?: ([A-Z]\S*))?  ", line)
        if match:
            found[match[2]] = match[3]
            if match[1]:
                found[match[1]] = None
    return found


def test_manual():
    for verb in VERBS:
        code, text, _ = run(verb, "--help")
        same((code, text), run("help", verb)[:2], f"{verb} --help and help {verb} say the same")
        same(manual_options((MAN / f"sallyport-{verb}.1").read_text()), help_options(text), f"{verb}: help and manual page agree")
    page = (MAN / "sallyport.1").read_text()
    _, text, _ = run("--help")
    listed = re.findall(r"^  ([a-z]+) +\S", text.partition("verbs:")[2], re.M)
    same(re.findall(r"^\.It Cm (\w+)", page, re.M), listed, "the verbs: help and manual page agree")
    same(set(VERBS) <= set(listed), True, "every verb with a page is listed")
    code, out, _ = run("--version")
    version = re.search(r"version: '([\d.]+)'", (HERE.parent / "meson.build").read_text())[1]
    same((code, out), (CLEAN, f"sallyport {version}\n"), "--version is the build's")


def main():
    if not PROGRAM.exists():
        TAP.ok(False, f"{PROGRAM} is built")
        return TAP.done()
    scratch = Scratch()
    for test in (test_clean, test_refused, test_split, test_json, test_escaped, test_unseen, test_choice, test_complaints, test_damage, test_terminal, test_interrupt,
                 test_lists, test_manual):
        try:
            test()
        except Exception as error:  # one broken test must not hide the others
            TAP.ok(False, test.__name__, repr(error))
    os.chdir("/")
    scratch.place.cleanup()
    return TAP.done()


if __name__ == "__main__":
    sys.exit(main())

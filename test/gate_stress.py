#!/usr/bin/env python3
"""Stress: seeded random clients and servers around the gate; whole lawful messages pass in order, once, or not at all, and nothing is left behind."""
import argparse
import collections
import json
import pathlib
import random
import select
import shutil
import signal
import socket
import struct
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "lab")]
import answerer
import gate
import peer
import slapd
from tap import Tap
from vector import unit_length

TAP = Tap()
RULES = ("allow opaque.tls", "block where ldap.op = add", "pass", "default block")
KIND = None
BORNE = 60  # seconds a conversation may take
RECORD = bytes.fromhex("1603014000")
SEARCH, MODIFY, ADD, EXTENDED = 0x63, 0x66, 0x68, 0x77
GARBAGE = (b"A" * 40, b"\x30\x84\xff\xff\xff\xff", b"\x30\x03\x02\x01\x00", b"\x31\x05\x02\x01\x01\x42\x00", b"\x16\x03\x01\x00\x05")
RESULT = {SEARCH: 0x65, MODIFY: 0x67, EXTENDED: 0x78, 0x60: 0x61}


def tlv(*parts):
    return answerer.tlv(*parts)


def attribute(size):
    return tlv(0x30, tlv(4, b"description"), tlv(0x31, tlv(4, b"A" * size)))


def denied(number, size):
    """A lawful addition, which the policy blocks."""
    return answerer.message(number, tlv(ADD, tlv(4, b"cn=a"), tlv(0x30, attribute(size))))


def entry(number, size):
    return answerer.message(number, tlv(0x64, tlv(4, b"cn=a"), tlv(0x30, attribute(size))))


def result(number, tag):
    return answerer.message(number, tlv(RESULT[tag], tlv(10, b"\0"), tlv(4), tlv(4)))


def number_of(unit):
    raw, tag = answerer.number_and_tag(unit)
    return int.from_bytes(raw[2:], "big"), tag


def units_of(data):
    """Whole messages, and what is left behind them."""
    found = []
    while data and (length := unit_length(data)) and length <= len(data):
        found.append(bytes(data[:length]))
        data = data[length:]
    return found, bytes(data)


class End:
    """One end of one connection: sends in random pieces, reads in random pieces, at a random pace."""

    def __init__(self, stream, rng):
        self.stream, self.rng = stream, rng
        self.out, self.got, self.sent = bytearray(), bytearray(), 0
        self.fin, self.fin_sent, self.ended, self.broken = False, False, False, False
        self.piece = rng.choice((300, 5000, 70000, 1 << 20))
        self.bite = rng.choice((4096, 32768, 1 << 18, 1 << 18))
        self.pause = rng.choice((0, 0, 0, 0, 0.002)) if self.bite > 40000 else 0
        stream.setblocking(False)
        self.poll = select.poll()

    def pump(self, patience):
        """Send and read what goes now; whether anything did."""
        wanted = 0 if self.ended else select.POLLIN
        if self.out or (self.fin and not self.fin_sent):
            wanted |= select.POLLOUT
        self.poll.register(self.stream, wanted)
        ready = self.poll.poll(patience * 1000)
        if not ready or self.broken:
            return False
        if self.pause:
            time.sleep(self.pause)
        try:
            if ready[0][1] & select.POLLIN or ready[0][1] & (select.POLLERR | select.POLLHUP):
                data = self.stream.recv(self.rng.randint(1, self.bite) if self.bite < 40000 else self.bite)
                self.got += data
                self.ended |= not data
            if ready[0][1] & select.POLLOUT:
                self._send()
        except BlockingIOError:
            pass
        except OSError:
            self.broken = self.ended = True
        return True

    def _send(self):
        if self.out:
            n = self.stream.send(memoryview(bytes(self.out[: self.rng.randint(1, self.piece)])))
            del self.out[:n]
            self.sent += n
        if not self.out and self.fin and not self.fin_sent:
            self.stream.shutdown(socket.SHUT_WR)
            self.fin_sent = True

    def reset(self):
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self):
        self.broken = self.ended = True
        self.stream.close()


class Talk:
    """One conversation: what both ends said and heard."""

    def __init__(self, seed):
        self.seed, self.rng = seed, random.Random(seed)
        self.kind = KIND or self.rng.choice(("clean", "clean", "clean", "tls", "tls", "client-reset", "server-reset", "client-garbage", "server-garbage", "server-fin"))
        self.asked, self.said = [], []  # lawful messages of the client, of the server
        self.heard, self.came = b"", b""  # what came to the client, to the server
        self.bulk = {"client": b"", "server": b""}
        self.done = threading.Event()
        self.problem = ""


class Stress:
    def __init__(self, port, server):
        self.port, self.server = port, server
        self.talks, self.lock, self.counts, self.problems = {}, threading.Lock(), collections.Counter(), []
        self.stopping = False

    # ---- The client ----

    def plan(self, talk):
        rng, out = talk.rng, []
        # The first change names the conversation for the server.
        name = tlv(0x30, tlv(4, b"description"), tlv(0x31, tlv(4, str(talk.seed).encode())))
        out.append(answerer.message(1, tlv(MODIFY, tlv(4, b"cn=a"), tlv(0x30, tlv(0x30, tlv(10, b"\0"), name)))))
        for number in range(2, 2 + rng.choice((0, 1, 5, 40, 100))):
            pick = rng.random()
            if pick < 0.5:
                out.append(answerer.search(number))
            elif pick < 0.8:
                out.append(answerer.padded(rng.choice((1, 100, 5000, 100000)), number))
            else:
                out.append(denied(number, rng.choice((1, 3000))))
        return out

    def client(self, talk):
        rng = talk.rng
        stream = socket.socket()
        if rng.random() < 0.3:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stream.settimeout(5)
        stream.connect(("127.0.0.1", self.port))
        talk.port = stream.getsockname()[1]
        end, deadline = End(stream, rng), time.monotonic() + BORNE
        talk.asked = self.plan(talk) if talk.kind != "tls" else self.plan(talk)[:1]
        end.out += b"".join(talk.asked)
        stop = rng.randint(1, 400) if talk.kind == "client-reset" else 0
        if talk.kind == "client-garbage":
            end.out += rng.choice(GARBAGE) + answerer.search(9999)
        if talk.kind == "tls":
            self._tls_client(talk, end, deadline)
        else:
            end.fin = rng.random() < 0.7
        turns = 0
        orderly = talk.kind in ("clean", "tls")
        while not (end.broken or (end.ended and (end.fin_sent or not orderly))) and time.monotonic() < deadline:
            # Nothing moved for half a second: half-close.
            moved = end.pump(0.5)
            end.fin |= end.ended or (not moved and not end.out)
            turns += 1
            if stop and turns >= stop:
                break
        talk.heard = bytes(end.got)
        if not end.ended and not stop:
            talk.problem = f"client: no end in {BORNE} s: {len(end.out)} bytes unsent, {len(end.got)} read"
        end.reset() if stop and not end.broken else end.close()

    def _tls_client(self, talk, end, deadline):
        while not units_of(end.got)[0] and not end.ended and time.monotonic() < deadline:
            end.pump(0.2)
        ask = answerer.message(2, tlv(EXTENDED, tlv(0x80, b"1.3.6.1.4.1.1466.20037")))
        talk.asked.append(ask)
        end.out += ask
        while len(units_of(end.got)[0]) < 2 and not end.ended and time.monotonic() < deadline:
            end.pump(0.2)
        talk.bulk["client"] = RECORD + random.Random(talk.seed).randbytes(talk.rng.choice((0, 1000, 300000, 3 << 20)))
        end.out += talk.bulk["client"]
        end.piece, end.bite, end.fin = max(end.piece, 5000), max(end.bite, 4096), True

    # ---- The server ----

    def serve(self, stream):
        end = End(stream, random.Random(0))
        end.bite = 1 << 18
        while not end.ended and not units_of(end.got)[0]:
            if not end.pump(5):
                break
        first = units_of(end.got)[0]
        if not first:
            if end.got:
                self.problems.append(f"a server got part of a message: {bytes(end.got[:60])}")
            end.close()
            return
        seed = int(first[0].rsplit(b"\x04", 1)[1][1:])
        talk = self.talks[seed]
        rng = random.Random(seed + 1)
        end.rng, end.piece = rng, rng.choice((100, 5000, 70000, 1 << 20))
        self._answer(talk, end, rng)
        talk.came = bytes(end.got)
        if talk.kind == "server-reset" and not end.broken:
            end.reset()
        end.close()
        talk.done.set()

    def _answer(self, talk, end, rng):
        seen, rest, deadline, turns = 0, 0, time.monotonic() + BORNE, 0
        stop = rng.randint(1, 200) if talk.kind in ("server-reset", "server-garbage", "server-fin") else 0
        opaque = False
        while time.monotonic() < deadline and not end.broken:
            if not opaque:
                found, _ = units_of(memoryview(end.got)[rest:])
                for unit in found:
                    rest += len(unit)
                    seen += 1
                    opaque |= self._reply(talk, end, rng, unit)
                    if opaque:
                        break
            if end.ended and not end.out:
                end.fin = True
            if end.fin_sent and end.ended:
                return
            # A server that only half-closes can keep the client's requests waiting for ldap.wait each: it leaves soon.
            if end.fin_sent and talk.kind in ("server-fin", "server-garbage"):
                deadline = min(deadline, time.monotonic() + 3)
            end.pump(0.2)
            turns += 1
            if stop and turns >= stop:
                if talk.kind == "server-reset":
                    return
                if talk.kind == "server-garbage":
                    end.out += rng.choice(GARBAGE) + result(1, SEARCH)
                end.fin, stop = True, 0
        if time.monotonic() >= deadline and talk.kind in ("clean", "tls"):
            talk.problem = talk.problem or f"server: no end in {BORNE} s ({len(end.out)} unsent)"

    def _reply(self, talk, end, rng, unit):
        """Whether what follows is opaque."""
        if talk.kind in ("server-garbage", "server-fin") and end.fin:
            return False
        number, tag = number_of(unit)
        if tag == SEARCH:
            for _ in range(rng.choice((0, 1, 3))):
                self._say(talk, end, entry(number, rng.choice((1, 1, 500, 20000, 300000) if rng.random() < 0.95 else (1 << 20,))))
        if tag in RESULT:
            self._say(talk, end, result(number, tag))
        if tag != EXTENDED:
            return False
        talk.bulk["server"] = RECORD + random.Random(talk.seed + 7).randbytes(rng.choice((0, 1000, 400000, 5 << 20)))
        end.out += talk.bulk["server"]
        end.piece, end.fin = max(end.piece, 5000), True
        return True

    @staticmethod
    def _say(talk, end, unit):
        talk.said.append(unit)
        end.out += unit

    # ---- The oracle ----

    def judge(self, talk):
        came, left = units_of(talk.came) if talk.kind != "tls" else self._split(talk.came, 2)
        heard, half = units_of(talk.heard) if talk.kind != "tls" else self._split(talk.heard, 2)
        own = {number_of(u)[0] for u in heard if peer.MARK in u}
        heard = [u for u in heard if peer.MARK not in u]
        if talk.problem:
            return talk.problem
        if talk.kind == "tls":
            clean = left == talk.bulk["client"] and half == talk.bulk["server"] and came == talk.asked and heard == talk.said
            return "" if clean else f"tls: {len(left)} of {len(talk.bulk['client'])}, {len(half)} of {len(talk.bulk['server'])}"
        if left:
            return f"the server got part of a message behind {len(came)} whole ones: {left[:40]}"
        at = 0
        for unit in came:
            while at < len(talk.asked) and talk.asked[at] != unit:
                number, tag = number_of(talk.asked[at])
                if tag != ADD and number not in own and talk.kind not in ("client-reset", "server-reset", "server-fin", "server-garbage"):
                    return f"message {number} was left out, {number_of(unit)[0]} was not"
                at += 1
            if at == len(talk.asked) or number_of(unit)[1] == ADD:
                return f"the server got what was not sent, in another order or twice: {unit[:40]}"
            at += 1
        if heard != talk.said[: len(heard)]:
            return "the client got what was not said, or in another order"
        if half and talk.kind not in ("client-reset", "server-reset"):
            return f"the client got part of a message: {half[:40]}"
        if talk.kind == "clean" and len(heard) != len(talk.said):
            return f"the client got {len(heard)} of {len(talk.said)} messages"
        if talk.kind == "clean":
            for unit in talk.asked[at:]:
                number, tag = number_of(unit)
                if tag != ADD and number not in own:
                    return f"message {number} never arrived"
        return ""

    @staticmethod
    def _split(data, count):
        """The first messages, and the opaque rest."""
        found = []
        while len(found) < count and data and (length := unit_length(data)) and length <= len(data):
            found.append(data[:length])
            data = data[length:]
        return found, data

    # ---- Many at once ----

    def listen(self):
        while not self.stopping:
            if stream := self.server.accept(0.2):
                threading.Thread(target=self.serve, args=(stream,), daemon=True).start()

    def run_one(self, seed):
        talk = self.talks[seed] = Talk(seed)
        try:
            self.client(talk)
        except OSError as error:
            if talk.kind in ("clean", "tls"):
                talk.problem = repr(error)
        if talk.kind in ("clean", "tls") and not talk.done.wait(BORNE):
            talk.problem = talk.problem or "the server's side never ended"
        talk.done.wait(2)
        wrong = self.judge(talk)
        with self.lock:
            self.counts[talk.kind] += 1
            if wrong:
                self.problems.append(f"seed {seed} ({talk.kind}): {wrong} [client port {talk.port}]")
        talk.asked = talk.said = talk.bulk = None
        del self.talks[seed]

    def work(self, seeds, until):
        while time.monotonic() < until and len(self.problems) < 20:
            self.run_one(next(seeds))


def descriptors(running):
    return {pid: len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir())) for pid in running.family()}


def ticks(running):
    """Processor time of all its processes, in milliseconds."""
    total = 0
    for pid in running.family():
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total * 10


def main():
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--seconds", type=float, default=20)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--clients", type=int, default=24)
    words.add_argument("--one", type=int, help="only the conversation of this seed")
    words.add_argument("--kind", help="only conversations of this kind")
    said = words.parse_args()
    globals()["KIND"] = said.kind
    if not gate.has("run"):
        TAP.ok(False, "the program is built and has the verb run")
        return TAP.done()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    scratch, port, server = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-stress-")), slapd.free_port(), peer.Stream()
    text = gate.policy([gate.Service("one", ("127.0.0.1", port), ("server", server.port), RULES)], {"server": "127.0.0.1"})
    running = gate.Gate(scratch / "gate", text)
    try:
        running.start()
        stress = Stress(port, server)
        threading.Thread(target=stress.listen, daemon=True).start()
        stress.run_one(said.seed * 1000000)
        time.sleep(1)
        before, until = descriptors(running), time.monotonic() + said.seconds
        if said.one is not None:
            stress.run_one(said.one)
            time.sleep(1)
            TAP.note("\n".join(running.sentences()))
        else:
            seeds = iter(range(said.seed * 1000000 + 1, (said.seed + 1) * 1000000))
            threads = [threading.Thread(target=stress.work, args=(seeds, until)) for _ in range(said.clients)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        stress.stopping = True
        print(f"# {sum(stress.counts.values())} conversations: {dict(stress.counts)}", flush=True)
        ports = {int(p.split("[client port ")[1][:-1]) for p in stress.problems if "[client" in p}
        for event in running.events():
            if ports & {event.get("src_port"), event.get("dest_port")} and gate.reason(event) != "policy.denied":
                TAP.note(json.dumps(event)[:600])
        TAP.ok(not stress.problems, "whole lawful messages pass, in order and once", *stress.problems[:20])
        TAP.note(f"threads: {threading.active_count()}")
        left = gate.wait_for(lambda: json.loads(running.ask("sessions", "--json").stdout) == [], 8, 0.5)
        TAP.ok(left, "no session is left", running.ask("sessions", "--json").stdout)
        after = descriptors(running)
        # Up to 64 pipes stay for the next flow.
        grown = {pid: (before.get(pid), n) for pid, n in after.items() if n > before.get(pid, 0) + 128}
        TAP.ok(set(before) == set(after) and not grown, "the same processes, and no descriptor is left open", before, after)
        used = ticks(running)
        time.sleep(2)
        used = ticks(running) - used
        TAP.ok(used < 50, "an idle gate rests", f"{used} ms in 2 s")
        bad = [line for line in running.errors().splitlines() if "Sanitizer" in line or "runtime error" in line or "died" in line]
        died = [e for e in running.events() if "worker" in str((e.get("sallyport") or {}).get("kind"))]
        TAP.ok(not bad and not died, "nothing crashed", *bad[:5], *died[:5], running.errors()[:3000])
        TAP.ok(running.stop() == 0, "the gate stops in order", running.errors()[-2000:])
    finally:
        running.stop()
        server.close()
        shutil.rmtree(scratch, ignore_errors=True)
    return TAP.done()


if __name__ == "__main__":
    sys.exit(main())

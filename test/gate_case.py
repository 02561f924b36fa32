"""A service of a live gate with a server of its own behind it, and checks of how its flows went: for the tests of limits."""
import json
import socket
import time

import answerer
import gate
import peer

BIND, BOUND = peer.HELLO


def own(event, key):
    return (event.get("sallyport") or {}).get(key)


class Case:
    """One service with a server of its own behind it; checks are kept until all cases are over."""

    def __init__(self, name, hosts="live", **settings):
        self.name, self.checks, self.gate = name, [], None
        self.hosts, self.settings = hosts, settings
        self.server, self.port = peer.Stream(), 0

    def service(self):
        return gate.Service(self.name, ("127.0.0.1", self.port), (self.hosts, self.server.port), **self.settings)

    def ok(self, good, title, *notes):
        self.checks.append((bool(good), f"{self.name}: {title}", notes))

    def connect(self, source="127.0.0.1"):
        return socket.create_connection(("127.0.0.1", self.port), peer.PATIENCE, (source, 0))

    def opened(self, source="127.0.0.1"):
        """A flow whose bind has been answered: (client, server)."""
        client = self.connect(source)
        client.sendall(BIND)
        server = self.server.accept(peer.PATIENCE) if self.server.listener in peer.ready([self.server.listener, client], peer.PATIENCE) else None
        if not server:
            client.close()
            raise RuntimeError("the gate did not dial")
        peer.receive(server, lambda b: len(b) >= len(BIND), peer.PATIENCE)
        server.sendall(BOUND)
        if peer.receive(client, lambda b: len(b) >= len(BOUND), peer.PATIENCE)[0] != BOUND:
            raise RuntimeError("the answer did not arrive")
        return client, server

    def event(self, client, wanted, patience=5):
        """The first event about this client that `wanted` likes."""
        port = client.getsockname()[1]
        return self.gate.wait_event(lambda e: e.get("src_port") == port and wanted(e), patience)

    def ended(self, client, reason, title, forwarded=None):
        """Its `flow` event says that the gate ended it, and why."""
        said = self.event(client, lambda e: e["event_type"] == "flow")
        good = said and " 0 " not in own(said, "sentence").partition(": ")[2]
        good = good and own(said, "ended") == "gate" and own(said, "reason") == reason and said["flow"]["reason"] == "forced"
        if good and forwarded is not None:
            good = own(said, "forwarded_toserver") == forwarded
        self.ok(good, f"{title}: the flow's event says the gate ended it by {reason}", said)

    def refused(self, client, reason):
        """An alert of its own, before the flow's."""
        said = self.event(client, lambda e: e["event_type"] == "alert")
        good = said and said["verdict"] == {"action": "drop", "reason": reason} and own(said, "reason") == reason
        self.ok(good, f"and an alert says {reason}", said)
        return said or {}

    def turned_away(self, source, reason, title):
        """A connection from there is closed at once, which one event tells."""
        try:
            with self.connect(source) as client:
                got, ended, _ = until_end(client, 5)
        except ConnectionResetError:
            got, ended = b"", True
        self.ok(ended and got == b"", f"{title} is closed at once", got, ended)
        said = self.gate.wait_event(lambda e: own(e, "kind") == "full" and own(e, "service") == self.name, 5)
        good = said and said["src_ip"] == source and own(said, "reason") == reason and own(said, "connections") == 1
        self.ok(good, f"and an event says so: full, {reason}", said)

    def held(self, client):
        """Bytes the gate holds of this flow now."""
        rows = self.gate.sessions()
        return next((row["held"] for row in rows if row["client"].endswith(f":{client.getsockname()[1]}")), None)

    def exchange(self, client, server, number=2):
        """A question and its answer get through."""
        question, answer = answerer.search(number), answerer.message(number, answerer.tlv(0x65, answerer.tlv(10, b"\0"), b"\4\0\4\0"))
        client.sendall(question)
        if peer.receive(server, lambda b: len(b) >= len(question), peer.PATIENCE)[0] != question:
            return False
        server.sendall(answer)
        return peer.receive(client, lambda b: len(b) >= len(answer), peer.PATIENCE)[0] == answer


class Watched(gate.Gate):
    def sessions(self):
        done = self.ask("sessions", "--json")
        return json.loads(done.stdout) if done.returncode == 0 else []


def padded(size, number=2):
    """A lawful change with a picture of `size` bytes."""
    change = answerer.tlv(0x30, answerer.tlv(10, b"\2"), answerer.tlv(0x30, answerer.tlv(4, b"jpegPhoto"), answerer.tlv(0x31, answerer.tlv(4, bytes(size)))))
    return answerer.message(number, answerer.tlv(0x66, answerer.tlv(4, b"cn=a"), answerer.tlv(0x30, change)))


def sized(total, number=2):
    """A lawful message of exactly `total` bytes."""
    for size in range(total - 60, total):
        message = padded(size, number)
        if len(message) == total:
            return message
    raise ValueError(total)


def until_end(stream, patience):
    """What came, whether it ended, and when."""
    began = time.monotonic()
    got, ended = peer.receive(stream, lambda b: False, patience)
    return got, ended, time.monotonic() - began


def goodbye(case, client, title, low, high):
    """The gate says goodbye in the protocol, then the flow ends, not before `low` and not after `high` seconds."""
    got, ended, took = until_end(client, high + 3)
    case.ok(ended and peer.MARK in got, f"{title}: the client hears a goodbye in its protocol, then the end", got, ended)
    case.ok(low <= took <= high, f"and that {low} to {high} s from now", f"{took:.2f} s")

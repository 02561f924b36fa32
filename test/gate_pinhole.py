#!/usr/bin/env python3
"""Ports that an endpoint mapper announces, through the running gate: opened for whoever the service admits, for what was asked, and for nothing else."""
import importlib.util
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "lab")]
import gate
import peer
from tap import Tap, skip_all

TAP = Tap()
GATE, SERVER = "127.0.0.1", "127.0.0.2"
NDR = uuid.UUID("8a885d04-1ceb-11c9-9fe8-08002b104860")
EPM, NETLOGON, SVCCTL = (
    (uuid.UUID("e1af8308-5d1f-11c9-91a4-08002b14a0fa"), 3),
    (uuid.UUID("12345678-1234-abcd-ef00-01234567cffb"), 1),
    (uuid.UUID("367abb81-9844-35f1-ad32-98f038001003"), 2),
)
REQUEST, RESPONSE, FAULT, BIND, BIND_ACK = 0, 2, 3, 11, 12
MAP, PATIENCE = 3, 5


# ---- PDUs (C706 12.6), as small as they can be ----


def pdu(ptype, call, body):
    return struct.pack("<BBBB4sHHI", 5, 0, ptype, 3, b"\x10\0\0\0", 16 + len(body), 0, call) + body


def syntax(interface):
    return interface[0].bytes_le + struct.pack("<I", interface[1])


def bind(interface, call=1):
    return pdu(BIND, call, struct.pack("<HHIB3xHBx", 4280, 4280, 0, 1, 0, 1) + syntax(interface) + syntax((NDR, 2)))


def bind_ack(contexts, call, port):
    name = str(port).encode() + b"\0"
    head = struct.pack("<HHIH", 4280, 4280, 0x1234, len(name)) + name
    head += bytes(-len(head) % 4)
    return pdu(BIND_ACK, call, head + struct.pack("<B3x", len(contexts)) + b"".join(contexts))


def contexts_of(body):
    """What a bind offers: each is taken when one of its transfer syntaxes is NDR (result 0), else refused (2, 2)."""
    count, at, results = body[8], 12, []
    for _ in range(count):
        transfers = body[at + 2]
        at += 24
        names = [body[at + 20 * i : at + 20 * i + 20] for i in range(transfers)]
        at += 20 * transfers
        results.append(struct.pack("<HH", 0, 0) + syntax((NDR, 2)) if syntax((NDR, 2)) in names else struct.pack("<HH", 2, 2) + bytes(20))
    return results


def tower(interface, address, port):
    def floor(left, right):
        return struct.pack("<H", len(left)) + left + struct.pack("<H", len(right)) + right

    both = (interface, (NDR, 2))
    floors = [floor(b"\x0d" + i.bytes_le + struct.pack("<H", version), b"\0\0") for i, version in both]
    floors += [floor(b"\x0b", b"\0\0"), floor(b"\x07", struct.pack(">H", port)), floor(b"\x09", socket.inet_aton(address))]
    return struct.pack("<H", len(floors)) + b"".join(floors)


def twr_t(octets):
    """A tower as ept_map has it (C706 appendix O): its length twice, then its octets."""
    return struct.pack("<II", len(octets), len(octets)) + octets + bytes(-len(octets) % 4)


def map_request(interface, call=2):
    octets = twr_t(tower(interface, "0.0.0.0", 0))
    stub = struct.pack("<I", 0) + struct.pack("<I", 1) + octets + bytes(20) + struct.pack("<I", 4)
    return pdu(REQUEST, call, struct.pack("<IHH", len(stub), 0, MAP) + stub)


def map_answer(interface, address, port, call):
    stub = bytes(20) + struct.pack("<IIIII", 1, 4, 0, 1, 3) + twr_t(tower(interface, address, port)) + struct.pack("<I", 0)
    return pdu(RESPONSE, call, struct.pack("<IHBx", len(stub), 0, 0) + stub)


def next_pdu(stream):
    """(ptype, call, body), or None at the end."""
    head, _ = peer.receive(stream, lambda b: len(b) >= 16, PATIENCE)
    if len(head) < 16:
        return None
    length, call = struct.unpack_from("<H2xI", head, 8)
    while len(head) < length:
        more = stream.recv(length - len(head))
        if not more:
            return None
        head += more
    return head[2], call, head[16:length]


class Server:
    """An endpoint mapper or a service: binds are answered, and every map request with one tower."""

    def __init__(self, mapped=None):
        self.listener = socket.create_server((SERVER, 0))
        self.port, self.mapped, self.came = self.listener.getsockname()[1], mapped, 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                stream, _ = self.listener.accept()
            except OSError:
                return
            self.came += 1
            threading.Thread(target=self._serve, args=(stream,), daemon=True).start()

    def _serve(self, stream):
        with stream:
            while got := next_pdu(stream):
                ptype, call, body = got
                if ptype == BIND:
                    stream.sendall(bind_ack(contexts_of(body), call, self.port))
                elif ptype == REQUEST and self.mapped:
                    interface, port = self.mapped
                    stream.sendall(map_answer(interface, SERVER, port, call))

    def close(self):
        self.listener.close()


# ---- Clients ----


def bound(port, interface):
    """A connection on which the interface is bound, or None."""
    try:
        stream = socket.create_connection((GATE, port), PATIENCE)
        stream.sendall(bind(interface))
        got = next_pdu(stream)
    except OSError:
        return None
    if got and got[0] == BIND_ACK:
        return stream
    stream.close()
    return None


def mapped(port, interface):
    """Whether the answer to a map request arrives."""
    stream = bound(port, EPM)
    if not stream:
        return False
    with stream:
        stream.sendall(map_request(interface))
        try:
            got = next_pdu(stream)
        except OSError:
            return False
        return bool(got and got[0] == RESPONSE)


def bind_works(port, interface):
    stream = bound(port, interface)
    if stream:
        stream.close()
    return stream is not None


def own(event, key):
    return (event.get("sallyport") or {}).get(key)


def opened(bench, ports, inner, mapper):
    TAP.ok(not bind_works(inner.port, NETLOGON), "before anybody asked, nothing listens on the service's port")
    TAP.ok(mapped(ports["endpoints"], NETLOGON), "the endpoint mapper's answer arrives")
    said = bench.wait_event(lambda e: own(e, "kind") == "port-opened")
    TAP.ok(said and own(said, "port") == said["dest_port"] == inner.port and said["src_ip"] == GATE and own(said, "interface") == "netlogon" and
           own(said, "sentence") == f"opened port {inner.port} of {SERVER} for netlogon, asked for by {GATE}", "an event says what was opened, and for whom", said)
    TAP.ok(bind_works(inner.port, NETLOGON) and inner.came, "and the port leads to the service", inner.came)
    stream = bound(inner.port, NETLOGON)
    rows = json.loads(bench.ask("sessions", "--json").stdout)
    TAP.ok(any(row["server"] == f"{SERVER}:{inner.port}" and row["service"] == "endpoints" for row in rows), "sessions shows it under the service", rows)
    if stream:
        stream.close()
    TAP.ok(not bind_works(inner.port, SVCCTL), "another interface is not bound there")
    said = bench.wait_event(lambda e: own(e, "reason") == "dcerpc.expected-interface")
    TAP.ok(said and said["dest_port"] == inner.port, "and an alert says that the port was announced for something else", said)
    mapper.mapped = (SVCCTL, inner.port)
    TAP.ok(mapped(ports["endpoints"], SVCCTL) and bind_works(inner.port, SVCCTL) and bind_works(inner.port, NETLOGON), "until the mapper names it too")


def refused(bench, ports, mapper, port, title, words):
    mapper.mapped = (NETLOGON, port)
    TAP.ok(not mapped(ports["endpoints"], NETLOGON), f"{title}: the answer does not arrive")
    said = bench.wait_event(lambda e: own(e, "reason") == "gate.pinhole" and words in (own(e, "detail") or ""))
    TAP.ok(said and said["verdict"]["action"] == "drop" and said["direction"] == "to_client", "and an alert says why", *bench.sentences()[-2:])


def real_client(ports, inner, mapper):
    """impacket asks and goes on, as it does with Windows."""
    try:
        from impacket import uuid as names
        from impacket.dcerpc.v5 import epm, transport
    except ImportError:
        TAP.skip("impacket's client", "impacket is not installed")
        return
    mapper.mapped = (NETLOGON, inner.port)
    interface = names.uuidtup_to_bin((str(NETLOGON[0]), "1.0"))
    first = transport.DCERPCTransportFactory(f"ncacn_ip_tcp:{GATE}[{ports['endpoints']}]").get_dce_rpc()
    first.connect()
    try:
        found = epm.hept_map(GATE, interface, protocol="ncacn_ip_tcp", dce=first)
        # It says the server's address; a client goes on to the host it asked.
        second = transport.DCERPCTransportFactory(found.replace(SERVER, GATE)).get_dce_rpc()
        second.connect()
        second.bind(interface)
        second.disconnect()
        TAP.ok(found.endswith(f"[{inner.port}]"), "impacket asks the mapper, and binds at the port it was told", found)
    except Exception as error:  # noqa: BLE001: whatever it is, it is the finding
        TAP.ok(False, "impacket asks the mapper, and binds at the port it was told", repr(error))


def run(scratch):
    inner = Server()
    mapper = Server((NETLOGON, inner.port))
    ports = {name: free_port() for name in ("endpoints", "other")}
    services = [
        gate.Service("endpoints", (GATE, ports["endpoints"]), ("one", mapper.port), protocol="dcerpc"),
        gate.Service("other", (GATE, ports["other"]), ("one", free_port()), protocol="dcerpc"),
    ]
    bench = gate.Gate(scratch, gate.policy(services, {"one": SERVER})).start()
    try:
        opened(bench, ports, inner, mapper)
        refused(bench, ports, mapper, ports["other"], "a port on which the gate serves something else", "listens for service other")
        refused(bench, ports, mapper, services[1].to[1], "a port of the server that another service protects", "protects as service other")
        refused(bench, ports, mapper, 445, "a port below 1024", "is not one for announcing")
        real_client(ports, inner, mapper)
        TAP.ok(bench.alive() and not any(own(e, "kind") == "worker-crashed" for e in bench.events()), "and no worker died of it")
    finally:
        bench.stop()
        inner.close()
        mapper.close()


def free_port():
    with socket.create_server((GATE, 0)) as one:
        return one.getsockname()[1]


def speaks_rpc():
    done = subprocess.run([gate.PROGRAM, "protocols", "--json"], capture_output=True, text=True, check=False)
    return done.returncode == 0 and "dcerpc" in {protocol["name"] for protocol in json.loads(done.stdout)}


DEBIAN = "/usr/bin/python3"  # whose packages the client is


def main():
    if not importlib.util.find_spec("impacket") and sys.executable != DEBIAN and os.access(DEBIAN, os.X_OK):
        os.execv(DEBIAN, [DEBIAN, *sys.argv])
    if not gate.has("run") or not speaks_rpc():
        return skip_all("this build has no gate for RPC")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended all the same
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-ports-"))
    try:
        run(scratch)
    except (OSError, RuntimeError) as error:
        TAP.ok(False, "the lab works", repr(error))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return TAP.done()


if __name__ == "__main__":
    sys.exit(main())

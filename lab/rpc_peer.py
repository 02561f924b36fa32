#!/usr/bin/env python3
"""An RPC server that takes every interface and keeps every whole request it got: behind a gate, the proof of what came through.

  lab/rpc_peer.py [PORT]    listens on loopback (TCP) and prints one line for each request, until Ctrl-C
"""
import socket
import struct
import sys

from listener import Listener

REQUEST, RESPONSE, FAULT, BIND, BIND_ACK, BIND_NAK, ALTER, ALTER_RESP, AUTH3 = 0, 2, 3, 11, 12, 13, 14, 15, 16
FIRST, LAST, OBJECT = 1, 2, 0x80
HEADER, FRAGMENT = 16, 4280
NDR = bytes.fromhex("045d888aeb1cc9119fe808002b104860") + struct.pack("<I", 2)
EPMAPPER = bytes.fromhex("0883afe11f5dc91191a408002b14a0fa")
EPT_MAP, NOT_REGISTERED = 3, 0x16C9A0D6
PROTOCOLS = {7: "tcp", 15: "pipe"}


def swapped(uuid, big_endian):
    """A UUID as on a little-endian wire."""
    return uuid[3::-1] + uuid[5:3:-1] + uuid[7:5:-1] + uuid[8:] if big_endian else uuid


class Call:
    """One whole request: what it asked for, and its arguments as they came together."""

    def __init__(self, interface, opnum, stub, big_endian, sealed):
        self.interface, self.opnum, self.stub, self.big_endian, self.sealed = interface, opnum, stub, big_endian, sealed

    def __str__(self):
        return f"{uuid_text(self.interface)} operation {self.opnum}, {len(self.stub)} octets{', big-endian' if self.big_endian else ''}"


def uuid_text(raw):
    parts = struct.unpack("<IHH", raw[:8])
    return f"{parts[0]:08x}-{parts[1]:04x}-{parts[2]:04x}-{raw[8:10].hex()}-{raw[10:].hex()}"


class Association:
    """One client's: `feed` takes what came and says what goes back. Nothing is refused that has a length."""

    def __init__(self, calls, answer, address=b"135\0"):
        self.calls, self.answer, self.address = calls, answer, address
        self.input, self.contexts, self.open = b"", {}, {}

    def feed(self, data):
        self.input += data
        out = b""
        while len(self.input) >= HEADER:
            order = "<" if self.input[4] & 0x10 else ">"
            length = max(HEADER, struct.unpack(order + "H", self.input[8:10])[0])
            if len(self.input) < length:
                break
            pdu, self.input = self.input[:length], self.input[length:]
            out += self._pdu(order, pdu)
        return out

    def _pdu(self, order, pdu):
        kind, flags, number = pdu[2], pdu[3], struct.unpack(order + "I", pdu[12:16])[0]
        if kind in (BIND, ALTER):
            return self._bound(order, pdu, number)
        if kind != REQUEST or len(pdu) < 24:
            return b""
        context, opnum = struct.unpack(order + "HH", pdu[20:24])
        begin = 40 if flags & OBJECT else 24
        sealed = struct.unpack(order + "H", pdu[10:12])[0]
        if flags & FIRST:
            self.open[number] = b""
        self.open[number] = self.open.get(number, b"") + pdu[begin:]
        if not flags & LAST:
            return b""
        call = Call(self.contexts.get(context, bytes(16)), opnum, self.open.pop(number), order == ">", bool(sealed))
        self.calls.append(call)
        return self._answered(order, number, context, call)

    def _bound(self, order, pdu, number):
        """Every context is accepted with NDR, where that is offered."""
        results, at = [], 28
        for _ in range(pdu[24] if len(pdu) > 24 else 0):
            head = pdu[at : at + 24]
            if len(head) < 24:
                break
            identifier, transfers = struct.unpack(order + "HB", head[:3])
            self.contexts[identifier] = swapped(head[4:20], order == ">")
            offered = [swapped(pdu[at + 24 + 20 * i : at + 40 + 20 * i], order == ">") for i in range(transfers)]
            good = NDR[:16] in offered
            results.append(struct.pack(order + "HH", 0 if good else 2, 0 if good else 2) + (ndr(order) if good else bytes(20)))
            at += 24 + 20 * transfers
        alter = pdu[2] == ALTER
        name = b"" if alter else self.address
        body = struct.pack(order + "HHIH", FRAGMENT, FRAGMENT, 0x1234, len(name)) + name
        body += b"\0" * (-len(body) % 4) + bytes([len(results), 0, 0, 0]) + b"".join(results)
        return made(order, ALTER_RESP if alter else BIND_ACK, number, body)

    def _answered(self, order, number, context, call):
        said = self.answer(call)
        if isinstance(said, int):
            return made(order, FAULT, number, struct.pack(order + "IHBBII", 0, context, 0, 0, said, 0))
        out, room = b"", FRAGMENT - 24
        pieces = [said[at : at + room] for at in range(0, len(said), room)] or [b""]
        for i, piece in enumerate(pieces):
            flags = (FIRST if i == 0 else 0) | (LAST if i == len(pieces) - 1 else 0)
            out += made(order, RESPONSE, number, struct.pack(order + "IHBB", len(said), context, 0, 0) + piece, flags)
        return out


def ndr(order):
    return NDR if order == "<" else swapped(NDR[:16], True) + struct.pack(">I", 2)


def made(order, kind, number, body, flags=FIRST | LAST):
    """One PDU."""
    drep = b"\x10\0\0\0" if order == "<" else bytes(4)
    return bytes([5, 0, kind, flags]) + drep + struct.pack(order + "HHI", HEADER + len(body), 0, number) + body


def succeeded(call):
    """The answer most operations could give: no more than the word for success."""
    return bytes(4)


class Mapper:
    """Answers ept_map: which port or pipe an interface has. `places` are (UUID as on a little-endian wire) to a port or a pipe's name."""

    def __init__(self, places, address="127.0.0.1"):
        self.places, self.address = places, address

    def __call__(self, call):
        if call.interface != EPMAPPER or call.opnum != EPT_MAP:
            return succeeded(call)
        at = call.stub.find(b"\x13\0\x0d")  # the first floor's length and identifier
        place = self.places.get(call.stub[at + 3 : at + 19]) if at >= 0 else None
        if place is None:
            return bytes(20) + struct.pack("<I", 0) + struct.pack("<IIII", 0, 4, 0, 0)[:12] + struct.pack("<I", NOT_REGISTERED)
        return self._towers(self._tower(call.stub[at : at + 25], place))

    def _tower(self, floor, place):
        """Five floors: the interface as it was asked for, NDR, the protocol, and where."""
        if isinstance(place, int):
            rest = [(b"\x0b", struct.pack("<H", 0)), (b"\x07", struct.pack(">H", place)), (b"\x09", socket.inet_aton(self.address))]
        else:
            rest = [(b"\x0b", struct.pack("<H", 0)), (b"\x0f", place.encode() + b"\0"), (b"\x11", self.address.encode() + b"\0")]
        floors = [(floor[2:21], floor[23:25]), (b"\x0d" + NDR[:18], struct.pack("<H", 0)), *rest]
        return struct.pack("<H", len(floors)) + b"".join(
            struct.pack("<H", len(left)) + left + struct.pack("<H", len(right)) + right for left, right in floors
        )

    @staticmethod
    def _towers(tower):
        """entry_handle, num_towers, ITowers and the status (C706 appendix O)."""
        body = bytes(20) + struct.pack("<I", 1) + struct.pack("<III", 4, 0, 1) + struct.pack("<I", 3) + struct.pack("<II", len(tower), len(tower)) + tower
        return body + b"\0" * (-len(body) % 4) + struct.pack("<I", 0)


class Server(Listener):
    """Over TCP on loopback. `calls` grows with every whole request, `got` with every octet of each connection."""

    def __init__(self, answer=succeeded, address=("127.0.0.1", 0)):
        self.calls, self.answer = [], answer
        super().__init__(lambda: Association(self.calls, self.answer, f"{self.port}\0".encode()), address)


def main():
    server = Server(address=("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0)).start()
    print(f"listening on 127.0.0.1:{server.port}", flush=True)
    shown = 0
    try:
        while True:
            server.thread.join(0.2)
            for call in server.calls[shown:]:
                print(call, flush=True)
            shown = len(server.calls)
    except KeyboardInterrupt:
        server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Reads conversations of a protocol out of captures: whole messages of both sides in the order they were finished."""
import struct

MAGIC = {0xA1B2C3D4: "<", 0xD4C3B2A1: ">", 0xA1B23C4D: "<", 0x4D3CB2A1: ">"}
TAG_MESSAGE = 0x30


def packets(data):
    """(link type, frame) of a pcap or pcapng file; stops quietly where the file is damaged."""
    magic = struct.unpack_from("<I", data)[0] if len(data) >= 24 else 0
    if magic == 0x0A0D0D0A:
        yield from _pcapng(data)
    elif magic in MAGIC:
        order = MAGIC[magic]
        link, at = struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF, 24
        while at + 16 <= len(data):
            size = struct.unpack_from(order + "I", data, at + 8)[0]
            yield link, data[at + 16 : at + 16 + size]
            at += 16 + size


def _pcapng(data):
    at, order, links = 0, "<", []
    while at + 12 <= len(data):
        if data[at : at + 4] == b"\n\r\r\n":
            order, links = ("<" if data[at + 8 : at + 12] == b"\x4d\x3c\x2b\x1a" else ">"), []
        kind, size = struct.unpack_from(order + "II", data, at)
        if size < 12:
            return
        if kind == 1:
            links.append(struct.unpack_from(order + "H", data, at + 8)[0])
        elif kind == 6:
            interface, _, _, held = struct.unpack_from(order + "IIII", data, at + 8)
            yield links[interface] if interface < len(links) else 1, data[at + 28 : at + 28 + held]
        at += size


def ip_packet(link, frame):
    """The IP packet of a frame, or nothing."""
    if link == 1:
        at, kind = 14, frame[12:14]
        while kind == b"\x81\x00":
            at, kind = at + 4, frame[at + 2 : at + 4]
        return frame[at:] if kind in (b"\x08\x00", b"\x86\xdd") else b""
    return frame[{113: 16, 276: 20, 0: 4, 108: 4}.get(link, 0) :]


def transport(ip):
    """(protocol, source, target, its bytes) of an unfragmented IP packet, or None."""
    if len(ip) >= 20 and ip[0] >> 4 == 4:
        total, fragment = struct.unpack_from("!H", ip, 2)[0], struct.unpack_from("!H", ip, 6)[0] & 0x3FFF
        return None if fragment else (ip[9], ip[12:16], ip[16:20], ip[(ip[0] & 15) * 4 : total or len(ip)])
    if len(ip) >= 40 and ip[0] >> 4 == 6:
        return ip[6], ip[8:24], ip[24:40], ip[40 : 40 + struct.unpack_from("!H", ip, 4)[0]]
    return None


def ldap_length(data):
    """Bytes of the BER element at the head of data; 0 when it is not all there, None when it is no LDAP message."""
    if len(data) < 2:
        return 0
    if data[0] != TAG_MESSAGE or data[1] == 0x80 or data[1] > 0x84:
        return None
    if data[1] < 0x80:
        whole = 2 + data[1]
    else:
        octets = data[1] & 0x7F
        if len(data) < 2 + octets:
            return 0
        whole = 2 + octets + int.from_bytes(data[2 : 2 + octets], "big")
    return whole if whole <= len(data) else 0


def smb_length(data):
    """The same of a packet of the NetBIOS session service."""
    if len(data) < 4:
        return 0
    if data[0] not in (0x00, 0x81, 0x82, 0x83, 0x85):
        return None
    whole = 4 + int.from_bytes(data[1:4], "big")
    return whole if whole <= len(data) else 0


def smb_reframe(data):
    return data[:1] + (len(data) - 4).to_bytes(3, "big") + data[4:] if len(data) >= 4 else data


def rpc_order(data):
    return "little" if data[4] & 0xF0 else "big"


def rpc_length(data):
    """The same of a PDU of connection-oriented DCE/RPC."""
    if len(data) < 16:
        return 0
    if data[0] != 5 or data[1] > 1 or data[2] > 19:
        return None
    whole = int.from_bytes(data[8:10], rpc_order(data))
    if whole < 16:
        return None
    return whole if whole <= len(data) else 0


def rpc_reframe(data):
    return data[:8] + (len(data) & 0xFFFF).to_bytes(2, rpc_order(data)) + data[10:] if len(data) >= 16 else data


class Speech:
    """How a protocol's conversations are found and framed. `begins`: the first bytes of a client where ports say nothing."""

    def __init__(self, ports, length, reframe=None, begins=None):
        self.ports, self.length, self.reframe, self.begins = ports, length, reframe, begins


SPEECHES = {
    "ldap": Speech({389, 3268}, ldap_length),
    "smb": Speech({445, 139}, smb_length, smb_reframe),
    "dcerpc": Speech({135}, rpc_length, rpc_reframe, b"\x05\x00\x0b"),
}


class Conversation:
    """One flow. `messages` is [(side, bytes)], side 0 the client; it ends where framing ends (TLS, a sealed layer, a gap)."""

    def __init__(self, datagram, length):
        self.datagram, self.length, self.messages, self.over = datagram, length, [], False
        self.next, self.held, self.began = [None, None], [b"", b""], [False, False]

    def syn(self, side, seq):
        self.next[side], self.began[side] = (seq + 1) & 0xFFFFFFFF, True

    def segment(self, side, seq, data):
        if self.over or not data or not self.began[side]:
            return
        behind = (self.next[side] - seq) & 0xFFFFFFFF
        if behind >= 1 << 31:
            self.over = True  # a gap, or out of order: what follows is not used
            return
        data = data[behind:]
        self.next[side] = (self.next[side] + len(data)) & 0xFFFFFFFF
        self.held[side] += data
        while self.held[side] and not self.over:
            n = self.length(self.held[side])
            if not n:
                self.over = n is None
                return
            self.messages.append((side, self.held[side][:n]))
            self.held[side] = self.held[side][n:]


def _server_side(ports, data, speech, known):
    """Which of two ports is the server's: 0 the source's, 1 the target's; None: this is not the protocol."""
    if ports[1] in speech.ports or ports[1] in known:
        return 1
    if ports[0] in speech.ports or ports[0] in known:
        return 0
    if speech.begins and data.startswith(speech.begins):
        known.add(ports[1])
        return 1
    return None


def _ports_of(packets_, speech):
    """Server ports on which a client begins as this protocol does."""
    known = set()
    if speech.begins:
        for protocol, _, _, data in packets_:
            if protocol == 6 and len(data) >= 20:
                _server_side(struct.unpack_from("!HH", data), data[(data[12] >> 4) * 4 :], speech, known)
    return known


def read(path, speech=SPEECHES["ldap"]):
    """The conversations of one capture."""
    flows = {}
    found = [transport(ip_packet(link, frame)) for link, frame in packets(path.read_bytes())]
    found = [f for f in found if f and f[0] in (6, 17) and len(f[3]) >= 8]
    known = _ports_of(found, speech)
    for protocol, source, target, data in found:
        ports = struct.unpack_from("!HH", data)
        server = _server_side(ports, b"", speech, known)
        if server is None:
            continue
        side = 1 - server
        key = (protocol, *((source, target, ports) if side == 0 else (target, source, ports[::-1])))
        flow = flows.setdefault(key, Conversation(protocol == 17, speech.length))
        if protocol == 17:
            if speech.length(data[8:]) == len(data) - 8:
                flow.messages.append((side, data[8:]))
        elif len(data) >= 20:
            seq, flags = struct.unpack_from("!I", data, 4)[0], data[13]
            if flags & 2:
                flow.syn(side, seq)
            else:
                flow.segment(side, seq, data[(data[12] >> 4) * 4 :])
    return [flow for flow in flows.values() if flow.messages]

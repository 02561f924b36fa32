"""Reads LDAP conversations out of captures: whole messages of both sides in the order they were finished."""
import struct

MAGIC = {0xA1B2C3D4: "<", 0xD4C3B2A1: ">", 0xA1B23C4D: "<", 0x4D3CB2A1: ">"}
PORTS = {389, 3268}
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


def message_length(data):
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


class Conversation:
    """One flow. `messages` is [(side, bytes)], side 0 the client; it ends where framing ends (TLS, a sealed layer, a gap)."""

    def __init__(self, datagram):
        self.datagram, self.messages, self.over = datagram, [], False
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
            n = message_length(self.held[side])
            if not n:
                self.over = n is None
                return
            self.messages.append((side, self.held[side][:n]))
            self.held[side] = self.held[side][n:]


def read(path):
    """The conversations of one capture."""
    flows = {}
    for link, frame in packets(path.read_bytes()):
        found = transport(ip_packet(link, frame))
        if not found or found[0] not in (6, 17) or len(found[3]) < 8:
            continue
        protocol, source, target, data = found
        ports = struct.unpack_from("!HH", data)
        side = 0 if ports[1] in PORTS else 1
        if not PORTS & set(ports):
            continue
        key = (protocol, *((source, target, ports) if side == 0 else (target, source, ports[::-1])))
        flow = flows.setdefault(key, Conversation(protocol == 17))
        if protocol == 17:
            if message_length(data[8:]) == len(data) - 8:
                flow.messages.append((side, data[8:]))
        elif len(data) >= 20:
            seq, flags = struct.unpack_from("!I", data, 4)[0], data[13]
            if flags & 2:
                flow.syn(side, seq)
            else:
                flow.segment(side, seq, data[(data[12] >> 4) * 4 :])
    return [flow for flow in flows.values() if flow.messages]

"""Writes captures: packets of TCP conversations with correct sequence numbers, and of UDP, as raw IPv4 in a pcap file."""
import struct

LINK_RAW = 101
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
CLIENT, SERVER = 0, 1
SEGMENT = 1460  # bytes of data in one packet


def checksum(data):
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Pcap:
    """A capture under construction. `now` is the next packet's time in microseconds; each packet moves it by `step`."""

    def __init__(self, file, start=1_700_000_000_000_000, step=50):
        self.file, self.now, self.step, self.packets = file, start, step, 0
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, LINK_RAW))

    def packet(self, data):
        self.file.write(struct.pack("<IIII", self.now // 1_000_000, self.now % 1_000_000, len(data), len(data)) + data)
        self.now += self.step
        self.packets += 1
        return self.packets


def ip4(text):
    return bytes(int(part) for part in text.split("."))


class Flow:
    """Two ends of a conversation. Whether bytes are lawful is not its business."""

    def __init__(self, pcap, client, server, protocol=6):
        self.pcap, self.protocol, self.ident = pcap, protocol, 1
        self.ends = [(ip4(host), port) for host, port in (client, server)]
        self.next = [1000, 5000]

    def _ip(self, side, length):
        source, target = self.ends[side][0], self.ends[1 - side][0]
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, self.ident & 0xFFFF, 0x4000, 64, self.protocol, 0) + source + target
        self.ident += 1
        return head[:10] + struct.pack("!H", checksum(head)) + head[12:]

    def _sum(self, side, segment):
        pseudo = self.ends[side][0] + self.ends[1 - side][0] + struct.pack("!HH", self.protocol, len(segment))
        return checksum(pseudo + segment)

    def segment(self, side, flags, data=b""):
        """One TCP packet at the current place; returns its number in the file."""
        acked = self.next[1 - side] if flags & ACK else 0
        head = struct.pack("!HHIIBBHHH", self.ends[side][1], self.ends[1 - side][1], self.next[side], acked, 0x50, flags, 65535, 0, 0)
        head = head[:16] + struct.pack("!H", self._sum(side, head + data)) + head[18:]
        number = self.pcap.packet(self._ip(side, len(head) + len(data)) + head + data)
        self.next[side] = (self.next[side] + len(data) + bool(flags & (SYN | FIN))) & 0xFFFFFFFF
        return number

    def open(self):
        self.segment(CLIENT, SYN)
        self.segment(SERVER, SYN | ACK)
        self.segment(CLIENT, ACK)

    def send(self, side, data, segment=SEGMENT):
        """Data of one side, cut into packets; returns the numbers of the first and last."""
        numbers = [self.segment(side, PSH | ACK, data[at : at + segment]) for at in range(0, len(data), segment)]
        return (numbers[0], numbers[-1]) if numbers else (0, 0)

    def fin(self, side):
        self.segment(side, FIN | ACK)

    def close(self):
        self.fin(CLIENT)
        self.fin(SERVER)
        self.segment(CLIENT, ACK)

    def datagram(self, side, data):
        head = struct.pack("!HHHH", self.ends[side][1], self.ends[1 - side][1], 8 + len(data), 0)
        return self.pcap.packet(self._ip(side, len(head) + len(data)) + head + data)

"""What reaches a server behind the gate: records loopback with tcpdump, and puts the streams together again."""
import collections
import socket
import struct

import peer

LINK_ETHERNET = 1


def talk(vector, address, source):
    """The client's messages in one go; until the gate answers or ends the flow."""
    with socket.create_connection(address, peer.PATIENCE, (source, 0)) as client:
        peer.send(client, b"".join(data for _, data in vector.messages))
        got, ended = peer.receive(client, lambda b: peer.MARK in b, peer.GRACE)
        try:
            client.shutdown(socket.SHUT_WR)
        except OSError:
            return got
        return got if ended else got + peer.receive(client, lambda b: False, peer.PATIENCE)[0]


def packets(path):
    """The IPv4 packets of a classic pcap of an Ethernet-like link, in order."""
    data = path.read_bytes()
    order = "<" if data[:4] == b"\xd4\xc3\xb2\xa1" else ">"
    if struct.unpack(f"{order}I", data[20:24])[0] != LINK_ETHERNET:
        raise RuntimeError("not a recording of loopback")
    here = 24
    while here + 16 <= len(data):
        length = struct.unpack(f"{order}I", data[here + 8 : here + 12])[0]
        frame = data[here + 16 : here + 16 + length]
        here += 16 + length
        if frame[12:14] == b"\x08\x00":
            yield frame[14:]


def streams(path, port):
    """What each connection from 127.0.0.1 to `port` there sent: in the order of sequence numbers, repeated bytes once."""
    here = socket.inet_aton("127.0.0.1")
    begins, pieces = {}, collections.defaultdict(dict)
    for packet in packets(path):
        head = (packet[0] & 15) * 4
        tcp = packet[head : struct.unpack("!H", packet[2:4])[0]]
        source, target, number = struct.unpack("!HHI", tcp[:8])
        if packet[9] != socket.IPPROTO_TCP or target != port or packet[12:20] != here + here:
            continue
        flow = source
        if tcp[13] & 2:
            begins[flow], pieces[flow] = number + 1, {}
        data = tcp[(tcp[12] >> 4) * 4 :]
        if data and flow in begins:
            pieces[flow][(number - begins[flow]) % 2**32] = data
    return [together(pieces[flow]) for flow in begins]


def together(pieces):
    out = b""
    for at, data in sorted(pieces.items()):
        if at > len(out):
            raise RuntimeError("the recording has a hole")
        out += data[len(out) - at :]
    return out

#!/usr/bin/env python3
"""Writes a capture for the bench: directory searches about half the packets, file sharing and TLS the rest. Usage: FILE [MEGABYTES]"""
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))
import pcap

SERVER = "192.0.2.9"
FLOWS_AT_ONCE = 48
SEED = 1


def tlv(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    if n < 0x80:
        return bytes([tag, n]) + body
    octets = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + body


def integer(n, tag=2):
    return tlv(tag, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def text(s, tag=4):
    return tlv(tag, s.encode())


def message(number, *parts):
    return tlv(0x30, integer(number), *parts)


def result(number, tag):
    return message(number, tlv(tag, integer(0, 10), text(""), text("")))


def bind(number):
    return message(number, tlv(0x60, integer(3), text("cn=reader,dc=example,dc=org"), text("secret", 0x80)))


def equality(name, value):
    return tlv(0xA3, text(name), text(value))


def search(number, uid):
    wanted = tlv(0xA0, equality("objectClass", "inetOrgPerson"), tlv(0xA1, equality("uid", uid), equality("mail", uid + "@example.org")))
    names = tlv(0x30, *(text(n) for n in ("cn", "sn", "mail", "memberOf", "telephoneNumber")))
    limits = integer(2, 10) + integer(0, 10) + integer(1000) + integer(30) + tlv(1, b"\0")
    return message(number, tlv(0x63, text("ou=people,dc=example,dc=org"), limits, wanted, names))


def entry(number, uid, rng):
    def attribute(name, *values):
        return tlv(0x30, text(name), tlv(0x31, *map(text, values)))

    groups = [f"cn=group{rng.randrange(500)},ou=groups,dc=example,dc=org" for _ in range(rng.randrange(1, 9))]
    attributes = [attribute("cn", f"Person {uid}"), attribute("sn", uid), attribute("mail", uid + "@example.org")]
    attributes += [attribute("memberOf", *groups), attribute("telephoneNumber", f"+1 555 {rng.randrange(10**6):06}")]
    return message(number, tlv(0x64, text(f"uid={uid},ou=people,dc=example,dc=org"), tlv(0x30, *attributes)))


def directory(flow, rng):
    """One client: a bind, then searches with a few entries each. Yields after each round trip."""
    flow.open()
    flow.send(pcap.CLIENT, bind(1))
    flow.send(pcap.SERVER, result(1, 0x61))
    for number in range(2, 2 + rng.randrange(100, 400)):
        uid = f"user{rng.randrange(10**5):05}"
        flow.send(pcap.CLIENT, search(number, uid))
        flow.send(pcap.SERVER, b"".join(entry(number, uid, rng) for _ in range(rng.randrange(1, 4))) + result(number, 0x65))
        yield
    flow.send(pcap.CLIENT, message(number + 1, b"\x42\0"))
    flow.close()


def smb2(command, number, answer, body):
    """A header and a body of the right form, inside its length frame."""
    head = b"\xfeSMB" + (64).to_bytes(2, "little") + bytes(6) + command.to_bytes(2, "little") + b"\1\0"
    head += (1 if answer else 0).to_bytes(4, "little") + bytes(4) + number.to_bytes(8, "little") + bytes(8) + (7).to_bytes(8, "little") + bytes(16)
    return (len(head) + len(body)).to_bytes(4, "big") + head + body


def files(flow, rng):
    """One client that reads a file in pieces."""
    flow.open()
    content = rng.randbytes(16384)
    for number in range(1, rng.randrange(40, 120)):
        ask = (49).to_bytes(2, "little") + b"P\0" + (16384).to_bytes(4, "little") + (number * 16384).to_bytes(8, "little") + bytes(33)
        tell = (17).to_bytes(2, "little") + b"P\0" + (16384).to_bytes(4, "little") + bytes(8) + content
        flow.send(pcap.CLIENT, smb2(8, number, False, ask))
        flow.send(pcap.SERVER, smb2(8, number, True, tell))
        yield
    flow.close()


def sealed(flow, rng):
    """One client with TLS records of application data."""
    flow.open()
    content = rng.randbytes(8000)
    for _ in range(rng.randrange(20, 80)):
        for side, n in ((pcap.CLIENT, 300), (pcap.SERVER, rng.randrange(1000, 8000))):
            flow.send(side, b"\x17\3\3" + n.to_bytes(2, "big") + content[:n])
        yield
    flow.close()


KINDS = [(directory, 389), (directory, 389), (directory, 389), (directory, 389), (files, 445), (sealed, 443)]


def generate(file, megabytes):
    """Interleaves conversations until the file is large enough; how many packets it has."""
    rng, out = random.Random(SEED), pcap.Pcap(file)
    clients, running = 0, []
    while file.tell() < megabytes * 1_000_000 or running:
        while len(running) < FLOWS_AT_ONCE and file.tell() < megabytes * 1_000_000:
            kind, port = KINDS[clients % len(KINDS)]
            address = f"10.{clients >> 16 & 255}.{clients >> 8 & 255}.{clients & 255}"
            running.append(kind(pcap.Flow(out, (address, 20000 + clients % 40000), (SERVER, port)), rng))
            clients += 1
        current = rng.choice(running)
        if next(current, running) is running:
            running.remove(current)
    return out.packets, clients


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[1].startswith("-") or not "".join(sys.argv[2:] or "0").isdigit():
        sys.exit(__doc__)
    megabytes = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    with open(sys.argv[1], "wb") as file:
        packets, clients = generate(file, megabytes)
        print(f"{packets} packets, {file.tell()} bytes, {clients} conversations")


if __name__ == "__main__":
    main()

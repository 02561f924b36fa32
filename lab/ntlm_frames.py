"""Sign-on tokens written by hand: NTLM's three messages for nobody in particular, and SPNEGO around them."""
import struct

FLAGS = 0xE2888215  # Unicode, OEM, request target, NTLM, always sign, extended security, target info, version, 128, 56, key exchange
NTLM_OID = bytes.fromhex("060a2b06010401823702020a")
SPNEGO_OID = bytes.fromhex("06062b0601050502")
VERSION = bytes.fromhex("0601b11d0000000f")


def tlv(tag, *parts):
    """One element with the shortest length there is."""
    body = b"".join(parts)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    octets = (len(body).bit_length() + 7) // 8
    return bytes([tag, 0x80 | octets]) + len(body).to_bytes(octets, "big") + body


def negotiate():
    return b"NTLMSSP\0" + struct.pack("<II", 1, FLAGS) + struct.pack("<HHI", 0, 0, 0) * 2 + VERSION


def challenge(name="FILES"):
    target = name.encode("utf-16-le")
    info = b"".join(struct.pack("<HH", kind, len(target)) + target for kind in (2, 1)) + struct.pack("<HHQ", 7, 8, 0x01DA000000000000) + bytes(4)
    head = b"NTLMSSP\0" + struct.pack("<IHHII", 2, len(target), len(target), 56, FLAGS | 0x00020000) + b"\x11" * 8 + bytes(8)
    return head + struct.pack("<HHI", len(info), len(info), 56 + len(target)) + VERSION + target + info


def authenticate():
    """An anonymous session (MS-NLMP 3.2.5.1.2): no name, an LM response of one zero octet."""
    station = "LABCLIENT".encode("utf-16-le")
    at, fields, body = 72, [], b""
    for value in (b"\0", b"", b"", b"", station, bytes(16)):  # LM, NT, domain, user, workstation, key
        fields.append(struct.pack("<HHI", len(value), len(value), at + len(body)))
        body += value
    return b"NTLMSSP\0" + struct.pack("<I", 3) + b"".join(fields) + struct.pack("<I", FLAGS | 0x800) + VERSION + body


def offered():
    """What a server's negotiate answer holds: the mechanisms it has."""
    return tlv(0x60, SPNEGO_OID, tlv(0xA0, tlv(0x30, tlv(0xA0, tlv(0x30, NTLM_OID)))))


def first():
    return tlv(0x60, SPNEGO_OID, tlv(0xA0, tlv(0x30, tlv(0xA0, tlv(0x30, NTLM_OID)), tlv(0xA2, tlv(4, negotiate())))))


def second(name="FILES"):
    return tlv(0xA1, tlv(0x30, tlv(0xA0, tlv(10, b"\1")), tlv(0xA1, NTLM_OID), tlv(0xA2, tlv(4, challenge(name)))))


def third():
    return tlv(0xA1, tlv(0x30, tlv(0xA2, tlv(4, authenticate()))))


def done():
    return tlv(0xA1, tlv(0x30, tlv(0xA0, tlv(10, b"\0"))))

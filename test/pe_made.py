"""Makes PE files that have nothing but a version resource."""
import struct


def pe_file(version, language=1041):
    """A PE32 file that has nothing but a version resource."""
    fixed = struct.pack("<13I", 0xFEEF04BD, 0x10000, version[0] << 16 | version[1], version[2] << 16 | version[3], 0, 0, 0x3F, 0, 0x40004, 2, 0, 0, 0)
    key = "VS_VERSION_INFO".encode("utf-16le") + b"\0\0"
    head = 6 + len(key)
    info = struct.pack("<HHH", head + -head % 4 + len(fixed), len(fixed), 0) + key + b"\0" * (-head % 4) + fixed
    table = b""
    for at, name in ((0x18, 16), (0x30, 1)):
        table += struct.pack("<IIHHHHII", 0, 0, 0, 0, 0, 1, name, 0x80000000 | at)
    table += struct.pack("<IIHHHHII", 0, 0, 0, 0, 0, 1, language, 0x48) + struct.pack("<IIII", 0x1000 + 0x58, len(info), 0, 0) + info
    optional = struct.pack("<HBBIIIIII", 0x10B, 6, 0, 0, len(table), 0, 0, 0x1000, 0x1000) + struct.pack("<IIIHHHHHHIIIIHHIIIIII", 0x400000, 0x1000, 0x200,
                           4, 0, 0, 0, 4, 0, 0, 0x2000, 0x200, 0, 2, 0, 0, 0, 0, 0, 0, 16)
    optional += b"".join(struct.pack("<II", *((0x1000, len(table)) if i == 2 else (0, 0))) for i in range(16))
    section = struct.pack("<8sIIIIIIHHI", b".rsrc", len(table), 0x1000, len(table) + -len(table) % 512, 0x200, 0, 0, 0, 0, 0x40000040)
    image = b"MZ" + b"\0" * 58 + struct.pack("<I", 64) + b"PE\0\0" + struct.pack("<HHIIIHH", 0x14C, 1, 0, 0, 0, len(optional), 0x2102) + optional + section
    return image + b"\0" * (0x200 - len(image)) + table + b"\0" * (-len(table) % 512)

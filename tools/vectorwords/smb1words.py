"""Words of smb1, for the vectors of every protocol that carries it."""
from ber import *
from wire import *
from nbsswords import *

SMB1_UNICODE, SMB1_NT, SMB1_EXTENDED, SMB1_SIGNED = 0x8000, 0x4000, 0x0800, 0x0004


def smb1_raw(command, body, tid=0, uid=0, mid=1, pid=7, flags=None, flags2=SMB1_NT, status=0, answer=False, signature=b"\0" * 8,
             pid_high=0):
    """A message: header and whatever stands behind it. Fields may be pieces."""
    def field(make, value):
        return value if isinstance(value, Piece) else make(value)
    flags = (0x80 if answer else 0) if flags is None else flags
    return nbss(b"\xffSMB", field(u8, command), le32(status), field(u8, flags), field(le16, flags2), field(le16, pid_high), signature, le16(0),
                field(le16, tid), le16(pid), field(le16, uid), field(le16, mid), body)


def smb1_block(words=b"", data=b"", count=None, size=None):
    """WordCount, words, ByteCount, bytes; the counts may be given, as numbers or pieces."""
    words, data = piece(words), piece(data)
    count = u8(words.size // 2 if count is None else count) if not isinstance(count, Piece) else count
    size = le16(data.size if size is None else size) if not isinstance(size, Piece) else size
    return count + words + size + data


def smb1(command, words=b"", data=b"", count=None, size=None, **header):
    return smb1_raw(command, smb1_block(words, data, count, size), **header)


def smb1_andx(next=0xff, offset=0):
    return u8(next) + u8(0) + (offset if isinstance(offset, Piece) else le16(offset))


def smb1_z(text):
    return piece(text) + b"\0"


def smb1_path(text):
    """A name behind its format octet."""
    return u8(4) + smb1_z(text)


# setting up: a server that wants users, without Unicode or extended security unless asked

def smb1_negotiate(*dialects, **header):
    return smb1(0x72, data=cat(*[d if isinstance(d, Piece) else u8(2) + smb1_z(d) for d in dialects or ("NT LM 0.12",)]), **header)


def smb1_negotiated(index=0, mode=3, capabilities=0, data=b"", words=None, **header):
    words = cat(index if isinstance(index, Piece) else le16(index), u8(mode), le16(50), le16(1), le32(16644), le32(65536), le32(0),
                le32(capabilities), le64(0), le16(0), u8(8 if not data else 0)) if words is None else words
    return smb1(0x72, words, data or fill("C", 8) + b"\0", answer=True, **header)


def smb1_setup(user="alice", size=16644, oem=24, unicode=24, vc=1, next=0xff, tail=b"", **header):
    """SESSION_SETUP_ANDX of 13 words; sizes may be pieces."""
    def field(value):
        return value if isinstance(value, Piece) else le16(value)
    def octets_of(value):
        return fill("P", value) if not isinstance(value, Piece) else b""
    data = cat(octets_of(oem), octets_of(unicode), smb1_z(user), smb1_z("D"), smb1_z("Unix"), smb1_z("Samba"))
    words = cat(field(size), le16(50), le16(vc), le32(0), field(oem), field(unicode), le32(0), le32(0))
    return smb1(0x73, smb1_andx() + words, data + tail, mid=2, **header)


def smb1_setup_blob(blob, at=None, capabilities=0x80000000, **header):
    """... of 12 words, with a security blob: its octets, or how many."""
    blob = fill("T", blob) if isinstance(blob, int) else piece(blob)
    words = cat(smb1_andx(), le16(16644), le16(50), le16(1), le32(0), at or b"", le16(blob.size), le32(0), le32(capabilities))
    return smb1(0x73, words, cat(blob, smb1_z("Unix"), smb1_z("Samba")), **{"mid": 2, "flags2": SMB1_NT | SMB1_EXTENDED, **header})


def smb1_set_up(uid=100, **header):
    return smb1(0x73, smb1_andx() + le16(0), cat(smb1_z("Unix"), smb1_z("Samba"), smb1_z("D")), uid=uid, mid=2, answer=True, **header)


def smb1_tree(path="\\\\S\\DATA", service="?????", password=1, **header):
    fields = {"uid": 100, "mid": 3, **header}
    data = cat(fill("\0", password) if not isinstance(password, Piece) else b"", smb1_z(path), smb1_z(service))
    return smb1(0x75, smb1_andx() + le16(0) + (password if isinstance(password, Piece) else le16(password)), data, **fields)


def smb1_treed(service="A:", tid=1, **header):
    fields = {"uid": 100, "mid": 3, **header}
    return smb1(0x75, smb1_andx() + le16(1), smb1_z(service) + smb1_z("NTFS"), tid=tid, answer=True, **fields)


def smb1_on(command, words=b"", data=b"", **header):
    """A request on the tree."""
    return smb1(command, words, data, **{"uid": 100, "tid": 1, "mid": 9, **header})


def smb1_done(command, words=b"", data=b"", **header):
    return smb1(command, words, data, **{"uid": 100, "tid": 1, "mid": 9, "answer": True, **header})


def smb1_create(name="\\file", length=None, **header):
    size = len(piece(name)) if length is None else length
    words = cat(smb1_andx(), u8(0), size if isinstance(size, Piece) else le16(size), le32(0), le32(0), le32(0x2019f), le64(0), le32(0), le32(7),
                le32(1), le32(0), le32(2), u8(0))
    return smb1_on(0xa2, words, smb1_z(name), **{"mid": 4, **header})


def smb1_created(fid=5, **header):
    words = cat(smb1_andx(), u8(0), le16(fid), le32(1), fill("\0", 32), le32(0x80), le64(0), le64(0), le16(0), le16(0), u8(0))
    return smb1_done(0xa2, words, **{"mid": 4, **header})


def smb1_read(fid=5, mid=9, **header):
    return smb1_on(0x2e, cat(smb1_andx(), le16(fid), le32(0), le16(512), le16(0), le32(0), le16(0), le32(0)), mid=mid, **header)


def smb1_data(n=4, mid=9, offset=None, length=None, **header):
    words = cat(smb1_andx(), le16(0), le16(0), le16(0), le16(n if length is None else length),
                offset if isinstance(offset, Piece) else le16(59 if offset is None else offset), le16(0), fill("\0", 8))
    return smb1_done(0x2e, words, fill("D", n), mid=mid, **header)


def smb1_write(n=4, fid=5, offset=None, length=None, mode=0, data=None, **header):
    """WRITE_ANDX of `n` octets, or of these."""
    data = fill("D", n) if data is None else piece(data)
    n = data.size
    words = cat(smb1_andx(), le16(fid), le32(0), le32(0), le16(mode), le16(0), le16(0),
                length if isinstance(length, Piece) else le16(n if length is None else length),
                offset if isinstance(offset, Piece) else le16(63 if offset is None else offset), le32(0))
    return smb1_on(0x2f, words, data, **header)


def smb1_written(n, **header):
    return smb1_done(0x2f, cat(smb1_andx(), le16(n), le16(0), le32(0)), **header)


# transactions

def smb1_trans(command, setup, params=b"", data=b"", max_params=64, max_data=4096, total_params=None, total_data=None, name=b"\0",
               params_at=None, data_at=None, setups=None, params_count=None, data_count=None, **header):
    """TRANSACTION and TRANSACTION2: setup is a list of words."""
    params, data, name = piece(params), piece(data), piece(name)
    begin = 32 + 1 + 28 + 2 * len(setup) + 2 + name.size
    def field(value, usual):
        return value if isinstance(value, Piece) else le16(usual if value is None else value)
    words = cat(field(total_params, params.size), field(total_data, data.size), field(max_params, 0), field(max_data, 0), u8(0), u8(0), le16(0),
                le32(0), le16(0), field(params_count, params.size), field(params_at, begin), field(data_count, data.size),
                field(data_at, begin + params.size),
                setups if isinstance(setups, Piece) else u8(len(setup) if setups is None else setups), u8(0),
                *[w if isinstance(w, Piece) else le16(w) for w in setup])
    return smb1_on(command, words, name + params + data, **header)


def smb1_trans2(sub, params=b"", data=b"", **fields):
    return smb1_trans(0x32, [sub], params, data, **fields)


def smb1_rap(opcode, shape, data, *params, receive=None, **fields):
    head = opcode if isinstance(opcode, Piece) else le16(opcode)
    return smb1_trans(0x25, [], cat(head, smb1_z(shape), smb1_z(data), *params), name=smb1_z("\\PIPE\\LANMAN"), **fields)


def smb1_secondary(command, params=b"", data=b"", total_params=0, total_data=0, params_before=0, data_before=0, **header):
    """TRANSACTION_SECONDARY and TRANSACTION2_SECONDARY."""
    params, data = piece(params), piece(data)
    begin = 32 + 1 + (16 if command == 0x26 else 18) + 2
    def field(value):
        return value if isinstance(value, Piece) else le16(value)
    words = cat(field(total_params), field(total_data), le16(params.size), le16(begin), field(params_before), le16(data.size),
                le16(begin + params.size), field(data_before), b"" if command == 0x26 else le16(0xffff))
    return smb1_on(command, words, params + data, **header)


def smb1_transed(command, params=b"", data=b"", total_params=None, total_data=None, params_before=0, data_before=0, **header):
    params, data = piece(params), piece(data)
    begin = 32 + 1 + 20 + 2
    def field(value, usual):
        return value if isinstance(value, Piece) else le16(usual if value is None else value)
    words = cat(field(total_params, params.size), field(total_data, data.size), le16(0), le16(params.size), le16(begin), field(params_before, 0),
                le16(data.size), le16(begin + params.size), field(data_before, 0), u8(0), u8(0))
    return smb1_done(command, words, params + data, **header)


def smb1_nt(function, params=b"", data=b"", setup=(), max_params=64, max_data=4096, **header):
    params, data = piece(params), piece(data)
    begin = 32 + 1 + 38 + 2 * len(setup) + 2
    def field(value):
        return value if isinstance(value, Piece) else le32(value)
    words = cat(u8(0), le16(0), le32(params.size), le32(data.size), field(max_params), field(max_data), le32(params.size), le32(begin),
                le32(data.size), le32(begin + params.size), u8(len(setup)), function if isinstance(function, Piece) else le16(function),
                *[le16(w) for w in setup])
    return smb1_on(0xa0, words, params + data, **header)


def smb1_query_path(level=0x101, path="\\file", **fields):
    return smb1_trans2(5, cat(level if isinstance(level, Piece) else le16(level), le32(0), smb1_z(path)), **fields)


def smb1_open2(name="\\file", data=b"", **fields):
    return smb1_trans2(0, cat(fill("\0", 28), name if isinstance(name, Piece) else smb1_z(name)), data, **fields)


def smb1_fea(*entries, size=None):
    """A list of extended attributes: (name, value) pairs, or pieces."""
    body = cat(*[e if isinstance(e, Piece) else u8(0) + u8(len(e[0])) + le16(len(e[1])) + smb1_z(e[0]) + piece(e[1]) for e in entries])
    return (size if isinstance(size, Piece) else le32(body.size + 4 if size is None else size)) + body


def smb1_transact(data, fid=5, **fields):
    """TransactNmPipe: a message to a pipe, and its answer back."""
    return smb1_trans(0x25, [0x26, fid], data=data, name=smb1_z("\\PIPE\\"), max_params=0, **fields)


def smb1_transacted(data, **header):
    data = piece(data)
    words = cat(le16(0), le16(data.size), le16(0), le16(0), le16(55), le16(0), le16(data.size), le16(55), le16(0), u8(0), u8(0))
    return smb1_done(0x25, words, data, **header)

"""Words of SMB 2: a message of one or more commands, and the bodies of commands (MS-SMB2 2.2)."""
from ber import *
from wire import *

COMMANDS = ["negotiate", "session_setup", "logoff", "tree_connect", "tree_disconnect", "create", "close", "flush", "read", "write",
            "lock", "ioctl", "cancel", "echo", "query_directory", "change_notify", "query_info", "set_info", "oplock_break"]
SMB2_ANY = 0xffffffffffffffff
SMB2_SESSION, SMB2_TREE, SMB2_FILE = 0x51, 7, (0x11, 0x12)


def smb2_frame(body):
    """The session service's header in front (MS-SMB2 2.1)."""
    body = piece(body)
    return be32(len(body)) + body


def smb2_head(command, id_=0, session=SMB2_SESSION, tree=SMB2_TREE, flags=0, status=0, charge=1, credits=64, next_=0, async_=None):
    number = COMMANDS.index(command) if isinstance(command, str) else command
    return (b"\xfeSMB" + le16(64) + le16(charge) + le32(status) + le16(number) + le16(credits) + le32(flags) + le32(next_) +
            le64(id_) + (le32(0) + le32(tree) if async_ is None else le64(async_)) + le64(session) + b"\0" * 16)


def smb2_ask(command, body, id_=0, **head):
    return smb2_frame(smb2_head(command, id_, **head) + body)


def smb2_tell(command, body, id_=0, flags=0, **head):
    return smb2_frame(smb2_head(command, id_, flags=flags | 1, **head) + body)


def smb2_compound(*commands):
    """Each is (command, body, id) or with a dict of header fields behind it."""
    out = piece(b"")
    for i, (command, body, id_, *head) in enumerate(commands):
        last = i == len(commands) - 1
        body = piece(body) if last else padded(body, 8)
        head = dict(head[0] if head else {})
        head.setdefault("next_", 0 if last else 64 + len(body))
        out = out + smb2_head(command, id_, **head) + body
    return smb2_frame(out)


def smb2_error(contexts=0, data=b""):
    data = piece(data)
    return le16(9) + u8(contexts) + u8(0) + le32(len(data)) + (data if len(data) else b"\0")


def smb2_error_context(data):
    data = piece(data)
    return le32(len(data)) + le32(0) + data


def smb2_context(type_, data):
    data = piece(data)
    return le16(type_) + le16(len(data)) + le32(0) + data


def smb2_preauth():
    return smb2_context(1, le16(1) + le16(4) + le16(1) + b"salt")


def smb2_negotiate(dialects=(0x202, 0x210, 0x300), contexts=None, count=None):
    body = le16(36) + le16(len(dialects) if count is None else count) + le16(1) + le16(0) + le32(0) + b"\0" * 16
    revisions = cat(*[le16(d) for d in dialects])
    if contexts is None:
        return body + le64(0) + revisions
    at = 64 + 36 + len(revisions)
    pad = -at % 8
    items = [padded(c, 8) for c in contexts[:-1]] + [piece(c) for c in contexts[-1:]]
    return body + le32(at + pad) + le16(len(contexts)) + le16(0) + revisions + b"\0" * pad + cat(*items)


def smb2_negotiated(dialect=0x210, contexts=(), capabilities=4):
    body = le16(65) + le16(1) + le16(dialect) + le16(len(contexts)) + b"\0" * 16 + le32(capabilities) + le32(1 << 20) * 3 + le64(0) * 2
    items = [padded(c, 8) for c in contexts[:-1]] + [piece(c) for c in contexts[-1:]]
    return body + le16(128) + le16(0) + le32(128 if contexts else 0) + cat(*items)


def smb2_setup(token=b"", flags=0, previous=0):
    token = piece(token)
    return le16(25) + u8(flags) + u8(1) + le32(0) + le32(0) + le16(88) + le16(len(token)) + le64(previous) + token


def smb2_set_up(flags=0):
    return le16(9) + le16(flags) + le16(72) + le16(0)


def smb2_tree(path="\\\\server\\share", offset=72, flags=0):
    path = utf16(path) if isinstance(path, str) else piece(path)
    return le16(9) + le16(flags) + le16(offset) + le16(len(path)) + path


def smb2_treed(kind=1):
    return le16(16) + u8(kind) + u8(0) + le32(0) + le32(0) + le32(0x1f01ff)


def smb2_create_context(name, data, next_=0):
    data = piece(data)
    return le32(next_) + le16(16) + le16(len(name)) + le16(0) + le16(24 if len(data) else 0) + le32(len(data)) + name + b"\0" * (-len(name) % 8) + data


def smb2_create(name="file", contexts=None, access=0x120089, disposition=1, impersonation=2, options=0, nothing=0):
    name = utf16(name) if isinstance(name, str) else piece(name)
    contexts = piece(b"" if contexts is None else contexts)
    named = padded(name, 8) if len(contexts) else name
    return (le16(57) + u8(0) + u8(0) + le32(impersonation) + b"\0" * 16 + le32(access) + le32(0) + le32(7) + le32(disposition) + le32(options) +
            le16(120) + le16(len(name)) + le32(120 + len(named) if len(contexts) else nothing) + le32(len(contexts)) + named + contexts)


def smb2_created(file=SMB2_FILE):
    return le16(89) + u8(0) + u8(0) + le32(1) + b"\0" * 48 + le32(0) * 2 + le64(file[0]) + le64(file[1]) + le32(0) * 2


def smb2_file_id(file):
    return le64(file[0]) + le64(file[1])


def smb2_close(file=SMB2_FILE):
    return le16(24) + le16(0) + le32(0) + smb2_file_id(file)


def smb2_closed():
    return le16(60) + b"\0" * 58


def smb2_read(length=100, file=SMB2_FILE, channel=0):
    return le16(49) + u8(80) + u8(0) + le32(length) + le64(0) + smb2_file_id(file) + le32(0) + le32(channel) + le32(0) + le32(0)


def smb2_data(data, offset=80, length=None):
    """The answer to a read."""
    data = piece(data)
    return le16(17) + u8(offset) + u8(0) + le32(len(data) if length is None else length) + le32(0) * 2 + data


def smb2_write(data, file=SMB2_FILE, offset=112, length=None, channel=0):
    data = piece(data)
    return (le16(49) + le16(offset) + le32(len(data) if length is None else length) + le64(0) + smb2_file_id(file) + le32(0) * 2 +
            le16(channel) + le16(0) + le32(0) + data)


def smb2_written(n):
    return le16(17) + le16(0) + le32(n) + le32(0) + le16(0) * 2


def smb2_locks(count, said=None, file=SMB2_FILE):
    return le16(48) + le16(count if said is None else said) + le32(0) + smb2_file_id(file) + (le64(0) + le64(1) + le32(1) + le32(0)) * count


def smb2_ioctl(code, data=b"", out=1024, file=SMB2_FILE, output=0):
    data = piece(data)
    return (le16(57) + le16(0) + le32(code) + smb2_file_id(file) + le32(120) + le32(len(data)) + le32(0) + le32(output) + le32(0) + le32(out) +
            le32(1) + le32(0) + data)


def smb2_answered(code, data, file=SMB2_FILE):
    """The answer to a control code."""
    data = piece(data)
    return (le16(49) + le16(0) + le32(code) + smb2_file_id(file) + le32(112) + le32(0) + le32(112) + le32(len(data)) + le32(0) + le32(0) +
            data)


def smb2_referral(at=34, version=3, flags=0, size=34, names=3):
    """An entry of DFS referrals; the names lie at one offset."""
    return le16(version) + le16(size) + le16(0) + le16(flags) + le32(600) + le16(at) * names + b"\0" * (34 - 12 - 2 * names)


def smb2_referrals(*entries, names, count=None):
    return le16(0) + le16(len(entries) if count is None else count) + le32(0) + cat(*entries) + names


def smb2_empty():
    return le16(4) + le16(0)


def smb2_query(type_=1, class_=5, out=1024, file=SMB2_FILE):
    return le16(41) + u8(type_) + u8(class_) + le32(out) + le16(0) * 2 + le32(0) + le32(0) * 2 + smb2_file_id(file)


def smb2_set(class_, data, type_=1, file=SMB2_FILE):
    data = piece(data)
    return le16(33) + u8(type_) + u8(class_) + le32(len(data)) + le16(96) + le16(0) + le32(0) + smb2_file_id(file) + data


def smb2_sealed(size, session=SMB2_SESSION, said=None):
    return smb2_frame(b"\xfdSMB" + b"\0" * 16 + b"N" * 11 + b"\0" * 5 + le32(size if said is None else said) + le16(0) + le16(1) +
                      le64(session) + fill("S", size))


def smb2_packed(original=100, algorithm=2, flags=0, offset=0, size=64):
    return smb2_frame(b"\xfcSMB" + le32(original) + le16(algorithm) + le16(flags) + le32(offset) + fill("C", size))

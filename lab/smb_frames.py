"""SMB 1 and SMB 2 written by hand, both sides of what it takes to use a named pipe. Nothing here is the gate's: it must not use what it tests."""
import struct

import ntlm_frames as ntlm

NEGOTIATE, SETUP, LOGOFF, TREE, TREE_END, CREATE, CLOSE, READ, WRITE, IOCTL = 0, 1, 2, 3, 4, 5, 6, 8, 9, 11
ONE_CLOSE, ONE_TRANS, ONE_READ, ONE_WRITE, ONE_TREE_END, ONE_NEGOTIATE, ONE_SETUP, ONE_LOGOFF, ONE_TREE, ONE_CREATE = (
    0x04, 0x25, 0x2E, 0x2F, 0x71, 0x72, 0x73, 0x74, 0x75, 0xA2)
TRANSCEIVE, TRANSACT_PIPE = 0x0011C017, 0x26
MORE_PROCESSING, PIPE_EMPTY, NOT_SUPPORTED = 0xC0000016, 0xC00000D9, 0xC00000BB
NO_ANDX = b"\xff\0\0\0"
MOST = 65536


def framed(message):
    """Behind the session service's header."""
    return struct.pack(">I", len(message)) + message


def session_request():
    """What comes first on port 139 (RFC 1002 4.3.2): names in the first-level encoding."""

    def name(text, kind):
        raw = text.ljust(15).encode() + bytes([kind])
        return b"\x20" + b"".join(bytes([0x41 + (c >> 4), 0x41 + (c & 15)]) for c in raw) + b"\0"

    body = name("*SMBSERVER", 0x20) + name("LABCLIENT", 0)
    return struct.pack(">BBH", 0x81, 0, len(body)) + body


SESSION_GRANTED = b"\x82\0\0\0"


class Two:
    """A client of SMB 2: each method makes one message; `number` is the next message's."""

    def __init__(self, dialect=0x0210):
        self.dialect, self.number, self.session, self.tree, self.handle = dialect, 0, 0, 0, b"\xff" * 16

    def header(self, command, related=False, following=0):
        out = b"\xfeSMB" + struct.pack("<HHIHHIIQ", 64, 0 if self.dialect == 0x0202 else 1, 0, command, 31, 4 if related else 0, following, self.number)
        self.number += 1
        return out + struct.pack("<IIQ", 0xFEFF, self.tree, self.session) + bytes(16)

    def negotiate(self):
        # CreditCharge is 0 here: no dialect has been agreed on.
        body = struct.pack("<HHHHI", 36, 1, 1, 0, 0) + b"sallyport-client" + bytes(8) + struct.pack("<H", self.dialect)
        dialect, self.dialect = self.dialect, 0x0202
        out = framed(self.header(NEGOTIATE) + body)
        self.dialect = dialect
        return out

    def setup(self, token):
        return framed(self.header(SETUP) + struct.pack("<HBBIIHHQ", 25, 0, 1, 0, 0, 88, len(token), 0) + token)

    def connect(self, share=r"\\FILES\IPC$"):
        name = share.encode("utf-16-le")
        return framed(self.header(TREE) + struct.pack("<HHHH", 9, 0, 72, len(name)) + name)

    def create(self, pipe):
        name = pipe.encode("utf-16-le")
        body = struct.pack("<HBBIQQIIIIIHHII", 57, 0, 0, 2, 0, 0, 0x0012019F, 0, 7, 1, 0, 120, len(name), 0, 0) + name
        return framed(self.header(CREATE) + body)

    def write_body(self, data, handle=None):
        return struct.pack("<HHIQ", 49, 112, len(data), 0) + (handle or self.handle) + struct.pack("<IIHHI", 0, 0, 0, 0, 0) + data

    def read_body(self, handle=None):
        return struct.pack("<HBBIQ", 49, 80, 0, MOST, 0) + (handle or self.handle) + struct.pack("<IIIHHB", 0, 0, 0, 0, 0, 0)

    def write(self, data):
        return framed(self.header(WRITE) + self.write_body(data))

    def read(self):
        return framed(self.header(READ) + self.read_body())

    def transceive(self, data):
        body = struct.pack("<HHI", 57, 0, TRANSCEIVE) + self.handle + struct.pack("<IIIIIIII", 120, len(data), 0, 120 + len(data), 0, MOST, 1, 0)
        return framed(self.header(IOCTL) + body + data)

    def compound(self, data):
        """A write and the read of its answer, related, in one message."""
        body = self.write_body(data)
        body += b"\0" * (-len(body) % 8)
        head = self.header(WRITE, following=64 + len(body))
        return framed(head + body + self.header(READ, related=True) + self.read_body(b"\xff" * 16))

    def close(self):
        return framed(self.header(CLOSE) + struct.pack("<HHI", 24, 0, 0) + self.handle)

    def learn(self, answer):
        """What later requests need of an answer: the session's, the tree's and the pipe's number."""
        status, command = struct.unpack("<IH", answer[8:14])
        if command == SETUP:
            self.session = struct.unpack("<Q", answer[40:48])[0]
        elif command == TREE:
            self.tree = struct.unpack("<I", answer[36:40])[0]
        elif command == CREATE and not status:
            self.handle = answer[64 + 64 : 64 + 80]

    @staticmethod
    def status(answer):
        return struct.unpack("<I", answer[8:12])[0]

    @staticmethod
    def data(answer):
        """The pipe's octets in an answer: of a read or a transceive, in a compound the last one."""
        while following := struct.unpack("<I", answer[20:24])[0]:
            answer = answer[following:]
        command = struct.unpack("<H", answer[12:14])[0]
        if command == READ and struct.unpack("<H", answer[64:66])[0] == 17:
            return answer[answer[66] :][: struct.unpack("<I", answer[68:72])[0]]
        if command == IOCTL and struct.unpack("<H", answer[64:66])[0] == 49:
            at, count = struct.unpack("<II", answer[96:104])
            return answer[at : at + count]
        return b""


class One:
    """A client of SMB 1."""

    def __init__(self):
        self.number, self.session, self.tree, self.handle = 1, 0, 0, 0xFFFF

    def message(self, command, words, octets=b""):
        out = b"\xffSMB" + struct.pack("<BIBHH8sHHHHH", command, 0, 0x18, 0xC807, 0, bytes(8), 0, self.tree, 0xFEFF, self.session, self.number)
        self.number += 1
        return framed(out + bytes([len(words) // 2]) + words + struct.pack("<H", len(octets)) + octets)

    def negotiate(self):
        return self.message(ONE_NEGOTIATE, b"", b"\x02NT LM 0.12\0")

    def setup(self, token):
        words = NO_ANDX + struct.pack("<HHHIHII", MOST - 1, 2, 1, 0, len(token), 0, 0x8000D05C)
        text = "Unix".encode("utf-16-le") + b"\0\0" + "lab".encode("utf-16-le") + b"\0\0"
        return self.message(ONE_SETUP, words, token + b"\0" * ((59 + len(token)) % 2) + text)

    def connect(self, share=r"\\FILES\IPC$"):
        return self.message(ONE_TREE, NO_ANDX + struct.pack("<HH", 8, 1), b"\0" + share.encode("utf-16-le") + b"\0\0IPC\0")

    def create(self, pipe):
        name = ("\\" + pipe).encode("utf-16-le")
        words = NO_ANDX + struct.pack("<BHIIIQIIIIIB", 0, len(name), 0, 0, 0x0002019F, 0, 0, 7, 1, 0, 2, 0)
        return self.message(ONE_CREATE, words, b"\0" + name + b"\0\0")

    def write(self, data):
        words = NO_ANDX + struct.pack("<HIIHHHHHI", self.handle, 0, 0, 8, len(data), 0, len(data), 64, 0)
        return self.message(ONE_WRITE, words, b"\0" + data)

    def read(self):
        return self.message(ONE_READ, NO_ANDX + struct.pack("<HIHHIH", self.handle, 0, 4280, 4280, 0xFFFFFFFF, 4280))

    def transceive(self, data):
        words = struct.pack("<HHHHBBHIHHHHHBBHH", 0, len(data), 0, MOST - 1, 0, 0, 0, 0, 0, 0, 84, len(data), 84, 2, 0, TRANSACT_PIPE, self.handle)
        return self.message(ONE_TRANS, words, b"\0" + "\\PIPE\\".encode("utf-16-le") + b"\0\0" + bytes(2) + data)

    def close(self):
        return self.message(ONE_CLOSE, struct.pack("<HI", self.handle, 0xFFFFFFFF))

    def learn(self, answer):
        command = answer[4]
        if command == ONE_SETUP:
            self.session = struct.unpack("<H", answer[28:30])[0]
        elif command == ONE_TREE:
            self.tree = struct.unpack("<H", answer[24:26])[0]
        elif command == ONE_CREATE and answer[32]:
            self.handle = struct.unpack("<H", answer[38:40])[0]

    @staticmethod
    def status(answer):
        return struct.unpack("<I", answer[5:9])[0]

    @staticmethod
    def data(answer):
        if answer[4] == ONE_READ and answer[32] == 12:
            count, at = struct.unpack("<HH", answer[43:47])
            return answer[at : at + count]
        if answer[4] == ONE_TRANS and answer[32] == 10:
            count, at = struct.unpack("<HH", answer[45:49])
            return answer[at : at + count]
        return b""


def greeting(client):
    """The requests until a pipe can be opened, as functions: each is made when the answer before it was learnt."""
    return [client.negotiate, lambda: client.setup(ntlm.first()), lambda: client.setup(ntlm.third()), client.connect]

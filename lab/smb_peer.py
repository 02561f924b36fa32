"""A file server that has named pipes and nothing else: anybody may sign on, every pipe exists, and what is written to it is somebody else's business."""
import struct

import ntlm_frames as ntlm
import smb_frames as smb
from listener import Listener
from smb_frames import MORE_PROCESSING, NOT_SUPPORTED, PIPE_EMPTY


class RpcPipe:
    """A pipe with an RPC association behind it: `association` has feed(). One PDU is one message of the pipe."""

    def __init__(self, association):
        self.association, self.out = association, []

    def write(self, data):
        said = self.association.feed(data)
        while said:
            order = "<" if said[4] & 0x10 else ">"
            length = struct.unpack(order + "H", said[8:10])[0]
            self.out.append(said[:length])
            said = said[length:]

    def read(self):
        return self.out.pop(0) if self.out else None


class Conversation:
    """One client's: `feed` takes what came and says what goes back. `open_pipe(name)` makes what stands behind a pipe."""

    def __init__(self, open_pipe):
        self.open_pipe, self.pipes, self.input, self.handles = open_pipe, {}, b"", 0
        self.dialect = 0

    def feed(self, data):
        self.input += data
        out = b""
        while len(self.input) >= 4:
            kind, length = self.input[0], int.from_bytes(self.input[1:4], "big")
            if len(self.input) < 4 + length:
                break
            message, self.input = self.input[4 : 4 + length], self.input[4 + length :]
            if kind == 0x81:
                out += smb.SESSION_GRANTED
            elif kind == 0 and message[:4] == b"\xfeSMB":
                out += smb.framed(self._compound(message))
            elif kind == 0 and message[:4] == b"\xffSMB":
                out += smb.framed(self._one(message))
        return out

    def _opened(self, name):
        self.handles += 1
        self.pipes[self.handles] = self.open_pipe(name)
        return self.handles

    def _compound(self, message):
        out, handle = [], None
        while True:
            following = struct.unpack("<I", message[20:24])[0]
            this = message[:following] if following else message
            answer, handle = self._two(this, handle)
            out.append(answer)
            if not following:
                break
            message = message[following:]
        for number, answer in enumerate(out[:-1]):
            answer += b"\0" * (-len(answer) % 8)
            out[number] = answer[:20] + struct.pack("<I", len(answer)) + answer[24:]
        return b"".join(out)

    def _two(self, request, before):
        """The answer to one command of SMB 2, and the pipe's number for what is related to it."""
        command, flags = struct.unpack("<H", request[12:14])[0], struct.unpack("<I", request[16:20])[0]
        body, status, tree, session = request[64:], 0, struct.unpack("<I", request[36:40])[0], struct.unpack("<Q", request[40:48])[0]
        known = {smb.WRITE: 16, smb.READ: 16, smb.IOCTL: 8, smb.CLOSE: 8}.get(command)
        handle = before if flags & 4 else struct.unpack("<Q", body[known : known + 8])[0] if known else before
        if command == smb.NEGOTIATE:
            self.dialect = max([d for d in struct.unpack(f"<{body[2]}H", body[36 : 36 + 2 * body[2]]) if d <= 0x0210], default=0)
            out = self._two_negotiated()
        elif command == smb.SETUP:
            session, (status, out) = 1, self._signed_on(body[struct.unpack("<H", body[12:14])[0] - 64 :])
            out = struct.pack("<HHHH", 9, 2 if not status else 0, 72, len(out)) + out
        elif command == smb.TREE:
            tree, out = 1, struct.pack("<HBBIII", 16, 2, 0, 0x30, 0, 0x001F00A9)
        elif command == smb.CREATE:
            at, length = struct.unpack("<HH", body[44:48])
            handle = self._opened(body[at - 64 : at - 64 + length].decode("utf-16-le"))
            out = struct.pack("<HBBI", 89, 0, 0, 1) + bytes(32) + struct.pack("<QQIIQQII", 4096, 0, 0x80, 0, handle, handle, 0, 0)
        elif command == smb.WRITE and handle in self.pipes:
            at, count = struct.unpack("<HI", body[2:8])
            self.pipes[handle].write(body[at - 64 : at - 64 + count])
            out = struct.pack("<HHIIHH", 17, 0, count, 0, 0, 0)
        elif command == smb.READ and handle in self.pipes:
            data = self.pipes[handle].read()
            status, out = (PIPE_EMPTY, failed()) if data is None else (0, struct.pack("<HBBIII", 17, 80, 0, len(data), 0, 0) + data)
        elif command == smb.IOCTL and handle in self.pipes and struct.unpack("<I", body[4:8])[0] == smb.TRANSCEIVE:
            status, out = self._two_transceived(handle, body)
        elif command == smb.CLOSE and self.pipes.pop(handle, None):
            out = struct.pack("<HHI", 60, 0, 0) + bytes(52)
        elif command in (smb.LOGOFF, smb.TREE_END):
            out = struct.pack("<HH", 4, 0)
        else:
            status, out = NOT_SUPPORTED, failed()
        head = b"\xfeSMB" + struct.pack("<HHIHHII", 64, struct.unpack("<H", request[6:8])[0], status, command, 31, 1 | (flags & 4), 0)
        return head + request[24:32] + request[32:36] + struct.pack("<IQ", tree, session) + bytes(16) + out, handle

    def _two_negotiated(self):
        token = ntlm.offered()
        head = struct.pack("<HHHH", 65, 1, self.dialect, 0) + b"sallyport-server" + struct.pack("<IIII", 4 if self.dialect > 0x0202 else 0, 65536, 65536, 65536)
        return head + struct.pack("<QQHHI", 0x01DA000000000000, 0, 128, len(token), 0) + token

    def _two_transceived(self, handle, body):
        at, count = struct.unpack("<II", body[24:32])
        self.pipes[handle].write(body[at - 64 : at - 64 + count])
        data = self.pipes[handle].read()
        if data is None:
            return PIPE_EMPTY, failed()
        return 0, struct.pack("<HHI", 49, 0, smb.TRANSCEIVE) + body[8:24] + struct.pack("<IIIIII", 112, 0, 112, len(data), 0, 0) + data

    @staticmethod
    def _signed_on(token):
        """Status and token: a challenge, then anybody may in."""
        raw = token.startswith(b"NTLMSSP\0")
        if b"NTLMSSP\0\1" in token:
            return MORE_PROCESSING, ntlm.challenge() if raw else ntlm.second()
        return 0, b"" if raw else ntlm.done()

    def _one(self, request):
        command, words = request[4], request[33 : 33 + 2 * request[32]]
        session, tree, status, octets, out = 1, struct.unpack("<H", request[24:26])[0], 0, b"", b""
        fid = struct.unpack("<H", words[4:6])[0] if len(words) >= 6 else 0
        if command == smb.ONE_NEGOTIATE:
            session, (out, octets) = 0, self._one_negotiated(request[35:])
        elif command == smb.ONE_SETUP:
            status, token = self._signed_on(request[35 + len(words) :][: struct.unpack("<H", words[14:16])[0]])
            out = smb.NO_ANDX + struct.pack("<HH", 0, len(token))
            octets = token + b"\0" * ((43 + len(token)) % 2) + "Unix\0lab\0LAB\0".encode("utf-16-le")
        elif command == smb.ONE_TREE:
            tree, out, octets = 1, smb.NO_ANDX + struct.pack("<H", 1), b"IPC\0\0\0\0"
        elif command == smb.ONE_CREATE:
            name = request[35 + len(words) :].lstrip(b"\0").decode("utf-16-le", "replace").rstrip("\0")
            out = smb.NO_ANDX + struct.pack("<BHI", 0, self._opened(name), 1) + bytes(32) + struct.pack("<IQQHHB", 0x80, 4096, 0, 2, 0x05FF, 0)
        elif command == smb.ONE_WRITE and fid in self.pipes:
            count, at = struct.unpack("<HH", words[20:24])
            self.pipes[fid].write(request[at : at + count])
            out = smb.NO_ANDX + struct.pack("<HHHH", count, 0, 0, 0)
        elif command == smb.ONE_READ and fid in self.pipes:
            data = self.pipes[fid].read()
            status = PIPE_EMPTY if data is None else 0
            if data is not None:
                out, octets = smb.NO_ANDX + struct.pack("<HHHHHH8s", 0xFFFF, 0, 0, len(data), 60, 0, bytes(8)), b"\0" + data
        elif command == smb.ONE_TRANS:
            status, out, octets = self._one_transacted(request, words)
        elif command == smb.ONE_CLOSE and self.pipes.pop(struct.unpack("<H", words[:2])[0], None):
            pass
        elif command == smb.ONE_LOGOFF:
            out = smb.NO_ANDX
        elif command != smb.ONE_TREE_END:
            status = NOT_SUPPORTED
        head = b"\xffSMB" + struct.pack("<BIBHH8sHH", command, status, 0x98, 0xC807, 0, bytes(8), 0, tree)
        return head + request[26:28] + struct.pack("<H", session) + request[30:32] + bytes([len(out) // 2]) + out + struct.pack("<H", len(octets)) + octets

    def _one_transacted(self, request, words):
        kind, fid = struct.unpack("<HH", words[28:32]) if len(words) >= 32 else (0, 0)
        if kind != smb.TRANSACT_PIPE or fid not in self.pipes:
            return NOT_SUPPORTED, b"", b""
        count, at = struct.unpack("<HH", words[22:26])
        self.pipes[fid].write(request[at : at + count])
        data = self.pipes[fid].read()
        if data is None:
            return PIPE_EMPTY, b"", b""
        return 0, struct.pack("<HHHHHHHHHBB", 0, len(data), 0, 0, 56, 0, len(data), 56, 0, 0, 0), b"\0" + data

    @staticmethod
    def _one_negotiated(octets):
        names = octets.split(b"\0")
        index = next((i for i, name in enumerate(names) if name == b"\x02NT LM 0.12"), 0)
        words = struct.pack("<HBHHIIIIQHB", index, 3, 50, 1, 65535, 65536, 0, 0x8000C07C, 0x01DA000000000000, 0, 0)
        return words, b"sallyport-server" + ntlm.offered()


def failed():
    """The body of an answer that is only a status."""
    return struct.pack("<HBBI", 9, 0, 0, 0) + b"\0"


class Server(Listener):
    """Over TCP on loopback. `got` holds every octet of each connection; `open_pipe(name)` is asked in the server's thread."""

    def __init__(self, open_pipe, address=("127.0.0.1", 0)):
        super().__init__(lambda: Conversation(open_pipe), address)

"""A server that answers every LDAP request at once with success: for tests that need thousands of connections."""
import selectors
import socket
import threading

from vector import unit_length

ANSWERS = {0x60: 0x61, 0x63: 0x65, 0x66: 0x67, 0x68: 0x69, 0x4A: 0x6B, 0x6E: 0x6F}  # request's tag -> answer's
UNBIND = 0x42


def tlv(tag, *parts):
    """One element with the shortest length there is."""
    body = b"".join(parts)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    octets = (len(body).bit_length() + 7) // 8
    return bytes([tag, 0x80 | octets]) + len(body).to_bytes(octets, "big") + body


def message(number, *operation):
    return tlv(0x30, tlv(2, number.to_bytes(number.bit_length() // 8 + 1, "big")), *operation)


def search(number):
    """The root of the directory."""
    tail = [tlv(10, b"\0"), tlv(10, b"\0"), tlv(2, b"\0"), tlv(2, b"\0"), tlv(1, b"\0"), tlv(0x87, b"objectClass"), tlv(0x30)]
    return message(number, tlv(0x63, tlv(4), *tail))


def padded(size, number=2):
    """A lawful change with a value of `size` octets."""
    values = tlv(0x30, tlv(4, b"description"), tlv(0x31, tlv(4, b"A" * size)))
    return message(number, tlv(0x66, tlv(4, b"cn=a"), tlv(0x30, tlv(0x30, tlv(10, b"\0"), values))))


def number_and_tag(unit):
    head = 2 if unit[1] < 0x80 else 2 + (unit[1] & 0x7F)
    length = unit[head + 1]
    return unit[head : head + 2 + length], unit[head + 2 + length]


class Answerer:
    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.listener.setblocking(False)
        self.port = self.listener.getsockname()[1]
        self.selector, self.held, self.ending = selectors.DefaultSelector(), {}, False
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def start(self):
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.thread.start()
        return self

    def stop(self):
        self.ending = True
        self.thread.join(10)
        for stream in list(self.held):
            stream.close()
        self.listener.close()
        self.selector.close()

    def _serve(self):
        while not self.ending:
            for key, _ in self.selector.select(0.1):
                if key.fileobj is self.listener:
                    self._accept()
                else:
                    self._read(key.fileobj)

    def _accept(self):
        while True:
            try:
                stream = self.listener.accept()[0]
            except OSError:
                return
            self.held[stream] = b""
            self.selector.register(stream, selectors.EVENT_READ)

    def _read(self, stream):
        try:
            data = stream.recv(65536)
        except OSError:
            data = b""
        if not data or not self._answer(stream, self.held[stream] + data):
            self.selector.unregister(stream)
            del self.held[stream]
            stream.close()

    def _answer(self, stream, data):
        """False when the conversation is over."""
        while (length := unit_length(data)) and length <= len(data):
            number, tag = number_and_tag(data[:length])
            data = data[length:]
            if tag == UNBIND:
                return False
            inner = number + bytes([ANSWERS.get(tag, 0x78), 7]) + bytes.fromhex("0a010004000400")
            try:
                stream.sendall(b"\x30" + bytes([len(inner)]) + inner)
            except OSError:
                return False
        self.held[stream] = data
        return True

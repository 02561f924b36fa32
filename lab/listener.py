"""A server on loopback that hands each connection's octets to a conversation, and remembers them all."""
import selectors
import socket
import threading


class Listener:
    """`begin()` makes the conversation of a connection; its feed(octets) returns what to answer. `got` holds every octet of each."""

    def __init__(self, begin, address):
        self.listener = socket.create_server(address, backlog=64)
        self.port = self.listener.getsockname()[1]
        self.begin, self.got, self.ending = begin, [], False
        self.wake, self.waker = socket.socketpair()
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def start(self):
        self.thread.start()
        return self

    def stop(self):
        self.ending = True
        self.waker.send(b"x")
        self.thread.join(5)
        for one in (self.listener, self.wake, self.waker):
            one.close()

    def _serve(self):
        selector, held = selectors.DefaultSelector(), {}
        selector.register(self.listener, selectors.EVENT_READ)
        selector.register(self.wake, selectors.EVENT_READ)
        while not self.ending:
            for key, _ in selector.select():
                if key.fileobj is self.listener:
                    stream = self.listener.accept()[0]
                    held[stream] = (self.begin(), len(self.got))
                    self.got.append(b"")
                    selector.register(stream, selectors.EVENT_READ)
                elif key.fileobj is not self.wake:
                    self._talk(selector, held, key.fileobj)
        for stream in held:
            stream.close()
        selector.close()

    def _talk(self, selector, held, stream):
        conversation, number = held[stream]
        try:
            data = stream.recv(1 << 16)
            self.got[number] += data
            if data:
                stream.sendall(conversation.feed(data))
                return
        except OSError:
            pass
        selector.unregister(stream)
        del held[stream]
        stream.close()

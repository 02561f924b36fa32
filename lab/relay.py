"""A relay on loopback that writes what it carries as a capture: for those who may not record."""
import asyncio
import threading

import pcap


class Relay:
    """Listens on a port of its own, passes everything to `target_port`, and records both directions in the order it read them."""

    def __init__(self, target_port, file):
        self.target, self.file = target_port, file
        self.pcap = pcap.Pcap(file)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.pending = set()
        self.port = 0

    def start(self):
        self.thread.start()
        self.server = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, "127.0.0.1", 0), self.loop).result(10)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    def stop(self):
        asyncio.run_coroutine_threadsafe(self._finish(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()
        self.file.flush()

    async def _finish(self):
        self.server.close()
        await asyncio.wait_for(self.server.wait_closed(), 5)
        for task in list(self.pending):
            task.cancel()
        await asyncio.gather(*self.pending, return_exceptions=True)

    async def _serve(self, reader, writer):
        self.pending.add(asyncio.current_task())
        peer = writer.get_extra_info("peername")
        flow = pcap.Flow(self.pcap, (peer[0], peer[1]), ("127.0.0.1", self.port))
        flow.open()
        try:
            upstream = await asyncio.open_connection("127.0.0.1", self.target)
            await asyncio.gather(
                self._carry(flow, pcap.CLIENT, reader, upstream[1]), self._carry(flow, pcap.SERVER, upstream[0], writer)
            )
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            self.pending.discard(asyncio.current_task())

    async def _carry(self, flow, side, reader, writer):
        """Record first, then pass on: so no answer is written down before its question."""
        try:
            while data := await reader.read(65536):
                flow.send(side, data)
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            flow.segment(side, pcap.RST | pcap.ACK)
            writer.close()
            return
        flow.fin(side)
        try:
            writer.write_eof()
        except (OSError, RuntimeError):
            pass

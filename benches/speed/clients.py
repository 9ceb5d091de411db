"""Keep-alive HTTP clients that each send their next request when the last is answered."""

import asyncio
import time


class Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, request, seconds):
        self.request, self.seconds, self.buffer, self.begun = request, seconds, b"", 0.0

    def connection_made(self, transport):
        self.transport = transport
        self.send()

    def send(self):
        self.begun = time.perf_counter()
        self.transport.write(self.request)

    def data_received(self, data):
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        if len(body) < int(fields[b"content-length"]):
            return
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(self.buffer.decode(errors="replace"))
        self.seconds.append(time.perf_counter() - self.begun)
        self.buffer = b""
        self.send()


async def ask(port, body, connections, duration):
    """Seconds of each answer to `POST /invocations` with `body`."""
    head = f"POST /invocations HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/x-image\r\n"
    request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    loop, seconds = asyncio.get_running_loop(), []
    failed = loop.create_future()
    loop.set_exception_handler(lambda _, context: failed.done() or failed.set_exception(context["exception"]))
    opened = [
        await loop.create_connection(lambda: Client(request, seconds), "127.0.0.1", port) for _ in range(connections)
    ]
    await asyncio.wait([failed], timeout=duration)
    for transport, _ in opened:
        transport.abort()
    if failed.done():
        raise failed.exception()
    return seconds

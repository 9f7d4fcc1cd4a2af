"""A server that answers wrongly: over real sockets, one fault for one path."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from threading import Thread
from urllib.parse import unquote

from .repository import Repository

HTML = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in to the network.</body></html>"


@dataclass
class Exchange:
    """One request, and the right answer to it."""

    writer: asyncio.StreamWriter
    path: str
    body: bytes
    # The server's own address, without a slash at its end.
    url: str
    # By their names in small letters.
    request_headers: dict[str, str]

    def head(self, status: str, **headers: object) -> None:
        """The answer's head; underscores in names stand for hyphens."""
        lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
        self.writer.write("\r\n".join([*lines, "", ""]).encode())

    async def flush(self) -> None:
        await self.writer.drain()


Fault = Callable[[Exchange], Awaitable[None]]
FAULTS: dict[str, Fault] = {}
# The codes that a client may give for a fault.
CODES: dict[str, tuple[str, ...]] = {}


def fault(*codes: str) -> Callable[[Fault], Fault]:
    """Registers a fault under its function's name."""

    def register(function: Fault) -> Fault:
        name = function.__name__.replace("_", " ")
        FAULTS[name] = function
        CODES[name] = codes
        return function

    return register


@fault("unreachable")
async def reset(exchange: Exchange) -> None:
    """The connection is reset instead of an answer."""
    raw = exchange.writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@fault("unreachable", "truncated")
async def reset_in_the_body(exchange: Exchange) -> None:
    exchange.head("200 OK", Content_Length=len(exchange.body))
    exchange.writer.write(exchange.body[:20])
    await exchange.flush()
    await reset(exchange)


@fault("unreachable")
async def hang_up(exchange: Exchange) -> None:
    """The connection is closed without a word."""


@fault("truncated")
async def cut(exchange: Exchange) -> None:
    exchange.head("200 OK", Content_Length=len(exchange.body))
    exchange.writer.write(exchange.body[: len(exchange.body) // 2])


@fault("truncated")
async def cut_between_chunks(exchange: Exchange) -> None:
    exchange.head("200 OK", Transfer_Encoding="chunked")
    half = exchange.body[: len(exchange.body) // 2]
    exchange.writer.write(b"%x\r\n%b\r\n" % (len(half), half))


@fault("too_large")
async def endless(exchange: Exchange) -> None:
    exchange.head("200 OK", Transfer_Encoding="chunked")
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    while True:
        exchange.writer.write(chunk)
        await exchange.flush()


@fault("too_large")
async def ten_gigabytes(exchange: Exchange) -> None:
    exchange.head("200 OK", Content_Length=10_000_000_000)
    while True:
        exchange.writer.write(b" " * 0x10000)
        await exchange.flush()


@fault("json", "length", "hash_mismatch")
async def too_short_a_length(exchange: Exchange) -> None:
    exchange.head("200 OK", Content_Length=len(exchange.body) - 5, Connection="close")
    exchange.writer.write(exchange.body)


@fault("unreachable")
async def two_lengths(exchange: Exchange) -> None:
    exchange.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nabcdefg")


@fault("unreachable")
async def no_http(exchange: Exchange) -> None:
    exchange.writer.write(b"SSH-2.0-OpenSSH_9.2\r\n" * 3)


@fault("unreachable")
async def endless_head(exchange: Exchange) -> None:
    exchange.writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        exchange.writer.write(b"X-More: and more\r\n" * 1000)
        await exchange.flush()


@fault("redirect")
async def redirect_elsewhere(exchange: Exchange) -> None:
    # The same machine under another name is another host.
    elsewhere = exchange.url.replace("127.0.0.1", "localhost")
    exchange.head("302 Found", Location=f"{elsewhere}/{exchange.path}", Content_Length=0)


@fault("redirect")
async def redirect_in_circles(exchange: Exchange) -> None:
    location = f"{exchange.url}/{exchange.path}"
    exchange.head("302 Found", Location=location, Content_Length=0, Connection="close")


@fault("html", "too_large")
async def sign_in_page(exchange: Exchange) -> None:
    exchange.head("200 OK", Content_Type="text/html; charset=utf-8", Content_Length=len(HTML))
    exchange.writer.write(HTML)


@fault("encoding")
async def gzip_bomb(exchange: Exchange) -> None:
    """100 MiB of blanks in 100 KiB."""
    bomb = gzip.compress(b" " * (100 << 20), compresslevel=1)
    exchange.head("200 OK", Content_Encoding="gzip", Content_Length=len(bomb))
    exchange.writer.write(bomb)
    await exchange.flush()


def status(line: str, **headers: object) -> Fault:
    async def answer(exchange: Exchange) -> None:
        exchange.head(line, Content_Length=4, **headers)
        exchange.writer.write(b"busy")

    answer.__name__ = f"status_{line.split()[0]}"
    return answer


for line, headers in (
    ("429 Too Many Requests", {"Retry_After": "120"}),
    ("500 Internal Server Error", {}),
    ("503 Service Unavailable", {"Retry_After": "Sun, 06 Nov 2094 08:49:37 GMT"}),
    ("206 Partial Content", {}),
    ("304 Not Modified", {}),
    ("401 Unauthorized", {}),
):
    fault("http_status")(status(line, **headers))


@fault("json", "hash_mismatch", "signatures", "schema", "length")
async def another_byte(exchange: Exchange) -> None:
    """One bit of the middle is another: within the signed part, or in the target."""
    body = bytearray(exchange.body)
    body[len(body) * 3 // 4] ^= 1
    exchange.head("200 OK", Content_Length=len(body))
    exchange.writer.write(bytes(body))


# What takes as long as the client's patience.
SLOW: dict[str, Fault] = {}


def slow(function: Fault) -> Fault:
    SLOW[function.__name__.replace("_", " ")] = function
    return function


@slow
async def silence(exchange: Exchange) -> None:
    """Nothing comes until the client goes."""
    await asyncio.sleep(3600)


@slow
async def silence_in_the_body(exchange: Exchange) -> None:
    exchange.head("200 OK", Content_Length=len(exchange.body))
    exchange.writer.write(exchange.body[:10])
    await exchange.flush()
    await asyncio.sleep(3600)


@slow
async def drip(exchange: Exchange) -> None:
    """A byte now and then: the whole would take a minute."""
    exchange.head("200 OK", Content_Length=len(exchange.body))
    for byte in exchange.body:
        exchange.writer.write(bytes([byte]))
        await exchange.flush()
        await asyncio.sleep(60 / len(exchange.body))


class FaultServer:
    """Serves a repository's files, and a fault in the place of some."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.faults: dict[str, Fault] = {}
        self.requests: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        self._stopped = False
        host, port = self._server.sockets[0].getsockname()
        self.url = f"http://{host}:{port}"

    async def _start(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._answer(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            # The client has heard enough.
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answers a request; whether there may be another on this connection."""
        request = await reader.readuntil(b"\r\n\r\n")
        path = request.split(b" ", 2)[1].decode().lstrip("/")
        self.requests.append(path)
        body = self.repository.files.get(path if path.startswith("metadata/") else unquote(path))
        fields = [line.split(":", 1) for line in request.decode("latin-1").split("\r\n")[1:] if line]
        headers = {name.strip().lower(): value.strip() for name, value in fields}
        exchange = Exchange(writer, path, body or b"", self.url, headers)
        wrong = self.faults.get(path)
        if wrong is not None:
            await wrong(exchange)
        elif body is None:
            exchange.head("404 Not Found", Content_Length=0)
        else:
            exchange.head("200 OK", Content_Length=len(body))
            writer.write(body)
        await exchange.flush()
        return wrong is None

    def stop(self) -> None:
        if self._stopped:
            return
        self._stopped = True

        async def end() -> None:
            self._server.close()
            others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(timeout=30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=30)
        self._loop.close()

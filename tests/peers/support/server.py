"""A static file server that writes down what was asked for."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from urllib.parse import unquote

from .repository import Repository


class FileServer:
    """Serves repositories by name: `http://…/NAME/metadata/…` and `http://…/NAME/targets/…`.

    Metadata is found by the path as it was sent, because role names are percent-encoded in it; targets by the
    decoded path.
    """

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        # Answers that stand in for files: a status and a body by (name, path).
        self.answers: dict[tuple[str, str], tuple[int, bytes]] = {}
        self.requests: dict[str, list[str]] = {}
        self._lock = Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body in one packet, at once.
            wbufsize = -1
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                status, body = outer._answer(self.path)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Standard error belongs to the tests."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """Clients that have read enough hang up."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def _answer(self, path: str) -> tuple[int, bytes]:
        # What stands behind a question mark chooses no file.
        name, _, file = path.lstrip("/").partition("?")[0].partition("/")
        with self._lock:
            self.requests.setdefault(name, []).append(file)
        if (name, file) in self.answers:
            return self.answers[name, file]
        repository = self.repositories.get(name)
        found = None
        if repository is not None:
            found = repository.files.get(file if file.startswith("metadata/") else unquote(file))
        return (404, b"not here") if found is None else (200, found)

    @property
    def url(self) -> str:
        """Without a slash at its end."""
        host, port = self._server.server_address[:2]
        return f"http://{host}:{port}"

    def taken(self, name: str) -> list[str]:
        """What was asked for since the last call."""
        with self._lock:
            return self.requests.pop(name, [])

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

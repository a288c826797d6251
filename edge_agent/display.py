"""The display process: hears from the agent, serves a page for each access point on loopback."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import msgspec

from core.ids import AccessPointId
from edge_agent.display_page import STYLE, View, overview, page, plain
from edge_agent.hints import Hint
from edge_agent.ports import Shown, Standing

LOOPBACK = "127.0.0.1"
_HTML = "text/html; charset=utf-8"
_JSON = "application/json; charset=utf-8"
_CSS = "text/css; charset=utf-8"
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Heard:
    shown: Shown
    at_ms: int
    count: int


class Board:
    """What was heard last, for the threads that serve; `now_ms` is the monotonic clock."""

    def __init__(
        self, access_points: Mapping[AccessPointId, str | None], now_ms: Callable[[], int]
    ) -> None:
        """`access_points` with the door of each, None where there is none."""
        self._access_points = dict(access_points)
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._heard: dict[AccessPointId, _Heard] = {}
        self._standing: tuple[Standing, int] | None = None

    def hear(self, hint: Hint) -> None:
        """Take what the agent says; what is malformed is dropped."""
        try:
            if "shown" in hint:
                self._hear_shown(msgspec.convert(hint["shown"], Shown))
            elif "standing" in hint:
                standing = msgspec.convert(hint["standing"], Standing)
                with self._lock:
                    self._standing = (standing, self._now_ms())
        except msgspec.ValidationError as error:
            _logger.warning("hint_dropped detail=%s", error)

    def views(self) -> list[View]:
        return [self._view(access_point) for access_point in self._access_points]

    def view(self, access_point: str) -> View | None:
        known = AccessPointId(access_point)
        return self._view(known) if known in self._access_points else None

    def _hear_shown(self, shown: Shown) -> None:
        with self._lock:
            before = self._heard.get(shown.access_point)
            count = before.count + 1 if before else 1
            self._heard[shown.access_point] = _Heard(shown, self._now_ms(), count)

    def _view(self, access_point: AccessPointId) -> View:
        with self._lock:
            heard, standing = self._heard.get(access_point), self._standing
        now_ms = self._now_ms()
        return View(
            access_point=access_point,
            shown=heard.shown if heard else None,
            shown_ms_ago=now_ms - heard.at_ms if heard else None,
            shown_count=heard.count if heard else 0,
            standing=standing[0] if standing else None,
            standing_ms_ago=now_ms - standing[1] if standing else None,
            door=self._access_points[access_point],
        )


class DisplayServer(ThreadingHTTPServer):
    """Serves a board on 127.0.0.1; port 0 lets the system choose."""

    daemon_threads = True

    def __init__(self, board: Board, port: int) -> None:
        self.board = board
        super().__init__((LOOPBACK, port), _Handler)

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Handler(BaseHTTPRequestHandler):
    server: DisplayServer
    timeout = 5
    server_version = "vratar"
    sys_version = ""
    _fixed: ClassVar[dict[str, tuple[str, str]]] = {"/style.css": (_CSS, STYLE)}

    def do_GET(self) -> None:
        found = self._answer(self.path.partition("?")[0])
        if found is None:
            self._send(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", "ni strani / no page\n")
        else:
            self._send(HTTPStatus.OK, *found)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        _logger.debug("request " + format, *args)  # noqa: G003 - the library's own format

    def _answer(self, path: str) -> tuple[str, str] | None:
        if path in self._fixed:
            return self._fixed[path]
        board = self.server.board
        if path == "/":
            return _HTML, overview(board.views())
        name = path.removeprefix("/")
        view = board.view(name.removesuffix(".json"))
        if view is None:
            return None
        return (_JSON, plain(view)) if name.endswith(".json") else (_HTML, page(view))

    def _send(self, status: HTTPStatus, kind: str, text: str) -> None:
        content = text.encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'self'")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(content)

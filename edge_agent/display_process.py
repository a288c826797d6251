"""The display process: hears the agent's hints and serves its pages until it is stopped."""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from core.ids import AccessPointId
from edge_agent.display import Board, DisplayServer
from edge_agent.hints import DISPLAY_SOCKET, HintReceiver

PORT_FILE = "display.port"
"""Holds the port that is served, since the system may have chosen it."""


def run(
    directory: Path,
    port: int,
    access_points: Mapping[AccessPointId, str | None],
    now_ms: Callable[[], int],
    stop: threading.Event,
) -> None:
    """Serve until `stop` is set; OSError if the port is taken."""
    board = Board(access_points, now_ms)
    with DisplayServer(board, port) as server:
        (directory / PORT_FILE).write_text(f"{server.port}\n", encoding="ascii")
        thread = threading.Thread(target=server.serve_forever, name="pages", daemon=True)
        thread.start()
        try:
            HintReceiver(directory / DISPLAY_SOCKET).run(board.hear, stop)
        finally:
            server.shutdown()
            thread.join()

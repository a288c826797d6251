"""The display: over real HTTP, what the agent said last, in Slovene and English."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from core.entries import Verdict
from core.ids import AccessPointId
from core.instants import ClockState
from core.reasons import Reason
from edge_agent.display import Board, DisplayServer
from edge_agent.hints import Hint, HintReceiver, HintSender
from edge_agent.links import DisplaySender
from edge_agent.ports import Shown, Standing
from tests.edge_agent.agent_bench import ENTRY, STAFF
from tests.edge_agent.journal_bench import DOOR, START


class Screen:
    """A display process in a thread, and what a browser sees of it."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.board = Board({ENTRY: DOOR, STAFF: None}, lambda: self.now_ms)
        self.port = 0

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
            content: bytes = answer.read()
        return content.decode("utf-8")

    def plain(self, access_point: AccessPointId = ENTRY) -> dict[str, object]:
        found = json.loads(self.get(f"/{access_point}.json"))
        assert isinstance(found, dict)
        return found

    def show(self, reason: Reason, verdict: Verdict = Verdict.DENY, **more: object) -> None:
        shown = {"access_point": ENTRY, "verdict": verdict, "reason": reason, "at": _AT, **more}
        self.board.hear({"shown": shown})

    def stand(self, **changed: object) -> None:
        standing = {"connected": True, "clock": "trusted", "recording": True, "lost": [], **changed}
        self.board.hear({"standing": standing})


_AT = "2026-11-23T06:00:00Z"


@pytest.fixture
def screen() -> Iterator[Screen]:
    screen = Screen()
    with _served(screen):
        screen.stand()
        yield screen


@contextmanager
def _served(screen: Screen) -> Iterator[None]:
    with DisplayServer(screen.board, 0) as server:
        screen.port = server.port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join(5)


def test_an_idle_gate_asks_for_a_card(screen: Screen) -> None:
    text = screen.get("/entry")
    assert "Prislonite kartico" in text
    assert "Hold your card to the reader" in text
    assert '<meta http-equiv="refresh" content="1">' in text


def test_a_grant_shows_the_visits_left_slovene_first(screen: Screen) -> None:
    screen.show(Reason.GRANTED, Verdict.ALLOW, units_left=3)
    text = screen.get("/entry")
    assert text.index("Vstopite") < text.index("Please enter")
    assert text.index("Še 3 obiski.") < text.index("3 visits left.")
    assert 'class="allow"' in text
    plain = screen.plain()
    assert (plain["verdict"], plain["reason"], plain["units_left"]) == ("allow", "granted", 3)


def test_a_denial_says_what_would_help_and_when_to_come_back(screen: Screen) -> None:
    screen.show(Reason.OUTSIDE_WINDOW, retry_at="2026-11-24T05:00:00Z", timezone="Europe/Ljubljana")
    text = screen.get("/entry")
    assert "Zunaj časa vstopa" in text
    assert "Vrnite se jutri ob 6.00." in text
    assert "Come back tomorrow at 6:00." in text
    assert 'class="deny"' in text


def test_an_outcome_leaves_the_page_but_stays_for_machines(screen: Screen) -> None:
    screen.show(Reason.EXPIRED)
    screen.now_ms = 6_001
    screen.stand()
    assert "Prislonite kartico" in screen.get("/entry")
    plain = screen.plain()
    assert (plain["reason"], plain["is_current"], plain["shown_ms_ago"]) == ("expired", False, 6001)


def test_equal_outcomes_are_told_apart_by_their_count(screen: Screen) -> None:
    for _ in range(2):
        screen.show(Reason.EXPIRED)
    assert screen.plain()["shown_count"] == 2


@pytest.mark.parametrize("part", [ENTRY, DOOR])
def test_a_lost_reader_or_door_is_told_as_out_of_order(screen: Screen, part: str) -> None:
    screen.stand(lost=[part])
    assert "Vrata ne delujejo" in screen.get("/entry")
    assert screen.plain()["out_of_order"] is True
    assert screen.plain(STAFF)["out_of_order"] is False


def test_an_agent_that_fell_silent_is_out_of_order(screen: Screen) -> None:
    screen.now_ms = 5_001
    assert "Vrata ne delujejo" in screen.get("/entry")


def test_network_clock_and_recording_are_told(screen: Screen) -> None:
    assert "Zveza s strežnikom je vzpostavljena." in screen.get("/entry")
    screen.stand(connected=False, clock="unknown", recording=False)
    text = screen.get("/entry")
    assert "Ni zveze s strežnikom" in text
    assert "Ura ni nastavljena." in text
    assert "Zapisovanje ne deluje" in text
    plain = screen.plain()
    assert (plain["connected"], plain["clock"], plain["recording"]) == (False, "unknown", False)


def test_the_first_page_leads_to_all_others(screen: Screen) -> None:
    text = screen.get("/")
    assert 'href="/entry"' in text
    assert 'href="/staff"' in text
    assert "font-size" in screen.get("/style.css")


@pytest.mark.parametrize("path", ["/nowhere", "/nowhere.json", "/../identity.json"])
def test_what_is_no_page_is_not_found(screen: Screen, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404") as refused:
        screen.get(path)
    refused.value.close()


@pytest.mark.parametrize(
    "hint", [{}, {"shown": {}}, {"shown": 1}, {"standing": {"lost": 1}}, {"shown": {"reason": "x"}}]
)
def test_a_malformed_hint_changes_nothing(screen: Screen, hint: dict[str, object]) -> None:
    screen.board.hear(hint)
    assert "Prislonite kartico" in screen.get("/entry")


def test_what_is_told_is_escaped() -> None:
    screen = Screen()
    name = AccessPointId('<script>"x"')
    screen.board = Board({name: None}, lambda: 0)
    with _served(screen):
        assert "<script>" not in screen.get("/")


def test_the_agents_word_reaches_the_board_as_a_datagram(tmp_path: Path) -> None:
    board = Board({ENTRY: DOOR}, lambda: 0)
    stop, heard = threading.Event(), threading.Event()

    def hear(hint: Hint) -> None:
        board.hear(hint)
        if "standing" in hint:
            heard.set()

    receiver = HintReceiver(tmp_path / "display.sock")
    thread = threading.Thread(target=receiver.run, args=(hear, stop))
    thread.start()
    hints = HintSender(tmp_path / "display.sock")
    sender = DisplaySender(hints)
    shown = Shown(
        access_point=ENTRY,
        verdict=Verdict.DENY,
        reason=Reason.OUTSIDE_WINDOW,
        at=START,
        retry_at=START + timedelta(hours=1),
        timezone="Europe/Ljubljana",
    )
    standing = Standing(
        connected=True, clock=ClockState.DRIFTING, recording=True, lost=frozenset({"door"})
    )
    sender.show(shown)
    sender.stand(standing)
    assert heard.wait(5)
    stop.set()
    thread.join(5)
    hints.close()
    view = board.view(ENTRY)
    assert view is not None
    assert (view.shown, view.standing) == (shown, standing)


def test_nobody_listening_is_no_error(tmp_path: Path) -> None:
    sender = HintSender(tmp_path / "absent.sock")
    sender.send({"recorded": 1})
    sender.close()


def test_a_socket_left_by_a_dead_process_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "agent.sock"
    for _ in range(2):
        receiver = HintReceiver(path)
        stop = threading.Event()
        stop.set()
        receiver.run(lambda _: None, stop)
    assert path.stat().st_mode & 0o077 == 0

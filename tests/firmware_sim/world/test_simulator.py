"""The simulator page's server: what it shows, what it takes, whom it refuses."""

import json
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import httpx
import pytest

from firmware_sim.world.network import CableState
from firmware_sim.world.page_server import PageServer, free_port
from firmware_sim.world.people import visitors
from firmware_sim.world.simulator import PAGE, application
from firmware_sim.world.stage import LINE_MAX, Stage
from tests.firmware_sim.world.small_edge import Scene, scene

ENTRY = "main-entry"
DEADLINE_S = 15.0
SCENE = {"site": "Plezalni center Vrhunec", "hub": "http://127.0.0.1:1/"}


@dataclass
class ToldEdge:
    """An edge that only remembers what was done to it."""

    name: str
    access_points: Sequence[str]
    has_power: bool = True
    cable: CableState = CableState.PLUGGED
    says: dict[str, Mapping[str, object]] = field(default_factory=dict)

    def set_power(self, *, on: bool) -> None:
        self.has_power = on

    def set_cable(self, state: CableState) -> None:
        self.cable = state

    def shown(self, access_point: str) -> Mapping[str, object] | None:
        return self.says.get(access_point)


@dataclass(frozen=True)
class Shown:
    """A live site, the edges on its stage, and a browser's way to it."""

    live: Scene
    stage: Stage
    edge: ToldEdge
    client: httpx.Client


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Shown]:
    people = visitors(Random(7), ("yearly", "stranger"))  # noqa: S311 - invented people
    with scene(tmp_path) as live:
        gates = ToldEdge("gates", (ENTRY, "main-exit"))
        terminal = ToldEdge("terminal", ("staff-terminal",))
        stage = Stage(site=live.site, crowd=live.crowd, edges=(gates, terminal), visitors=people)
        with (
            PageServer(lambda stop: application(stage, SCENE, stop)) as server,
            httpx.Client(base_url=server.address, timeout=DEADLINE_S) as client,
        ):
            yield Shown(live=live, stage=stage, edge=gates, client=client)


def wait_until_through(page: Shown, count: int) -> None:
    end = time.monotonic() + DEADLINE_S
    while len(page.live.crowd.record.passages) < count:
        assert time.monotonic() < end
        page.live.edge.wait_for()


def test_a_click_lays_the_card_and_its_owner_walks_through(page: Shown) -> None:
    page.live.edge.welcome.add(page.stage.visitor("yearly").card)
    answer = page.client.post("/tap", json={"access_point": ENTRY, "part": "yearly"})
    assert answer.status_code == 202
    wait_until_through(page, 1)


def test_nobody_walks_on_where_the_viewer_said_so(page: Shown) -> None:
    page.client.post("/willing", json={"access_point": ENTRY, "willing": False})
    card = page.stage.visitor("yearly").card
    page.live.edge.welcome.add(card)
    assert not page.stage.tap(ENTRY, "yearly").result(DEADLINE_S).went_through
    page.client.post("/willing", json={"access_point": ENTRY, "willing": True})
    assert page.stage.tap(ENTRY, "yearly").result(DEADLINE_S).went_through


def test_the_arm_can_be_forced(page: Shown) -> None:
    page.client.post("/force", json={"access_point": ENTRY})
    wait_until_through(page, 1)
    assert page.live.crowd.record.passages[0].forced


def test_power_and_cable_are_switched_and_shown(page: Shown) -> None:
    page.client.post("/power", json={"edge": "gates", "on": False})
    page.client.post("/cable", json={"edge": "gates", "state": "pulled"})
    assert (page.edge.has_power, page.edge.cable) == (False, CableState.PULLED)
    [gates, _] = json.loads(json.dumps(page.stage.picture()))["edges"]
    assert (gates["power"], gates["cable"]) == (False, "pulled")


def test_the_picture_has_the_words_on_the_display_only_while_the_edge_has_power(
    page: Shown,
) -> None:
    says = {"verdict": "allow", "title": {"sl": "Vstopite", "en": "Please enter"}}
    page.edge.says[ENTRY] = says
    edges = json.loads(json.dumps(page.stage.picture()))["edges"]
    assert edges[0]["places"][0]["display"] == says
    page.edge.has_power = False
    edges = json.loads(json.dumps(page.stage.picture()))["edges"]
    assert edges[0]["places"][0]["display"] is None


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/tap", {"access_point": "nowhere", "part": "yearly"}),
        ("/tap", {"access_point": ENTRY, "part": "nobody"}),
        ("/power", {"edge": "nothing", "on": True}),
        ("/willing", {"access_point": "nowhere", "willing": True}),
    ],
)
def test_what_is_not_there_is_named(page: Shown, path: str, body: dict[str, object]) -> None:
    answer = page.client.post(path, json=body)
    assert answer.status_code == 404
    assert any(str(value) in answer.text for value in body.values())


def test_a_line_that_is_too_long_takes_nobody_more(page: Shown) -> None:
    answers = [
        page.client.post("/tap", json={"access_point": "staff-terminal", "part": "yearly"})
        for _ in range(LINE_MAX + 2)
    ]
    assert answers[0].status_code == 202
    assert answers[-1].status_code == 409


def test_a_viewer_is_sent_each_change_as_it_happens(page: Shown) -> None:
    with page.client.stream("GET", "/pictures") as answer:
        pictures = (json.loads(line[6:]) for line in answer.iter_lines() if line)
        assert next(pictures)["edges"][0]["power"]
        page.edge.has_power = False
        assert not next(pictures)["edges"][0]["power"]


def test_the_server_ends_though_somebody_still_looks(page: Shown) -> None:
    with (
        PageServer(lambda stop: application(page.stage, SCENE, stop)) as other,
        httpx.stream("GET", f"{other.address}pictures") as answer,
    ):
        lines = answer.iter_lines()
        assert next(lines)
        started = time.monotonic()
        other.__exit__()
        assert time.monotonic() - started < 2.0


def test_a_port_that_is_taken_is_passed_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
        assert free_port(port) != port
    assert free_port(port) == port


def test_a_name_bent_to_this_machine_is_refused(page: Shown) -> None:
    answer = page.client.get("/scene", headers={"host": "evil.example"})
    assert answer.status_code == 421


def test_a_form_of_another_page_is_refused(page: Shown) -> None:
    answer = page.client.post("/force", data={"access_point": ENTRY})
    assert answer.status_code == 415


def test_the_page_runs_no_script_but_its_own(page: Shown) -> None:
    answer = page.client.get("/")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert answer.text.startswith("<!doctype html>")
    for text in (answer.text, (PAGE / "style.css").read_text(encoding="utf-8")):
        assert "http://" not in text
        assert "https://" not in text
    assert " style=" not in answer.text
    assert page.client.get("/scene").json() == SCENE


def test_every_text_of_the_page_exists_in_both_languages() -> None:
    written = (PAGE / "texts.js").read_text(encoding="utf-8")
    slovene, english = written.split("\n  en: {")

    def keys(part: str) -> list[str]:
        return [line.split(":")[0].strip() for line in part.splitlines() if line.startswith("    ")]

    def named(part: str) -> list[str]:
        return [key for key in keys(part) if key.replace('"', "").replace("-", "").isalpha()]

    assert named(slovene) == named(english)
    assert slovene.count("\n      ") == english.count("\n      ")

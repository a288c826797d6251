"""Everything of the demo, started on loopback and ready, and ended with the block."""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random  # noqa: TID251 - a seeded instance is passed in

from core.reasons import Language, Text
from firmware_sim.world import words
from firmware_sim.world.cast import PARTS, Place, enrol_people
from firmware_sim.world.crowd import Crowd
from firmware_sim.world.edges import EdgePlan, LiveEdge
from firmware_sim.world.guard import Guard
from firmware_sim.world.hub_client import HubClient
from firmware_sim.world.installation import (
    LOGIN,
    SITE_NAME,
    HubPlan,
    hardware,
    initialise_hub,
    live_edge,
    make_edge,
    make_site,
    plan_edges,
    plan_hub,
    start_hub,
)
from firmware_sim.world.live import LiveSite
from firmware_sim.world.people import visitors
from firmware_sim.world.programs import Program, Programs
from firmware_sim.world.stage import Stage
from firmware_sim.world.waiting import wait_until

_READY_S_MAX = 30.0


class DirectoryError(Exception):
    """The directory that was named cannot take a new installation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the demo gets from outside: clocks, chance, language, and where to say things."""

    started: float  # monotonic
    monotonic: Callable[[], float]
    wall: Callable[[], datetime]
    chance: Random
    password: str
    language: Language
    say: Callable[[str], None]

    def step(self, name: str) -> None:
        """Say what comes now, and how long after the start."""
        seconds = self.monotonic() - self.started
        self.say(f"{seconds:5.1f} s  {words.STEPS[name].in_(self.language)}")

    def told(self, text: Text, **values: object) -> None:
        self.say(text.in_(self.language).format(**values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The demo while it runs."""

    stage: Stage
    hub: HubClient
    hub_plan: HubPlan
    hub_program: Program
    programs: Programs
    edges: Mapping[str, LiveEdge]
    place: Place
    holders: Mapping[str, str]  # by part

    @property
    def scene(self) -> Mapping[str, object]:
        """What the page is told once."""
        people = [{"part": each.part, "name": each.name} for each in self.stage.visitors]
        return {
            "site": SITE_NAME,
            "hub": self.hub_plan.address,
            "access_points": list(self.stage.site.readers),
            "people": people,
        }

    def require_running(self) -> None:
        """Raise ProgramError if a part of the demo ended by itself."""
        self.hub_program.require_running()
        for edge in self.edges.values():
            edge.require_running()


@contextmanager
def installed(world: World, directory: Path | None) -> Iterator[Running]:
    """Everything, started and ready; at the end of the block all of it ends."""
    with ExitStack() as until:
        guard = until.enter_context(Guard())
        home = until.enter_context(_home(directory, guard))
        environment = environment_of(os.environ)
        programs = until.enter_context(
            Programs(guard=guard, logs=_made(home / "logs"), environment=environment)
        )
        until.push(lambda kind, *_: _tell_last_words(world, programs, kind))
        hub_plan = plan_hub(home, world.password)
        edge_plans = plan_edges(home)
        people = visitors(world.chance, PARTS)

        world.step("hub")
        initialise_hub(hub_plan, programs)
        hub_program = start_hub(hub_plan, programs, world.monotonic)
        hub = until.enter_context(HubClient(hub_plan.address))
        hub.log_in(LOGIN, world.password)

        world.step("site")
        place = make_site(hub)
        site = until.enter_context(LiveSite(hardware(edge_plans), world.monotonic))
        by_point: dict[str, LiveEdge] = {}
        crowd = until.enter_context(_crowd(world, site, by_point))
        with ThreadPoolExecutor() as at_once:
            registered = at_once.submit(enrol_people, hub, place, people, world.wall())
            made = [at_once.submit(make_edge, hub, place, plan, programs) for plan in edge_plans]
            for each in made:
                each.result()
            edges = [_started(plan, programs, until) for plan in edge_plans]
            by_point |= {point: edge for edge in edges for point in edge.access_points}
            holders = registered.result()
        running = Running(
            stage=Stage(site=site, crowd=crowd, edges=edges, visitors=people),
            hub=hub,
            hub_plan=hub_plan,
            hub_program=hub_program,
            programs=programs,
            edges={edge.name: edge for edge in edges},
            place=place,
            holders=holders,
        )
        wait_until("the edges to be ready", lambda: _ready(running), _READY_S_MAX, world.monotonic)
        yield running


def _tell_last_words(world: World, programs: Programs, kind: type[BaseException] | None) -> None:
    """After a failure: what each program wrote last, for its log may be removed with the rest."""
    if kind is None or not issubclass(kind, Exception):
        return
    for program in programs.running:
        world.say(f"--- {program.name}\n{program.last_words()}")


def _crowd(world: World, site: LiveSite, edges: Mapping[str, LiveEdge]) -> Crowd:
    """People who read the displays of the edges, by access point, once these are there."""

    def answers(access_point: str) -> int | None:
        edge = edges.get(access_point)
        return edge.answers(access_point) if edge else None

    return Crowd(site, monotonic=world.monotonic, wall=world.wall, answers=answers)


def _started(plan: EdgePlan, programs: Programs, until: ExitStack) -> LiveEdge:
    edge = live_edge(plan, programs, until)
    edge.set_power(on=True)
    return edge


def _ready(running: Running) -> bool:
    running.require_running()
    return all(
        edge.is_ready and edge.is_connected and edge.knows_the_time and edge.is_current(running.hub)
        for edge in running.edges.values()
    )


@contextmanager
def _home(directory: Path | None, guard: Guard) -> Iterator[Path]:
    """A temporary directory, removed at the end, or the named one, which is kept."""
    if directory is not None:
        if directory.exists() and any(directory.iterdir()):
            raise DirectoryError(f"--directory {directory}: not empty; name one that is new")
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield directory.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="vratar-", ignore_cleanup_errors=True) as made:
        guard.watch_directory(Path(made))
        yield Path(made)


def _made(directory: Path) -> Path:
    directory.mkdir()
    return directory


def environment_of(given: Mapping[str, str]) -> dict[str, str]:
    """The caller's, without settings of another installation."""
    kept = {name: value for name, value in given.items() if not name.startswith("VRATAR_")}
    return kept | {"PYTHONUNBUFFERED": "1"}

"""The demo: plays the day by itself, or lets people play; and checks a kept day once more."""

import os
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from zoneinfo import ZoneInfo

from firmware_sim.world import words
from firmware_sim.world.cast import COUNTED
from firmware_sim.world.checks import HubRows, Issued
from firmware_sim.world.day import Day
from firmware_sim.world.guard import Guard
from firmware_sim.world.hub_client import HubClient
from firmware_sim.world.hub_rows import read_rows
from firmware_sim.world.installation import (
    ENTRY,
    LOGIN,
    SITE_NAME,
    TIMEZONE,
    create_token,
    plan_hub,
    start_hub,
    verify_audit,
)
from firmware_sim.world.page_server import PageServer
from firmware_sim.world.programs import Programs
from firmware_sim.world.running import Running, World, environment_of, installed
from firmware_sim.world.simulator import application
from firmware_sim.world.story import Story, judged, read_story, write_story
from firmware_sim.world.table import table
from firmware_sim.world.waiting import TookTooLongError, wait_until

_AGREED_S_MAX = 8.0
_LOOK_S = 1.0


def play(world: World, directory: Path | None) -> int:
    """Run until the thread is interrupted; the addresses and the login are printed."""
    with installed(world, directory) as running:
        scene, stage = running.scene, running.stage
        with PageServer(lambda stop: application(stage, scene, stop)) as page:
            world.told(
                words.RUNNING,
                site=SITE_NAME,
                hub=running.hub_plan.address,
                login=LOGIN,
                password=world.password,
                simulator=page.address,
            )
            forever = threading.Event()
            while not forever.wait(_LOOK_S):
                running.require_running()
    return 0


def script(world: World, directory: Path | None) -> int:
    """Play the day; 0 if the hub tells exactly what happened."""
    with installed(world, directory) as running:
        day = Day(
            stage=running.stage,
            hub=running.hub,
            gates=running.edges["gates"],
            holders=running.holders,
            monotonic=world.monotonic,
            tell=world.step,
        )
        day.run()
        world.step("check")
        story = _story(running, day)
        if directory is not None:
            write_story(directory, story)
        rows = agreed_rows(world, running.hub, story)
        verify_audit(running.hub_plan, running.programs)
        return report(world, story, rows)


def recheck(world: World, directory: Path) -> int:
    """Serve a kept hub again and compare it with what happened; 0 if they agree."""
    story = read_story(directory)
    with ExitStack() as until:
        guard = until.enter_context(Guard())
        programs = until.enter_context(
            Programs(guard=guard, logs=directory / "logs", environment=environment_of(os.environ))
        )
        plan = plan_hub(directory.resolve(), world.password)
        plan.write_settings()
        token = create_token(plan, programs)
        start_hub(plan, programs, world.monotonic)
        hub = until.enter_context(HubClient(plan.address))
        hub.use_token(token)
        return report(world, story, read_rows(hub, story.commands))


def report(world: World, story: Story, rows: HubRows) -> int:
    """Print the table and what does not agree; 0 if all does."""
    for line in table(rows, story.names, ZoneInfo(TIMEZONE), world.language):
        world.say(line)
    found = judged(story, rows)
    if found:
        world.told(words.DIFFERS)
        for difference in found:
            world.say(f"  {difference}")
        return 1
    world.told(
        words.AGREED,
        laid=len(story.happened.laid),
        passages=len(story.happened.passages),
        rows=len(rows.taps) + len(rows.passages) + len(rows.punches),
        seconds=world.monotonic() - world.started,
    )
    return 0


def _story(running: Running, day: Day) -> Story:
    cards = {visitor.part: visitor.card.hex() for visitor in running.stage.visitors}
    names = {visitor.part: visitor.name for visitor in running.stage.visitors}
    return Story(
        happened=running.stage.crowd.record,
        issued=Issued(
            holders={cards[part]: holder for part, holder in running.holders.items()},
            counted=frozenset({running.holders[COUNTED]}),
            entry=ENTRY,
        ),
        expected=tuple(day.expected),
        commands=tuple(day.commands),
        names={holder: names[part] for part, holder in running.holders.items()},
    )


def agreed_rows(world: World, hub: HubClient, story: Story) -> HubRows:
    """The rows once they agree, or as they are when it has taken too long."""

    def agree() -> bool:
        return not judged(story, read_rows(hub, story.commands))

    with suppress(TookTooLongError):
        wait_until("the hub's rows", agree, _AGREED_S_MAX, world.monotonic)
    return read_rows(hub, story.commands)

"""The day of the demo, played once by the real command; and a demo that waits to be played with."""

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.reasons import Language
from firmware_sim.world.running import Running, World, installed

SIM = str(Path(sys.executable).parent / "vratar-sim")
DAY_S_MAX = 100.0


@dataclass(frozen=True)
class PlayedDay:
    """What the command printed, how it ended, how long it took, and what it kept."""

    told: str
    failed: str
    code: int
    seconds: float
    directory: Path


@pytest.fixture(scope="session")
def day(tmp_path_factory: pytest.TempPathFactory) -> PlayedDay:
    directory = tmp_path_factory.mktemp("day") / "kept"
    started = time.monotonic()
    done = subprocess.run(
        [SIM, "demo", "--script", "--directory", str(directory), "--language", "en"],
        capture_output=True,
        text=True,
        timeout=DAY_S_MAX,
        check=False,
    )
    return PlayedDay(
        told=done.stdout,
        failed=done.stderr,
        code=done.returncode,
        seconds=time.monotonic() - started,
        directory=directory,
    )


@pytest.fixture
def kept(day: PlayedDay, tmp_path: Path) -> Path:
    """A copy of the day's directory, to be tampered with."""
    copy = tmp_path / "kept"
    copy.mkdir()
    shutil.copytree(day.directory / "hub", copy / "hub")
    shutil.copy(day.directory / "story.json", copy)
    (copy / "logs").mkdir()
    return copy


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """Hub, edges, hardware and people, ready to be played with."""
    said: list[str] = []
    world = World(
        started=time.monotonic(),
        monotonic=time.monotonic,
        wall=lambda: datetime.now(UTC),
        chance=random.Random(11),  # noqa: S311 - invented people, no secret
        password=os.urandom(9).hex(),
        language=Language.EN,
        say=said.append,
    )
    with installed(world, None) as running:
        yield running

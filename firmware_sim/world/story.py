"""The story of a day, kept beside the hub's databases so that it can be checked again later."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from firmware_sim.world.checks import Expected, HubRows, Issued, differences, surprises
from firmware_sim.world.record import PhysicalRecord

FILE = "story.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What happened, to whom what was issued, what each tap had to be told, orders given.

    `names` are by holder.
    """

    happened: PhysicalRecord
    issued: Issued
    expected: tuple[Expected, ...]
    commands: tuple[str, ...]
    names: Mapping[str, str]


def judged(story: Story, rows: HubRows) -> list[str]:
    """All in which the hub's rows tell another story; empty if it is the same."""
    return differences(story.happened, rows, story.issued) + surprises(story.expected, rows)


def write_story(directory: Path, story: Story) -> None:
    (directory / FILE).write_bytes(msgspec.json.format(msgspec.json.encode(story)))


def read_story(directory: Path) -> Story:
    """What `write_story` wrote; raises OSError or msgspec.DecodeError on anything else."""
    return msgspec.json.decode((directory / FILE).read_bytes(), type=Story)

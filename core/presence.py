"""Who is in which zone: access points between zones, and what is known of one holder."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.ids import AccessPointId, DoorId, ZoneId
from core.instants import require_aware


class AntiPassback(StrEnum):
    """What happens when somebody enters a zone they are in already."""

    OFF = "off"  # also for a zone that has no way out past a reader
    HARD = "hard"


class AccessPointKind(StrEnum):
    """What a reader stands at."""

    GATE = "gate"
    TERMINAL = "terminal"  # working-time terminal: records punches, refuses nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPoint:
    """One direction through one door; a zone of None is outside."""

    id: AccessPointId
    name: str
    kind: AccessPointKind = AccessPointKind.GATE
    door: DoorId | None = None
    zone_from: ZoneId | None = None
    zone_to: ZoneId | None = None
    anti_passback: AntiPassback = AntiPassback.OFF

    @property
    def leads_out(self) -> bool:
        return self.zone_to is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """The zone a holder last passed into (None: outside), and since when."""

    zone: ZoneId | None
    since: datetime

    def __post_init__(self) -> None:
        require_aware("since", self.since)

"""What works and what does not at this edge, and which of its changes are alarms."""

from dataclasses import dataclass, field, replace

from core.entries import Alarmed
from core.ids import DoorId
from edge_agent.ports import Health, Moved, Movement, PartHealth
from edge_agent.recorder import alarm


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Parts that do not answer, doors that are jammed, and whether the hub is reachable."""

    lost: frozenset[str] = field(default_factory=frozenset)
    jammed: frozenset[DoorId] = field(default_factory=frozenset)
    connected: bool = False

    @property
    def out_of_order(self) -> frozenset[str]:
        return self.lost | self.jammed

    def part(self, told: PartHealth) -> "tuple[Condition, Alarmed | None]":
        """After a part was lost or came back; the first word of a part that works is no alarm."""
        was_lost = told.part in self.lost
        match told.health:
            case Health.LOST if not was_lost:
                after = replace(self, lost=self.lost | {told.part})
                return after, alarm(told.part, "lost", told.detail)
            case Health.OK if was_lost:
                after = replace(self, lost=self.lost - {told.part})
                return after, alarm(told.part, "found", told.detail)
            case _:
                return self, None

    def moved(self, moved: Moved) -> "Condition":
        """After a barrier jammed or was freed."""
        match moved.movement:
            case Movement.JAM:
                return replace(self, jammed=self.jammed | {moved.door})
            case Movement.JAM_CLEARED:
                return replace(self, jammed=self.jammed - {moved.door})
            case _:
                return self

"""The stage of the demo: site, people, cables and power, as page and script move and see them."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol

from firmware_sim.world.crowd import Crowd, Manner, Visit
from firmware_sim.world.live import LiveSite
from firmware_sim.world.network import CableState
from firmware_sim.world.people import Visitor

LINE_MAX = 5
"""How many may stand in line at one reader; more would only wait for the viewer's patience."""


class UnknownThingError(Exception):
    """There is no such edge, access point or person on this stage."""


class LineTooLongError(Exception):
    """Too many stand in line already."""


class Edge(Protocol):
    """An edge whose power and network can be cut."""

    @property
    def name(self) -> str: ...

    @property
    def access_points(self) -> Sequence[str]: ...

    @property
    def has_power(self) -> bool: ...

    @property
    def cable(self) -> CableState: ...

    def set_power(self, *, on: bool) -> None: ...

    def set_cable(self, state: CableState) -> None: ...

    def shown(self, access_point: str) -> Mapping[str, object] | None:
        """What the display at an access point says, None while it is dark."""


@dataclass(slots=True)
class Stage:
    """Everything that a viewer can touch; any thread may call."""

    site: LiveSite
    crowd: Crowd
    edges: Sequence[Edge]
    visitors: Sequence[Visitor]
    unwilling: set[str] = field(default_factory=set)  # access points where nobody walks on

    def tap(self, access_point: str, part: str) -> "Future[Visit]":
        """The person with this part comes with their card."""
        self._require_room(access_point)
        manner = Manner(pushes=access_point not in self.unwilling)
        return self.crowd.tap(access_point, self.visitor(part).card, manner)

    def force(self, access_point: str) -> "Future[bool]":
        """Somebody tears the arm past its lock."""
        self._require_room(access_point)
        return self.crowd.walk(access_point, forces=True)

    def set_willing(self, access_point: str, *, willing: bool) -> None:
        """Whether people walk on once they are let in."""
        self._require_point(access_point)
        (self.unwilling.discard if willing else self.unwilling.add)(access_point)

    def visitor(self, part: str) -> Visitor:
        for visitor in self.visitors:
            if visitor.part == part:
                return visitor
        raise UnknownThingError(part)

    def edge(self, name: str) -> Edge:
        for edge in self.edges:
            if edge.name == name:
                return edge
        raise UnknownThingError(name)

    def picture(self) -> dict[str, object]:
        """What changes, as plain values for the page."""
        return {"edges": [self._edge_picture(edge) for edge in self.edges]}

    def _edge_picture(self, edge: Edge) -> dict[str, object]:
        return {
            "name": edge.name,
            "power": edge.has_power,
            "cable": edge.cable.value,
            "places": [self._place_picture(edge, point) for point in edge.access_points],
        }

    def _place_picture(self, edge: Edge, access_point: str) -> dict[str, object]:
        lying = self.crowd.lying_on(access_point)
        holder = next((each.part for each in self.visitors if each.card == lying), None)
        return {
            "access_point": access_point,
            "card": holder,
            "waiting": self.crowd.waiting_at(access_point),
            "display": edge.shown(access_point) if edge.has_power else None,
            "gate": self._gate_picture(access_point),
        }

    def _gate_picture(self, access_point: str) -> dict[str, object] | None:
        way = self.site.way(access_point)
        if way is None:
            return None
        gate, direction = way
        return {
            "angle": round(gate.angle, 1),
            "green": gate.is_green(direction),
            "through": sum(passage.direction is direction for passage in gate.passages()),
            "willing": access_point not in self.unwilling,
        }

    def _require_point(self, access_point: str) -> None:
        if access_point not in self.site.readers:
            raise UnknownThingError(access_point)

    def _require_room(self, access_point: str) -> None:
        self._require_point(access_point)
        if self.crowd.waiting_at(access_point) >= LINE_MAX:
            raise LineTooLongError(access_point)

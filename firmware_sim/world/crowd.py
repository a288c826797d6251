"""People at the readers and gates: they lay a card, watch the arrow, walk through or do not."""

import threading
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from firmware_sim.parts.turnstile import Outcome, Passage, Person
from firmware_sim.world.live import LaidCard, LiveGate, LiveReader, LiveSite
from firmware_sim.world.record import CardLaid, PhysicalRecord, Wall, WentThrough

Monotonic = Callable[[], float]
Answers = Callable[[str], int | None]
"""How many answers the display at an access point has shown; None where it is dark."""

_LOOK_S = 0.01
_READ_S_MAX = 3.0
_WALK_S_MAX = 10.0
CARD_AWAY_S = 0.7
"""A card is kept off a reader for so long; one that comes back sooner was never away to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How somebody uses a gate, in seconds and degrees per second."""

    pushes: bool = True
    holds_s: float = 0.4
    waits_s: float = 1.5  # for the arrow to turn green
    speed: float = 150.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What somebody saw and did: whether the card was answered, the arrow, the way through."""

    was_read: bool
    saw_green: bool
    went_through: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walked:
    card: bytes | None
    forces: bool


class Crowd:
    """Everybody on the site; at each reader they stand in line, in the order they came."""

    def __init__(
        self,
        site: LiveSite,
        *,
        monotonic: Monotonic,
        wall: Wall,
        answers: Answers | None = None,
    ) -> None:
        """Without `answers` people take their card away once the reader has seen it."""
        self._site = site
        self._answers = answers
        self._monotonic = monotonic
        self._started = wall() - timedelta(seconds=monotonic())
        self._lines = {point: ThreadPoolExecutor(1, point) for point in site.readers}
        self._walking = {gate.door: threading.Lock() for gate in site.gates}
        self._away_at: defaultdict[tuple[str, bytes], float] = defaultdict(lambda: -CARD_AWAY_S)
        self._lying: dict[str, bytes] = {}
        self._laid: list[CardLaid] = []
        self._walked: dict[tuple[str, int], _Walked] = {}
        self._leave = threading.Event()

    def tap(self, access_point: str, card: bytes, manner: Manner | None = None) -> "Future[Visit]":
        """Somebody comes with a card; raises KeyError for an unknown access point."""
        return self._lines[access_point].submit(self._visit, access_point, card, manner or Manner())

    def walk(self, access_point: str, *, forces: bool = False) -> "Future[bool]":
        """Somebody comes without a card, pushes, or tears the arm past its lock."""
        return self._lines[access_point].submit(self._walk, access_point, None, forces, Manner())

    @property
    def record(self) -> PhysicalRecord:
        """What has happened so far; the passages are the turnstiles' own."""
        passages = [
            self._passage(gate, number, passage)
            for gate in self._site.gates
            for number, passage in enumerate(gate.passages())
        ]
        return PhysicalRecord(
            laid=tuple(sorted(self._laid, key=lambda laid: laid.at)),
            passages=tuple(sorted(passages, key=lambda passage: passage.at)),
        )

    def lying_on(self, access_point: str) -> bytes | None:
        """The card that lies on a reader now."""
        return self._lying.get(access_point)

    def waiting_at(self, access_point: str) -> int:
        """How many stand in line behind whoever is at the reader."""
        return self._lines[access_point]._work_queue.qsize()  # noqa: SLF001 - a count for a picture

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Everybody goes home at once."""
        self._leave.set()
        for line in self._lines.values():
            line.shutdown(cancel_futures=True)

    def _visit(self, access_point: str, card: bytes, manner: Manner) -> Visit:
        was_read = self._lay(self._site.readers[access_point], card, manner.holds_s)
        way = self._site.way(access_point)
        if way is None or not was_read or not manner.pushes:
            return Visit(was_read=was_read, saw_green=False, went_through=False)
        gate, direction = way
        saw_green = self._until(lambda: gate.is_green(direction), manner.waits_s)
        went = saw_green and self._walk(access_point, card, False, manner)
        return Visit(was_read=True, saw_green=saw_green, went_through=went)

    def _lay(self, reader: LiveReader, uid: bytes, holds_s: float) -> bool:
        """Lay a card until it is answered, and at least as long as people do."""
        point, place = reader.access_point, (reader.access_point, uid)
        self._leave.wait(max(0.0, self._away_at[place] + CARD_AWAY_S - self._monotonic()))
        card = LaidCard(uid)
        is_answered = self._answered(point, card)
        laid_at = self._monotonic()
        reader.antenna.lay(card)
        self._lying[point] = uid
        was_read = self._until(is_answered, _READ_S_MAX)
        if was_read:
            self._laid.append(CardLaid(access_point=point, card=uid.hex(), at=self._wall(laid_at)))
        self._leave.wait(max(0.0, laid_at + holds_s - self._monotonic()))
        reader.antenna.remove(card)
        del self._lying[point]
        self._away_at[place] = self._monotonic()
        return was_read

    def _answered(self, access_point: str, card: LaidCard) -> Callable[[], bool]:
        """What a person waits for: the display's next answer, or where it is dark the reader."""
        count = self._answers
        before = count(access_point) if count else None
        if count is None or before is None:
            return card.was_read.is_set
        return lambda: card.was_read.is_set() and count(access_point) not in {before, None, 0}

    def _walk(self, access_point: str, card: bytes | None, forces: bool, manner: Manner) -> bool:  # noqa: FBT001 - private
        way = self._site.way(access_point)
        assert way is not None, f"nothing to walk through at {access_point}"
        gate, direction = way
        person = Person(direction=direction, speed=manner.speed, waits_s=0.1, forces=forces)
        with self._walking[gate.door]:
            self._walked[gate.door, len(gate.passages())] = _Walked(card=card, forces=forces)
            attempt = gate.approach(person)
            self._until(lambda: attempt.outcome is not None, _WALK_S_MAX)
        return attempt.outcome is Outcome.WENT_THROUGH

    def _passage(self, gate: LiveGate, number: int, passage: Passage) -> WentThrough:
        """One passage of the turnstile, with what is known of whoever walked."""
        walked = self._walked.get((gate.door, number), _Walked(card=None, forces=False))
        return WentThrough(
            access_point=gate.access_points[passage.direction],
            card=walked.card.hex() if walked.card else None,
            forced=walked.forces,
            at=self._wall(passage.at),
        )

    def _until(self, true: Callable[[], bool], within_s: float) -> bool:
        end = self._monotonic() + within_s
        while not true():
            if self._monotonic() >= end or self._leave.wait(_LOOK_S):
                return False
        return True

    def _wall(self, monotonic: float) -> datetime:
        return self._started + timedelta(seconds=monotonic)

"""The NFC reader: polls a PN532, presents each laid card once, survives what the line does."""

import logging
import threading
from collections.abc import Callable

from core.ids import AccessPointId
from edge_agent.ports import Health, Inbox, PartHealth, Presented
from edge_agent.readers.pn532_link import FAILURES, SPEEDS, Pn532Link, check_path
from edge_agent.readers.presence import AWAY_S_MIN, Presence

POLL_PERIOD_S = 0.06
FAILURES_BEFORE_REOPENING = 2
REOPEN_WAIT_S_MIN, REOPEN_WAIT_S_MAX = 0.1, 5.0
_DOUBLINGS_MAX = 8
_logger = logging.getLogger(__name__)


class Pn532Reader:
    """A reader of type A cards on a serial path; implements the Reader port."""

    def __init__(
        self,
        *,
        path: str,
        access_point: AccessPointId,
        monotonic: Callable[[], float],
        jitter: Callable[[], float],
        speed: int | None = None,
        poll_period_s: float = POLL_PERIOD_S,
        away_s: float = AWAY_S_MIN,
    ) -> None:
        """`jitter`: chance in [0, 1); `speed`: bits per second, None for the fastest possible.

        Raises ValueError on a path that is no plain absolute path or a speed not in SPEEDS.
        """
        check_path(path)
        if speed is not None and speed not in SPEEDS:
            raise ValueError(f"speed: {speed} is none of {', '.join(map(str, SPEEDS))}")
        self._path = path
        self._access_point = access_point
        self._monotonic = monotonic
        self._jitter = jitter
        self._speed = speed
        self._poll_period_s = poll_period_s
        self._presence = Presence(away_s=away_s)
        self._health: Health | None = None

    def run(self, inbox: Inbox, stop: threading.Event) -> None:
        """Read until `stop` is set; puts Presented once per laid card, PartHealth on change."""
        attempts = 0
        while not stop.is_set():
            worked = self._session(inbox, stop)
            attempts = 0 if worked else attempts + 1
            if attempts:
                stop.wait(self._reopen_wait_s(attempts))

    def _session(self, inbox: Inbox, stop: threading.Event) -> bool:
        """Open the chip and poll until it is lost; returns whether it ever answered a poll."""
        try:
            link = Pn532Link.open(self._path, self._speed)
        except FAILURES as failure:
            self._lost(inbox, failure)
            return False
        try:
            return self._poll(link, inbox, stop)
        finally:
            link.close()

    def _poll(self, link: Pn532Link, inbox: Inbox, stop: threading.Event) -> bool:
        worked = False
        failures = 0
        while not stop.is_set():
            started_at = self._monotonic()
            try:
                self._look(link, inbox)
            except FAILURES as failure:
                failures += 1
                self._presence.doubt()
                if failures >= FAILURES_BEFORE_REOPENING:
                    self._lost(inbox, failure)
                    return worked
            else:
                worked, failures = True, 0
            stop.wait(max(0.0, started_at + self._poll_period_s - self._monotonic()))
        return worked

    def _look(self, link: Pn532Link, inbox: Inbox) -> None:
        """Sense once, and present a card that is newly laid."""
        card = link.sense()
        at = self._monotonic()
        self._found(inbox)
        credential = self._presence.sensed(card, at)
        if credential:
            inbox(
                Presented(access_point=self._access_point, credential=credential, at_monotonic=at)
            )

    def _found(self, inbox: Inbox) -> None:
        if self._health is not Health.OK:
            self._health = Health.OK
            _logger.info("reader %s answers on %s", self._access_point, self._path)
            inbox(PartHealth(part=self._access_point, health=Health.OK, detail=self._path))

    def _lost(self, inbox: Inbox, failure: BaseException) -> None:
        self._presence.doubt()
        if self._health is not Health.LOST:
            self._health = Health.LOST
            detail = f"{self._path}: {type(failure).__name__}: {failure}"
            _logger.warning("reader %s lost, will try again: %s", self._access_point, detail)
            inbox(PartHealth(part=self._access_point, health=Health.LOST, detail=detail))

    def _reopen_wait_s(self, attempts: int) -> float:
        """Doubles up to the longest wait; half of it is chance."""
        doubled = REOPEN_WAIT_S_MIN * 2 ** min(attempts - 1, _DOUBLINGS_MAX)
        return float(min(doubled, REOPEN_WAIT_S_MAX) * (1 + self._jitter()) / 2)

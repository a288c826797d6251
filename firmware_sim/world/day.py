"""A day at the site in half a minute: arrivals, refusals, cuts; each step as people would act."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field

from core.punch import DOUBLE_TAP_MAX
from firmware_sim.world.cast import COUNTED, UNKNOWN
from firmware_sim.world.checks import Expected
from firmware_sim.world.crowd import Manner, Visit
from firmware_sim.world.edges import LiveEdge
from firmware_sim.world.hub_client import HubClient
from firmware_sim.world.installation import ENTRY, EXIT, TERMINAL
from firmware_sim.world.network import CableState
from firmware_sim.world.stage import Stage
from firmware_sim.world.waiting import Monotonic, wait_until

OPENING = frozenset({"granted", "exit"})
_VISIT_S_MAX = 20.0
_SETTLED_S_MAX = 10.0
_RESTART_S_MAX = 20.0
_HEALED_S_MAX = 15.0
_SHIFT_S_MAX = 40.0
_SHIFT_MARGIN_S = 1.0
_WELCOME = Manner(holds_s=0.25, waits_s=5.0, speed=240.0)
_REFUSED = Manner(holds_s=0.25, waits_s=0.5, speed=240.0)
_UNWILLING = Manner(holds_s=0.25, pushes=False)


class DayError(Exception):
    """Somebody could not do what the day has them do."""


@dataclass(slots=True, kw_only=True)
class Day:
    """The stage, the hub and who is who; `run` plays it from morning to evening."""

    stage: Stage
    hub: HubClient
    gates: LiveEdge
    holders: Mapping[str, str]
    monotonic: Monotonic
    tell: Callable[[str], None]
    expected: list[Expected] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)  # orders given to the hub
    _shift_until: float = 0.0

    def run(self) -> None:
        """Raises DayError or TookTooLongError at the first thing that does not go as it must."""
        for name, step in self._steps().items():
            self.tell(name)
            step()

    def _steps(self) -> dict[str, Callable[[], None]]:
        return {
            "arrivals": self._arrivals,
            "visits": self._visits,
            "no-show": self._no_show,
            "network-cut": self._network_cut,
            "power-cut": self._power_cut,
            "remote-open": self._remote_open,
            "block": self._block,
            "evening": self._evening,
        }

    def _arrivals(self) -> None:
        """The employee comes first: a departure counts once it is no double tap any more."""
        punches = [self._punch("employee"), self._punch(UNKNOWN)]
        self._shift_until = self.monotonic() + DOUBLE_TAP_MAX.total_seconds() + _SHIFT_MARGIN_S
        self._enter("yearly", "granted")
        for part, reason in (
            ("expired", "expired"),
            ("off-peak", "outside-window"),
            ("blocked", "holder-blocked"),
            (UNKNOWN, "unknown-credential"),
        ):
            self._enter(part, reason)
        for punch in punches:
            _read(punch)

    def _visits(self) -> None:
        """Two visits are left on the card; with them spent the gate stays shut."""
        self._enter(COUNTED, "granted")
        leaving = self._come(EXIT, COUNTED, "exit")
        self._enter("yearly", "already-inside")
        _walked(leaving)
        self._enter(COUNTED, "granted")
        leaving = self._come(EXIT, COUNTED, "exit")
        self._enter("guest", "no-entitlement")
        _walked(leaving)
        self._enter(COUNTED, "no-units-left")

    def _no_show(self) -> None:
        """Let in and not gone through; meanwhile somebody tears the exit."""
        _read(self._come(ENTRY, "student", "granted", _UNWILLING))
        _read(self._come(ENTRY, "student", "passage-pending", _UNWILLING, settled=False))
        if not self.stage.force(EXIT).result(_VISIT_S_MAX):
            raise DayError("the exit could not be forced")
        self._wait("the no-show", lambda: "no-show" in self._movements("student"), _SETTLED_S_MAX)

    def _network_cut(self) -> None:
        """The gates decide on; the hub hears of it once the cable is whole."""
        self.gates.set_cable(CableState.PULLED)
        leaving = self._come(EXIT, "yearly", "exit")
        self._enter("student", "granted")
        _walked(leaving)
        if "passed" in self._movements("student"):
            raise DayError("the hub heard of a passage through a pulled cable")
        self.gates.set_cable(CableState.PLUGGED)
        drained = lambda: "passed" in self._movements("student")  # noqa: E731 - a condition
        self._wait("what happened meanwhile", drained, _HEALED_S_MAX)

    def _power_cut(self) -> None:
        """In the middle of a release, and the network is gone as well: the last cache serves."""
        self.gates.set_cable(CableState.PULLED)
        _read(self._come(EXIT, "student", "exit", _UNWILLING))
        self._wait("the arrow at the exit", lambda: self._is_green(EXIT), _SETTLED_S_MAX)
        self.gates.set_power(on=False)
        self.gates.set_power(on=True)
        self._wait("the edge's restart", self._restarted, _RESTART_S_MAX)
        self._enter("yearly", "granted")
        self._enter("expired", "expired")
        self.gates.set_cable(CableState.PLUGGED)
        self._wait("the healed network", lambda: self.gates.is_connected, _HEALED_S_MAX)

    def _remote_open(self) -> None:
        """Reception lets somebody in who has no card."""
        self._settle(ENTRY)
        self.commands.append(self.hub.post(f"/access-points/{ENTRY}/open")["id"])
        self._wait("the opened gate", lambda: self._is_green(ENTRY), _SETTLED_S_MAX)
        if not self.stage.crowd.walk(ENTRY).result(_VISIT_S_MAX):
            raise DayError("nobody came through the gate that the hub opened")

    def _block(self) -> None:
        """Blocked at the hub, refused at the gate."""
        self.hub.post(f"/people/{self.holders[COUNTED]}/block", {"reason": "Izgubljena kartica"})
        heard = lambda: self.gates.is_current(self.hub)  # noqa: E731 - a condition
        self._wait("the gates to hear of the block", heard, _SETTLED_S_MAX)
        self._enter(COUNTED, "holder-blocked")

    def _evening(self) -> None:
        _walked(self._come(EXIT, "student", "exit"))
        shift_is_over = lambda: self.monotonic() >= self._shift_until  # noqa: E731 - a condition
        self._wait("the end of the shift", shift_is_over, _SHIFT_S_MAX)
        _read(self._punch("employee"))

    def _movements(self, part: str) -> list[str]:
        """What the hub tells of somebody's passages so far."""
        rows = self.hub.rows("/passages", "passages", holder=self.holders[part])
        return [str(row["movement"]) for row in rows]

    def _restarted(self) -> bool:
        self.gates.require_running()
        return self.gates.is_ready

    def _enter(self, part: str, reason: str) -> None:
        """Come to the entry; go through exactly if the reason is one that opens."""
        coming = self._come(ENTRY, part, reason)
        if reason in OPENING:
            _walked(coming)
        else:
            _refused(coming, part, reason)

    def _come(
        self,
        access_point: str,
        part: str,
        reason: str,
        manner: Manner | None = None,
        *,
        settled: bool = True,
    ) -> "Future[Visit]":
        if settled:
            self._settle(access_point)
        holder = self.holders.get(part)
        self.expected.append(Expected(access_point=access_point, holder=holder, reason=reason))
        usual = _WELCOME if reason in OPENING else _REFUSED
        return self.stage.crowd.tap(access_point, self.stage.visitor(part).card, manner or usual)

    def _punch(self, part: str) -> "Future[Visit]":
        return self.stage.crowd.tap(TERMINAL, self.stage.visitor(part).card, _REFUSED)

    def _settle(self, access_point: str) -> None:
        """Wait as polite people do, until the arm is home and the arrow is red."""
        way = self.stage.site.way(access_point)
        assert way is not None
        gate, direction = way
        quiet = lambda: gate.is_idle and not gate.is_green(direction)  # noqa: E731 - as above
        self._wait(f"{access_point} to be at rest", quiet, _SETTLED_S_MAX)

    def _wait(self, what: str, true: Callable[[], bool], within_s: float) -> None:
        wait_until(what, true, within_s, self.monotonic)

    def _is_green(self, access_point: str) -> bool:
        way = self.stage.site.way(access_point)
        return way is not None and way[0].is_green(way[1])


def _read(coming: "Future[Visit]") -> None:
    if not coming.result(_VISIT_S_MAX).was_read:
        raise DayError("a card was not read")


def _walked(coming: "Future[Visit]") -> None:
    visit = coming.result(_VISIT_S_MAX)
    if not visit.went_through:
        raise DayError(f"somebody was let in but did not come through: {visit}")


def _refused(coming: "Future[Visit]", part: str, reason: str) -> None:
    visit = coming.result(_VISIT_S_MAX)
    if not visit.was_read or visit.went_through:
        raise DayError(f"{part}: {visit}, expected to be refused as {reason}")

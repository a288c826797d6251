"""A real edge of the demo: its process group, its network cable, what its displays say."""

import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import msgspec

from edge_agent.cache import CacheReader
from edge_agent.identity import Identity, load_identity, store_identity
from firmware_sim.world.hub_client import HubClient
from firmware_sim.world.network import Cable, CableState
from firmware_sim.world.programs import Program, Programs

ENVIRONMENT = "dev"
_LOOK_S = 0.1
_ANSWER_S_MAX = 1.0
_JOIN_S_MAX = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgePlan:
    """What is known of an edge before it runs; paths are absolute."""

    name: str
    access_points: Sequence[str]
    directory: Path
    profile: Path
    devices: Path
    display_port: int

    @property
    def settings(self) -> Path:
        return self.directory / "edge.toml"

    @property
    def identity(self) -> Identity:
        """What enrolment left; raises IdentityError before it."""
        return load_identity(self.directory, ENVIRONMENT)

    def write_settings(self) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.settings.write_text(
            f'environment = "{ENVIRONMENT}"\n'
            f'directory = "{self.directory}"\n'
            f'[hardware]\nprofile = "{self.profile}"\ndevices = "{self.devices}"\n'
            f"[display]\nport = {self.display_port}\n"
            "[clock]\nbattery = true\n",
            encoding="utf-8",
        )


class LiveEdge:
    """An enrolled edge; its power and its cable can be cut at any moment, from any thread."""

    def __init__(self, plan: EdgePlan, programs: Programs, cable: Cable) -> None:
        self.plan = plan
        self._programs = programs
        self._cable = cable
        self._program: Program | None = None
        self._lock = threading.Lock()
        self._told: dict[str, Mapping[str, object]] = {}
        self._stop = threading.Event()
        self._watch = threading.Thread(target=self._read_displays, daemon=True, name="displays")
        self._watch.start()

    @property
    def name(self) -> str:
        return self.plan.name

    @property
    def access_points(self) -> Sequence[str]:
        return self.plan.access_points

    @property
    def has_power(self) -> bool:
        return self._program is not None

    @property
    def cable(self) -> CableState:
        return self._cable.state

    @property
    def is_ready(self) -> bool:
        """Every access point serves people."""
        return all(self._serves(point) for point in self.access_points)

    @property
    def is_connected(self) -> bool:
        return all(self._says(point, "connected") is True for point in self.access_points)

    @property
    def knows_the_time(self) -> bool:
        """Before that, nothing that is bound to time opens."""
        return all(self._says(point, "clock") == "trusted" for point in self.access_points)

    def is_current(self, hub: HubClient) -> bool:
        """Its cache holds the rows that the hub has now."""
        told = hub.get(f"/edges/{self.plan.identity.address.edge}")
        with closing(CacheReader(self.plan.directory)) as cache:
            return cache.version() >= int(told["cache_version"] + told["versions_behind"])

    def set_power(self, *, on: bool) -> None:
        """Cutting it kills every process of the edge at once; the hardware keeps its own power."""
        with self._lock:
            if on and self._program is None:
                self._program = self._programs.start(
                    f"edge-{self.name}", ["vratar-edge", "run", "--config", str(self.plan.settings)]
                )
            elif not on and self._program is not None:
                self._programs.cut(self._program)
                self._program = None
                self._told.clear()

    def set_cable(self, state: CableState) -> None:
        self._cable.set(state)

    def require_running(self) -> None:
        """Raise ProgramError if the edge ended by itself."""
        program = self._program
        if program is not None:
            program.require_running()

    def shown(self, access_point: str) -> Mapping[str, object] | None:
        """What the display says: title and remedy in both languages, and the verdict's colour."""
        told = self._told.get(access_point)
        if told is None:
            return None
        remedies = told["remedies"] if told["is_current"] else []
        return {
            "verdict": told["verdict"] if told["is_current"] else _still(told),
            "title": told["title"],
            "remedy": _joined(remedies),
        }

    def answers(self, access_point: str) -> int | None:
        """How many answers its display has shown, None while it is dark."""
        told = self._told.get(access_point)
        return None if told is None else msgspec.convert(told["shown_count"], int)

    def close(self) -> None:
        self._stop.set()
        self._watch.join(_JOIN_S_MAX)

    def _serves(self, point: str) -> bool:
        return self._says(point, "out_of_order") is False

    def _says(self, point: str, key: str) -> object:
        return self._told.get(point, {}).get(key)

    def _read_displays(self) -> None:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{self.plan.display_port}",
            timeout=_ANSWER_S_MAX,
            trust_env=False,
        ) as client:
            while not self._stop.wait(_LOOK_S):
                for point in self.access_points:
                    self._read_display(client, point)

    def _read_display(self, client: httpx.Client, point: str) -> None:
        try:
            told = client.get(f"/{point}.json").json() if self.has_power else None
        except (httpx.TransportError, ValueError):
            told = None
        with self._lock:
            if told is None or not self.has_power:
                self._told.pop(point, None)
            else:
                self._told[point] = told


def lay_cable(plan: EdgePlan) -> Cable:
    """Put a cable between a newly enrolled edge and its broker; returns it, not yet alive."""
    identity = plan.identity
    broker = identity.enrolment.broker
    cable = Cable((broker.host, broker.port))
    store_identity(plan.directory, _through(identity, cable.port))
    return cable


def _through(identity: Identity, port: int) -> Identity:

    broker = msgspec.structs.replace(identity.enrolment.broker, host="127.0.0.1", port=port)
    enrolment = msgspec.structs.replace(identity.enrolment, broker=broker)
    return msgspec.structs.replace(identity, enrolment=enrolment)


def _still(told: Mapping[str, object]) -> str:
    return "deny" if told["out_of_order"] else ""


def _joined(remedies: object) -> Mapping[str, str]:
    texts = remedies if isinstance(remedies, list) else []
    return {language: " ".join(text[language] for text in texts) for language in ("sl", "en")}

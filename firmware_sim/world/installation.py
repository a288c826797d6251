"""The demo's installation by the real commands: a hub, its site, its people, its edges."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from edge_agent.doors.hardware import HardwareProfile
from edge_agent.doors.profile import load_profile
from firmware_sim.world.cast import Place
from firmware_sim.world.edges import ENVIRONMENT, EdgePlan, LiveEdge, lay_cable
from firmware_sim.world.hub_client import HubClient
from firmware_sim.world.live import make_device_directory
from firmware_sim.world.page_server import HOST, free_port
from firmware_sim.world.programs import Program, Programs
from firmware_sim.world.waiting import Monotonic, wait_until

SITE_NAME = "Plezalni center Vrhunec"
TIMEZONE = "Europe/Ljubljana"
LOGIN = "skrbnik"
ENTRY, EXIT, TERMINAL = "main-entry", "main-exit", "staff-terminal"
HUB_PORT_PREFERRED = 8080
HUB_START_S_MAX = 20.0
_HARDWARE = Path(__file__).parents[2] / "config/hardware"
PROFILES = {"gates": "two-turnstiles.toml", "terminal": "terminal.toml"}
"""Each edge's hardware profile: one presence domain is one edge, the terminal stands alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubPlan:
    """Where the demo's hub is and how to get in."""

    directory: Path
    http_port: int
    mqtt_port: int
    password: str

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.http_port}/"

    @property
    def settings(self) -> Path:
        return self.directory / "hub.toml"

    def write_settings(self) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.settings.write_text(
            f'environment = "{ENVIRONMENT}"\n'
            f'directory = "{self.directory}"\n'
            f'[http]\nhost = "{HOST}"\nport = {self.http_port}\n'
            f'[mqtt]\nhost = "{HOST}"\nport = {self.mqtt_port}\n',
            encoding="utf-8",
        )


def plan_hub(directory: Path, password: str) -> HubPlan:
    return HubPlan(
        directory=directory / "hub",
        http_port=free_port(HUB_PORT_PREFERRED),
        mqtt_port=free_port(),
        password=password,
    )


def initialise_hub(plan: HubPlan, programs: Programs) -> None:
    plan.write_settings()
    programs.run(
        [
            *("vratar-hub", "--config", str(plan.settings), "init"),
            *("--name", SITE_NAME, "--login", LOGIN),
        ],
        VRATAR_HUB_OWNER_PASSWORD=plan.password,
    )


def start_hub(plan: HubPlan, programs: Programs, monotonic: Monotonic) -> Program:
    """The running hub; returns once it answers."""
    program = programs.start("hub", ["vratar-hub", "--config", str(plan.settings), "serve"])
    with HubClient(plan.address) as client:

        def answers() -> bool:
            program.require_running()
            # Its own word first: on a port that was just free another hub may answer.
            return plan.address.rstrip("/") in program.last_words() and client.is_there()

        wait_until("the hub's first answer", answers, HUB_START_S_MAX, monotonic)
    return program


def create_token(plan: HubPlan, programs: Programs) -> str:
    """A bearer token for this hub, which is not serving."""
    made = ["token", "--name", f"vratar-sim-{plan.mqtt_port}", "--role", "reception"]
    return programs.run(["vratar-hub", "--config", str(plan.settings), *made]).strip()


def verify_audit(plan: HubPlan, programs: Programs) -> None:
    """Raise ProgramError unless every chain of the hub is whole."""
    programs.run(["vratar-hub", "--config", str(plan.settings), "verify-audit"])


def plan_edges(directory: Path) -> list[EdgePlan]:
    devices = make_device_directory(directory)
    return [
        EdgePlan(
            name=name,
            access_points=[str(reader.access_point) for reader in _profile(file, devices).readers],
            directory=directory / f"edge-{name}",
            profile=_HARDWARE / file,
            devices=devices,
            display_port=free_port(),
        )
        for name, file in PROFILES.items()
    ]


def hardware(edges: Sequence[EdgePlan]) -> list[HardwareProfile]:
    """What hangs on the edges: the same files that they start from."""
    return [load_profile(edge.profile, devices=edge.devices) for edge in edges]


def make_site(hub: HubClient) -> Place:
    """The site with its two halls."""
    site = str(hub.post("/sites", {"name": SITE_NAME, "timezone": TIMEZONE})["id"])
    zones = [
        str(hub.post(f"/sites/{site}/zones", {"name": name})["id"])
        for name in ("Plezalna dvorana", "Balvanska dvorana")
    ]
    return Place(site=site, zone=zones[0], other_zone=zones[1], timezone=ZoneInfo(TIMEZONE))


def make_edge(hub: HubClient, place: Place, plan: EdgePlan, programs: Programs) -> None:
    """An edge at the hub, its access points, and its enrolment by one-time code."""
    made = hub.post("/edges", {"name": _EDGE_NAMES[plan.name], "site": place.site})
    for point in plan.access_points:
        hub.post(
            f"/sites/{place.site}/access-points",
            {"id": point, "edge": made["edge"], **_point(point, place)},
        )
    plan.write_settings()
    programs.run(
        [
            *("vratar-edge", "enrol", "--config", str(plan.settings)),
            *("--hub", hub.address.rstrip("/"), "--code", made["code"]),
        ]
    )


def live_edge(plan: EdgePlan, programs: Programs, until: ExitStack) -> LiveEdge:
    """The enrolled edge behind its cable, without power yet."""
    edge = LiveEdge(plan, programs, until.enter_context(lay_cable(plan)))
    until.callback(edge.close)
    return edge


_EDGE_NAMES = {"gates": "Krmilnik vrat", "terminal": "Krmilnik registratorja"}


def _point(point: str, place: Place) -> Mapping[str, object]:
    return {
        ENTRY: {
            "name": "Vhod",
            "door": "entry-turnstile",
            "zone_to": place.zone,
            "anti_passback": "hard",
        },
        EXIT: {"name": "Izhod", "door": "exit-turnstile", "zone_from": place.zone},
        TERMINAL: {"name": "Registrator delovnega časa", "kind": "terminal"},
    }[point]


def _profile(file: str, devices: Path) -> HardwareProfile:
    return load_profile(_HARDWARE / file, devices=devices)

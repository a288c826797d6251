"""Drivers for what a hardware profile names."""

from collections.abc import Callable

from edge_agent.agent_process import Hardware
from edge_agent.doors.hardware import HardwareProfile
from edge_agent.doors.modbus import ModbusDoor
from edge_agent.readers.pn532 import Pn532Reader

Monotonic = Callable[[], float]


def hardware_of(
    profile: HardwareProfile, *, monotonic: Monotonic, jitter: Callable[[], float]
) -> Hardware:
    """Every door and reader of the profile, not yet running."""
    return Hardware(
        doors={each.door: ModbusDoor(each, monotonic=monotonic) for each in profile.doors},
        readers={
            each.access_point: Pn532Reader(
                path=str(each.path),
                access_point=each.access_point,
                monotonic=monotonic,
                jitter=jitter,
            )
            for each in profile.readers
        },
        gateways={
            point: each.door for each in profile.doors for point in each.access_points.values()
        },
    )

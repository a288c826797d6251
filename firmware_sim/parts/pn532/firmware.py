"""The chip's firmware: what it keeps between commands, and how one command is run."""

from collections.abc import Callable
from dataclasses import dataclass, field

from firmware_sim.parts.pn532.air import Air
from firmware_sim.parts.pn532.antenna import Antenna
from firmware_sim.parts.pn532.registers import Registers
from firmware_sim.parts.pn532.timing import Timing
from firmware_sim.parts.pn532.type_a import Target, TypeA

AUTOMATIC_RATS = 0x10
_PARAMETERS_AT_RESET = 0x14
STATUS_OK, STATUS_SILENCE, STATUS_CHECKSUM = b"\x00", b"\x01", b"\x02"
STATUS_PROTOCOL, STATUS_PARAMETER = b"\x0b", b"\x10"
STATUS_CONTEXT = b"\x27"
_TIMEOUT_UNIT_S = 100e-6
_SERIAL_SPEED_AT_RESET = 115200


class CommandSyntaxError(Exception):
    """The command is unknown or its parameters have a wrong form: an error frame."""


@dataclass(slots=True, kw_only=True)
class RfSettings:
    """What RFConfiguration set; values at reset from the user manual, 7.3.1."""

    answer_timeout: int = 0x0B  # item 02, ATR_RES; index n: 100 us x 2^(n-1)
    retry_timeout: int = 0x0A  # item 02, InCommunicateThru and InDataExchange
    exchange_retries: int = 0x00  # item 04
    activation_retries: int = 0xFF  # item 05, third byte; FF: without end
    automatic_field_check: bool = False  # item 01, bit 1
    analog: dict[int, bytes] = field(default_factory=dict)  # items 0A to 0D

    @property
    def retry_timeout_s(self) -> float:
        return timeout_s(self.retry_timeout)


class Firmware:
    """State of the firmware since reset; commands are functions on it."""

    def __init__(self, antenna: Antenna, timing: Timing) -> None:
        self.timing = timing
        self.registers = Registers()
        self.air = Air(antenna, self.registers, timing)
        self.type_a = TypeA(self.air, timing)
        self.rf = RfSettings()
        self.parameters = _PARAMETERS_AT_RESET
        self.sam = bytes.fromhex("01")
        self.gpio = {"P3": 0x3F, "P7": 0x06}
        self.targets: dict[int, Target] = {}
        self.selected: int | None = None
        self.last_error = 0
        self.attempts = 0
        self.speed = _SERIAL_SPEED_AT_RESET
        self.speed_next: int | None = None
        self.wake_sources: int | None = None
        self.air.set_field(on=False)

    def forget_targets(self) -> None:
        self.targets.clear()
        self.selected = None


@dataclass(frozen=True, slots=True)
class NotYet:
    """The command goes on: it wants to be run again after this many seconds."""

    wait_s: float


Handler = Callable[[Firmware, bytes], bytes | NotYet]
"""Runs a command with its parameters; returns what follows the answer's code."""


@dataclass(frozen=True, slots=True)
class Command:
    """A row of the command table: its name in the user manual, how many parameter bytes it has."""

    name: str
    handler: Handler
    parameters: range


def timeout_s(index: int) -> float:
    """RFConfiguration item 02: 100 us x 2^(n-1); 0 means none, here the longest."""
    return _TIMEOUT_UNIT_S * (1 << (index or 16) - 1)

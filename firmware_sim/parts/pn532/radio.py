"""RFConfiguration: one row per configuration item."""

from collections.abc import Callable
from dataclasses import dataclass

from firmware_sim.parts.pn532.firmware import Command, CommandSyntaxError, Firmware, NotYet

_FIELD, _FIELD_CHECK = 0x01, 0x02
_FOREVER_S = 1.0
_TIMEOUT_INDEX_MAX = 0x10


@dataclass(frozen=True, slots=True)
class Item:
    """A configuration item: its length and what it sets."""

    name: str
    length: int
    apply: Callable[[Firmware, bytes], None]


def rf_configuration(firmware: Firmware, parameters: bytes) -> bytes:
    item = ITEMS.get(parameters[0])
    content = parameters[1:]
    if item is None or len(content) != item.length:
        raise CommandSyntaxError
    item.apply(firmware, content)
    return b""


def rf_regulation_test(firmware: Firmware, _: bytes) -> NotYet:
    """Sends without end; only an abort or a reset stops it."""
    firmware.air.set_field(on=True)
    return NotYet(_FOREVER_S)


def _field(firmware: Firmware, content: bytes) -> None:
    firmware.rf.automatic_field_check = bool(content[0] & _FIELD_CHECK)
    firmware.air.set_field(on=bool(content[0] & _FIELD))


def _timings(firmware: Firmware, content: bytes) -> None:
    _, answer_timeout, retry_timeout = content
    if max(answer_timeout, retry_timeout) > _TIMEOUT_INDEX_MAX:
        raise CommandSyntaxError
    firmware.rf.answer_timeout, firmware.rf.retry_timeout = answer_timeout, retry_timeout


def _exchange_retries(firmware: Firmware, content: bytes) -> None:
    firmware.rf.exchange_retries = content[0]


def _retries(firmware: Firmware, content: bytes) -> None:
    """For ATR_REQ, for PSL_REQ, for passive activation."""
    firmware.rf.activation_retries = content[2]


def _analog(item: int) -> Callable[[Firmware, bytes], None]:
    """Analog settings are kept; the model's antenna has no analog side."""

    def keep(firmware: Firmware, content: bytes) -> None:
        firmware.rf.analog[item] = content

    return keep


ITEMS = {
    0x01: Item("RF field", 1, _field),
    0x02: Item("Various timings", 3, _timings),
    0x04: Item("MaxRtyCOM", 1, _exchange_retries),
    0x05: Item("MaxRetries", 3, _retries),
    0x0A: Item("Analog settings, type A at 106 kbit/s", 11, _analog(0x0A)),
    0x0B: Item("Analog settings, 212 and 424 kbit/s", 8, _analog(0x0B)),
    0x0C: Item("Analog settings, type B", 3, _analog(0x0C)),
    0x0D: Item("Analog settings, ISO 14443-4 at 212, 424 and 848 kbit/s", 9, _analog(0x0D)),
}

COMMANDS = {
    0x32: Command("RFConfiguration", rf_configuration, range(2, 13)),
    0x58: Command("RFRegulationTest", rf_regulation_test, range(1, 2)),
}

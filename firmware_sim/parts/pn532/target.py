"""Commands of the chip as a card: no reader is ever near in this model, so they wait or refuse."""

from firmware_sim.parts.pn532.firmware import STATUS_CONTEXT, Command, Firmware, NotYet

_FOREVER_S = 1.0


def wait_for_reader(firmware: Firmware, _: bytes) -> NotYet:
    """Waits without end for a field from outside."""
    firmware.air.set_field(on=False)
    return NotYet(_FOREVER_S)


def not_activated(_: Firmware, __: bytes) -> bytes:
    return STATUS_CONTEXT


def target_status(_: Firmware, __: bytes) -> bytes:
    """Released, with no speeds to tell."""
    return bytes(2)


COMMANDS = {
    0x86: Command("TgGetData", not_activated, range(1)),
    0x88: Command("TgGetInitiatorCommand", not_activated, range(1)),
    0x8A: Command("TgGetTargetStatus", target_status, range(1)),
    0x8C: Command("TgInitAsTarget", wait_for_reader, range(37, 265)),
    0x8E: Command("TgSetData", not_activated, range(265)),
    0x90: Command("TgResponseToInitiator", not_activated, range(265)),
    0x92: Command("TgSetGeneralBytes", not_activated, range(48)),
    0x94: Command("TgSetMetaData", not_activated, range(265)),
}

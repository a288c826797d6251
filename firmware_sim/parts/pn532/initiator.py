"""Commands of the chip as reader: find cards, exchange with them, let them go."""

from collections.abc import Callable

from firmware_sim.parts.pn532 import registers as reg
from firmware_sim.parts.pn532.air import ChecksumError, SilenceError
from firmware_sim.parts.pn532.firmware import (
    AUTOMATIC_RATS,
    STATUS_CHECKSUM,
    STATUS_CONTEXT,
    STATUS_OK,
    STATUS_PROTOCOL,
    STATUS_SILENCE,
    Command,
    CommandSyntaxError,
    Firmware,
    NotYet,
)
from firmware_sim.parts.pn532.iso_dep import BlockError
from firmware_sim.parts.pn532.type_a import Target

TARGETS_MAX = 2
ANSWER_BYTES_MAX = 262
_FOREVER = 0xFF
_TYPE_A = 0
_INITIATOR_BYTES = {_TYPE_A: {0, 4, 8, 12}, 1: {5}, 2: {5}, 3: {1, 2}, 4: {0}}
"""InitiatorData lengths by BrTy: type A, 212 and 424 kbit/s FeliCa, type B, Jewel."""
_MODE_OF = {1: 0x92, 2: 0xA2, 3: 0x83}
"""TxMode and RxMode for the other types: framing and speed, checksum on."""
_MORE = 0x40
_NUMBER = 0x3F
_POLL_TYPES_A = {0x00, 0x10, 0x20}
_POLL_PERIOD_S = 0.150


def in_list_passive_target(firmware: Firmware, parameters: bytes) -> bytes | NotYet:
    """Try as often as MaxRetries says; without end the command waits for a card."""
    wanted, kind, known = parameters[0], parameters[1], parameters[2:]
    if not 1 <= wanted <= TARGETS_MAX or len(known) not in _INITIATOR_BYTES.get(kind, ()):
        raise CommandSyntaxError
    firmware.forget_targets()
    _set_modulation(firmware, kind)
    firmware.air.set_field(on=True)
    found = _find_targets(firmware, wanted, known) if kind == _TYPE_A else _nobody(firmware)
    waits = firmware.rf.activation_retries == _FOREVER
    if found or (firmware.attempts == firmware.rf.activation_retries and not waits):
        return bytes([len(found)]) + b"".join(
            bytes([number]) + target.description for number, target in found.items()
        )
    return NotYet(firmware.timing.target_wait_s if waits else 0.0)


def in_communicate_thru(firmware: Firmware, parameters: bytes) -> bytes:
    """Bytes to the card and back, as the registers say."""
    return _status_of(
        firmware, lambda: firmware.air.exchange(parameters, firmware.rf.retry_timeout_s)
    )


def in_data_exchange(firmware: Firmware, parameters: bytes) -> bytes:
    """A command to a target: as a block where it speaks ISO-DEP, else as a frame with checksum."""
    target = _selected(firmware, parameters[0] & _NUMBER)
    if target is None:
        return STATUS_CONTEXT
    more, content = bool(parameters[0] & _MORE), parameters[1:]
    link = target.link
    if link is None:
        _set_modulation(firmware, _TYPE_A)
        return in_communicate_thru(firmware, content)
    return _status_of(firmware, lambda: link.exchange(content, more=more))


def in_select(firmware: Firmware, parameters: bytes) -> bytes:
    return STATUS_OK if _selected(firmware, parameters[0]) else STATUS_CONTEXT


def in_deselect(firmware: Firmware, parameters: bytes) -> bytes:
    """Halt a target (0: all) and keep its description."""
    for number in _numbers(firmware, parameters[0]):
        if number == firmware.selected:
            firmware.type_a.halt(firmware.targets[number])
            firmware.selected = None
    return STATUS_OK


def in_release(firmware: Firmware, parameters: bytes) -> bytes:
    """Halt a target (0: all) and forget it."""
    numbers = _numbers(firmware, parameters[0])
    in_deselect(firmware, parameters)
    for number in numbers:
        del firmware.targets[number]
    return STATUS_OK


def in_auto_poll(firmware: Firmware, parameters: bytes) -> bytes | NotYet:
    """Poll in periods of 150 ms for up to FE rounds, FF: without end; type A only answers."""
    rounds, period, kinds = parameters[0], parameters[1], parameters[2:]
    if not rounds or not 1 <= period <= 0xF:  # noqa: PLR2004 - the manual's range
        raise CommandSyntaxError
    firmware.forget_targets()
    _set_modulation(firmware, _TYPE_A)
    firmware.air.set_field(on=True)
    found = _find_targets(firmware, TARGETS_MAX, b"") if _POLL_TYPES_A & {*kinds} else {}
    if not found and (firmware.attempts + 1 < rounds or rounds == _FOREVER):
        return NotYet(period * _POLL_PERIOD_S)
    return bytes([len(found)]) + b"".join(
        bytes([0x20 if target.link else 0x10, len(target.description) + 1, number])
        + target.description
        for number, target in found.items()
    )


def no_peer(firmware: Firmware, _: bytes) -> bytes:
    """Commands towards another NFC device: there is none in this model, so it is silent."""
    firmware.air.wait(firmware.rf.retry_timeout_s)
    return STATUS_SILENCE


def _find_targets(firmware: Firmware, wanted: int, known: bytes) -> dict[int, Target]:
    """Activate up to `wanted` cards; the one before is halted so that the next can answer."""
    automatic_rats = bool(firmware.parameters & AUTOMATIC_RATS)
    for number in range(1, wanted + 1):
        if firmware.selected:
            firmware.type_a.halt(firmware.targets[firmware.selected])
            firmware.selected = None
        target = firmware.type_a.find(known, automatic_rats=automatic_rats)
        if target is None:
            break
        firmware.targets[number], firmware.selected = target, number
    return firmware.targets


def _nobody(firmware: Firmware) -> dict[int, Target]:
    """No card of this type exists in the model."""
    firmware.air.wait(firmware.timing.no_answer_s)
    return {}


def _selected(firmware: Firmware, number: int) -> Target | None:
    """The target, woken and selected where another one was; None: unknown or gone."""
    target = firmware.targets.get(number)
    if target is None or number == firmware.selected:
        return target
    if firmware.selected:
        firmware.type_a.halt(firmware.targets[firmware.selected])
        firmware.selected = None
    if not firmware.type_a.wake(target):
        return None
    firmware.selected = number
    return target


def _numbers(firmware: Firmware, number: int) -> list[int]:
    return [known for known in firmware.targets if number in {0, known}]


def _set_modulation(firmware: Firmware, kind: int) -> None:
    mode = _MODE_OF.get(kind, reg.CRC_ENABLED)
    firmware.registers.write(reg.TX_MODE, mode)
    firmware.registers.write(reg.RX_MODE, mode)
    firmware.registers.write(reg.BIT_FRAMING, 0)
    firmware.registers.write(reg.MANUAL_RCV, 0)
    firmware.registers.set_bits(reg.TX_AUTO, reg.ASK_FULL, 0 if kind in _MODE_OF else 0xFF)


def _status_of(firmware: Firmware, exchange: Callable[[], bytes]) -> bytes:
    """Status and answer; silence is tried again as often as MaxRtyCOM says."""
    for _ in range(firmware.rf.exchange_retries + 1):
        try:
            answer = exchange()
        except SilenceError:
            status = STATUS_SILENCE
        except ChecksumError:
            status = STATUS_CHECKSUM
        except BlockError:
            status = STATUS_PROTOCOL
        else:
            return STATUS_OK + answer[:ANSWER_BYTES_MAX]
    firmware.last_error = status[0]
    return status


COMMANDS = {
    0x40: Command("InDataExchange", in_data_exchange, range(1, 265)),
    0x42: Command("InCommunicateThru", in_communicate_thru, range(265)),
    0x44: Command("InDeselect", in_deselect, range(1, 2)),
    0x46: Command("InJumpForPSL", no_peer, range(3, 265)),
    0x4A: Command("InListPassiveTarget", in_list_passive_target, range(2, 15)),
    0x4E: Command("InPSL", no_peer, range(3, 4)),
    0x50: Command("InATR", no_peer, range(2, 265)),
    0x52: Command("InRelease", in_release, range(1, 2)),
    0x54: Command("InSelect", in_select, range(1, 2)),
    0x56: Command("InJumpForDEP", no_peer, range(3, 265)),
    0x60: Command("InAutoPoll", in_auto_poll, range(3, 18)),
}

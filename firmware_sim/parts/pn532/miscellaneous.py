"""Commands about the chip itself: diagnosis, version, registers, serial speed, sleep."""

from firmware_sim.parts.pn532.firmware import (
    STATUS_OK,
    STATUS_PARAMETER,
    Command,
    CommandSyntaxError,
    Firmware,
)

VERSION = bytes.fromhex("32010607")  # IC PN532, firmware 1.6, types A, B and 18092
SERIAL_SPEEDS = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600, 1288000)
_LINE_TEST, _ROM_TEST, _RAM_TEST, _POLLING_TEST, _ECHO_TEST = 0, 1, 2, 4, 5
_ATTENTION_TEST, _ANTENNA_TEST = 6, 7
_SAM_PRESENT_BYTE = 0x80
_WRITE_ENABLED = 0x80
_ALL_PORTS = 0x3F


def diagnose(firmware: Firmware, parameters: bytes) -> bytes:
    """Line test answers all it got; memory and antenna are always well; else NumTst is unknown."""
    test = parameters[0]
    if test == _LINE_TEST:
        return parameters
    if test in {_ROM_TEST, _RAM_TEST, _ECHO_TEST, _ANTENNA_TEST}:
        return STATUS_OK
    if test == _POLLING_TEST:
        return b"\xff"  # every request failed: no FeliCa target
    if test == _ATTENTION_TEST:
        return STATUS_OK if firmware.selected else b"\x01"
    raise CommandSyntaxError


def get_firmware_version(_: Firmware, __: bytes) -> bytes:
    return VERSION


def get_general_status(firmware: Firmware, _: bytes) -> bytes:
    """Last error, external field, targets with speeds and type, state of the companion chip."""
    targets = b"".join(bytes([number, 0, 0, 0x10]) for number in firmware.targets)
    count = bytes([len(firmware.targets)])
    return bytes([firmware.last_error, 0]) + count + targets + bytes([_SAM_PRESENT_BYTE])


def read_register(firmware: Firmware, parameters: bytes) -> bytes:
    """One byte for each two-byte address."""
    if len(parameters) % 2:
        raise CommandSyntaxError
    addresses = (parameters[at : at + 2] for at in range(0, len(parameters), 2))
    return bytes(firmware.registers.read(int.from_bytes(address)) for address in addresses)


def write_register(firmware: Firmware, parameters: bytes) -> bytes:
    """Two bytes address, one byte value, in order; the field and the sender follow at once."""
    if len(parameters) % 3:
        raise CommandSyntaxError
    for at in range(0, len(parameters), 3):
        firmware.registers.write(int.from_bytes(parameters[at : at + 2]), parameters[at + 2])
        firmware.air.follow_registers()
    return b""


def read_gpio(firmware: Firmware, _: bytes) -> bytes:
    """Ports P3 and P7, and the interface pins, which choose the HSU."""
    return bytes([firmware.gpio["P3"], firmware.gpio["P7"], 0])


def write_gpio(firmware: Firmware, parameters: bytes) -> bytes:
    for port, value in zip(("P3", "P7"), parameters, strict=True):
        if value & _WRITE_ENABLED:
            firmware.gpio[port] = value & _ALL_PORTS
    return b""


def set_serial_baud_rate(firmware: Firmware, parameters: bytes) -> bytes:
    """Answered at the old speed; the new one counts from the host's ACK on."""
    if parameters[0] >= len(SERIAL_SPEEDS):
        raise CommandSyntaxError
    firmware.speed_next = SERIAL_SPEEDS[parameters[0]]
    return b""


def set_parameters(firmware: Firmware, parameters: bytes) -> bytes:
    firmware.parameters = parameters[0]
    return b""


def sam_configuration(firmware: Firmware, parameters: bytes) -> bytes:
    """Mode 1 to 4, timeout and interrupt line for the others than normal mode."""
    if not 1 <= parameters[0] <= 4:  # noqa: PLR2004 - normal, virtual, wired, dual
        raise CommandSyntaxError
    firmware.sam = parameters
    return b""


def power_down(firmware: Firmware, parameters: bytes) -> bytes:
    """Sleep after the answer, until one of the wake sources; the field goes off."""
    if not parameters[0]:
        return STATUS_PARAMETER
    firmware.wake_sources = parameters[0]
    firmware.forget_targets()
    firmware.air.set_field(on=False)
    return STATUS_OK


COMMANDS = {
    0x00: Command("Diagnose", diagnose, range(1, 265)),
    0x02: Command("GetFirmwareVersion", get_firmware_version, range(1)),
    0x04: Command("GetGeneralStatus", get_general_status, range(1)),
    0x06: Command("ReadRegister", read_register, range(2, 265)),
    0x08: Command("WriteRegister", write_register, range(3, 265)),
    0x0C: Command("ReadGPIO", read_gpio, range(1)),
    0x0E: Command("WriteGPIO", write_gpio, range(2, 3)),
    0x10: Command("SetSerialBaudRate", set_serial_baud_rate, range(1, 2)),
    0x12: Command("SetParameters", set_parameters, range(1, 2)),
    0x14: Command("SAMConfiguration", sam_configuration, range(1, 4)),
    0x16: Command("PowerDown", power_down, range(1, 3)),
}

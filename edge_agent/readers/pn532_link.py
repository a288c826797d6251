"""A PN532 reached through nfcpy on any serial path: open, sense, close, and find it again."""

import contextlib
import logging
import re
import struct
import termios
from typing import Final, Self

import nfc.clf
import serial
from nfc.clf import ContactlessFrontend, RemoteTarget, pn53x, pn532, transport

from core.credential import UID_BYTES
from edge_agent.readers.presence import Sensed

FAILURES: Final = (
    OSError,
    termios.error,  # what pyserial lets through when the adapter is unplugged; no OSError
    serial.SerialException,
    nfc.clf.Error,
    pn53x.Chipset.Error,  # a plain Exception
    IndexError,
    AssertionError,
    ValueError,  # GetFirmwareVersion was answered with too few or too many bytes
    TypeError,  # ReadRegister was answered with more bytes than were asked for
    struct.error,
)
"""Everything nfcpy is known to raise when chip, line or card misbehave."""

SPEEDS = (115_200, 230_400, 460_800, 921_600)
_RETURN_TO_START = bytes(10) + bytes.fromhex("0000ff03fdd410041800")
_RETURNED = bytes.fromhex("0000ff00ff00 0000ff02fed5111a00")
_ACK = bytes.fromhex("0000ff00ff00")
_ANSWER_S_MAX = 0.05
_WRITE_S_MAX = 1.0
# nfcpy puts the path into a shell command (`stty -F`), so a path must not mean more than a path.
_PATH = re.compile(r"/[A-Za-z0-9/._:+@-]+\Z")
_CASCADE_BIT = 0x04
_UID_SIZE_OF = {4: 0, 7: 1, 10: 2}


class PathError(ValueError):
    """The serial path has characters that nfcpy would hand to a shell."""


class Pn532Link:
    """One open chip; every method but `close` may raise one of FAILURES."""

    def __init__(self, line: transport.TTY) -> None:
        device = pn532.init(line)
        device._path = line.port  # noqa: SLF001 - what ContactlessFrontend.open would have set
        line.tty.write_timeout = _WRITE_S_MAX
        self._line = line
        self._device = device
        self._frontend = ContactlessFrontend()
        self._frontend.device = device

    @classmethod
    def open(cls, path: str, speed: int | None) -> Self:
        """Wake and set up the chip; `speed` None: the fastest that the line takes."""
        # It reports each fault at error level; the reader says once that it lost the chip.
        logging.getLogger("nfc").setLevel(logging.CRITICAL)
        try:
            link = cls._initialised(path)
        except FAILURES:
            _return_to_start_speed(path)
            link = cls._initialised(path)
        try:
            if speed:
                link.set_speed(speed)
        except FAILURES:
            link.close()
            raise
        return link

    @classmethod
    def _initialised(cls, path: str) -> Self:
        line = transport.TTY(path)
        try:
            return cls(line)
        except FAILURES:
            _close_line(line)
            raise

    def sense(self) -> Sensed | None:
        """The type A card that lies there, None for none; OSError on an impossible UID."""
        target = self._frontend.sense(RemoteTarget("106A"))
        if target is None or target.sdd_res is None:
            return None
        uid = bytes(target.sdd_res)
        if len(uid) not in UID_BYTES:
            raise OSError(f"the chip reported a UID of {len(uid)} bytes, must be 4, 7 or 10")
        return Sensed(uid=uid, certain=_agrees(uid, target))

    def close(self) -> None:
        """Put the chip to sleep at its first speed if it still answers; never raises FAILURES."""
        line = self._line
        with contextlib.suppress(*FAILURES):
            self._frontend.close()
        _close_line(line)

    def set_speed(self, speed: int) -> None:
        """Change the line's speed, on both ends."""
        if speed != self._line.baudrate:
            self._device.chipset.set_serial_baudrate(speed)
            self._line.baudrate = speed


def check_path(path: str) -> None:
    """Raise PathError unless `path` is a plain absolute path."""
    if not _PATH.match(path):
        raise PathError(f"path: {path!r} must be absolute, of letters, digits and / . _ : + @ -")


def _agrees(uid: bytes, target: RemoteTarget) -> bool:
    """Whether the UID's length is what SENS_RES announced, its selection complete."""
    sens_res, sel_res = bytes(target.sens_res), bytes(target.sel_res)
    announced = sens_res[0] >> 6 if len(sens_res) == 2 else None  # noqa: PLR2004 - two bytes
    return announced == _UID_SIZE_OF[len(uid)] and not sel_res[0] & _CASCADE_BIT


def _return_to_start_speed(path: str) -> None:
    """Bring back a chip that an earlier, killed session left awake at a higher speed."""
    for speed in SPEEDS[1:]:
        with serial.Serial(path, speed, timeout=_ANSWER_S_MAX, write_timeout=_WRITE_S_MAX) as line:
            line.write(_RETURN_TO_START)
            if line.read(len(_RETURNED)) == _RETURNED:
                line.write(_ACK)
                line.flush()
                return


def _close_line(line: transport.TTY) -> None:
    """Close the port even where nfcpy's own close fails on a port that is gone."""
    port = line.tty
    with contextlib.suppress(*FAILURES):
        line.close()
    if port is not None:
        with contextlib.suppress(*FAILURES):
            port.close()

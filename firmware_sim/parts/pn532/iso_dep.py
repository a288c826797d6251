"""The chip as ISO-DEP reader: blocks, chaining, asking again after silence, deselect."""

from firmware_sim.parts.cards.airframe import CRC_BYTES, with_crc, without_crc
from firmware_sim.parts.cards.iso_dep import (
    CHAINED,
    I_BLOCK,
    I_MASK,
    NUMBER,
    R_BLOCK,
    R_MASK,
    R_NAK,
    S_DESELECT,
    frame_bytes,
)
from firmware_sim.parts.pn532.air import Air, ChecksumError, SilenceError

_ATS_FORMAT = 1  # place of T0
_DEFAULT_FRAME_INDEX = 2
_HAS_TA, _HAS_TB = 0x10, 0x20
_WAIT_UNIT_S = 302e-6
_WAIT_INDEX_DEFAULT, _WAIT_INDEX_MAX = 4, 14
_ATTEMPTS = 3
_BLOCKS_MAX = 1024


class BlockError(Exception):
    """The card broke the block protocol: status 0B."""


class IsoDepLink:
    """One activated ISO-DEP card; what is missing in its ATS has the standard's default."""

    def __init__(self, air: Air, ats: bytes) -> None:
        self._air = air
        self._number = 0
        format_byte = ats[_ATS_FORMAT] if len(ats) > _ATS_FORMAT else _DEFAULT_FRAME_INDEX
        self._part_bytes = frame_bytes(format_byte & 0xF) - 1 - CRC_BYTES
        self._wait_s = _WAIT_UNIT_S * 2 ** _wait_index(ats, format_byte)

    def exchange(self, command: bytes, *, more: bool) -> bytes:
        """The card's answer; `more` keeps the chain open and returns nothing yet."""
        parts = [
            command[start : start + self._part_bytes]
            for start in range(0, max(len(command), 1), self._part_bytes)
        ]
        for part in parts[:-1]:
            self._send_chained(part)
        if more:
            self._send_chained(parts[-1])
            return b""
        return self._gather(self._ask(bytes([I_BLOCK | self._number]) + parts[-1]))

    def deselect(self) -> None:
        self._air.say(with_crc(bytes([S_DESELECT])))

    def _send_chained(self, part: bytes) -> None:
        answer = self._ask(bytes([I_BLOCK | CHAINED | self._number]) + part)
        if answer[0] & R_MASK != R_BLOCK or answer[0] & R_NAK:
            raise BlockError
        self._toggle(answer[0])

    def _gather(self, answer: bytes) -> bytes:
        """Join the card's chain, acknowledging each part."""
        gathered = bytearray()
        for _ in range(_BLOCKS_MAX):
            if answer[0] & I_MASK != I_BLOCK:
                raise BlockError
            self._toggle(answer[0])
            gathered += answer[1:]
            if not answer[0] & CHAINED:
                return bytes(gathered)
            answer = self._ask(bytes([R_BLOCK | self._number]))
        raise BlockError

    def _ask(self, block: bytes) -> bytes:
        """One block's answer; after silence R(NAK) asks for it, R(ACK) is simply repeated."""
        is_information = block[0] & I_MASK == I_BLOCK
        again = bytes([R_BLOCK | R_NAK | self._number]) if is_information else block
        saying = block
        for _ in range(_ATTEMPTS):
            answer = self._answer(saying)
            if answer and not self._asks_again(answer):
                return answer
            saying = block if answer else again
        raise SilenceError

    def _answer(self, block: bytes) -> bytes | None:
        try:
            return without_crc(self._air.ask(with_crc(block), self._wait_s))
        except (SilenceError, ChecksumError):
            return None

    def _asks_again(self, answer: bytes) -> bool:
        return answer[0] & R_MASK == R_BLOCK and answer[0] & NUMBER != self._number

    def _toggle(self, control: int) -> None:
        if control & NUMBER != self._number:
            raise BlockError
        self._number ^= NUMBER


def _wait_index(ats: bytes, format_byte: int) -> int:
    """FWI from TB(1), where the ATS has one."""
    if not format_byte & _HAS_TB:
        return _WAIT_INDEX_DEFAULT
    place = _ATS_FORMAT + 1 + bool(format_byte & _HAS_TA)
    if place >= len(ats):
        return _WAIT_INDEX_DEFAULT
    return min(ats[place] >> 4, _WAIT_INDEX_MAX)

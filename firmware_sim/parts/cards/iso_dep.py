"""A plain ISO 14443-4 card: answer to select, blocks, chaining, deselect."""

from collections.abc import Callable

from firmware_sim.parts.cards.airframe import CRC_BYTES, AirFrame, with_crc
from firmware_sim.parts.cards.type_a import TypeACard

FRAME_BYTES = (16, 24, 32, 40, 48, 64, 96, 128, 256)
"""Frame sizes by FSDI and FSCI, ISO 14443-4 table 1; what is above is taken as the last."""
RATS = 0xE0
_PPS, _PPS_MASK = 0xD0, 0xF0
I_BLOCK, I_MASK = 0x02, 0xE2
R_BLOCK, R_MASK, R_NAK = 0xA2, 0xE6, 0x10
S_DESELECT, S_MASK = 0xC2, 0xF7
CHAINED, NUMBER = 0x10, 0x01
DEFAULT_ATS = bytes.fromhex("067777710280")


def frame_bytes(index: int) -> int:
    return FRAME_BYTES[min(index, len(FRAME_BYTES) - 1)]


class IsoDepCard(TypeACard):
    """An ISO-DEP card; `ats` is sent as it is, also where it is malformed."""

    def __init__(
        self,
        *,
        uid: bytes,
        application: Callable[[bytes], bytes],
        ats: bytes = DEFAULT_ATS,
        sens_res: bytes = bytes.fromhex("0344"),
    ) -> None:
        super().__init__(uid=uid, sens_res=sens_res, sel_res=0x20)
        self._ats = ats
        self._application = application
        self.forget()

    def forget(self) -> None:
        self._in_protocol = False
        self._number = 1
        self._reader_frame_bytes = FRAME_BYTES[0]
        self._command = b""
        self._answer = b""
        self._last: AirFrame | None = None

    def broken(self, frame: AirFrame) -> AirFrame | None:
        """In the protocol a broken block is not answered; the reader asks again."""
        return None if self._in_protocol else super().broken(frame)

    def command(self, body: bytes) -> AirFrame | None:
        if not self._in_protocol:
            return self._requested_ats(body)
        answer = self._block(body)
        if answer is not None:
            self._last = answer
        return answer

    def _requested_ats(self, body: bytes) -> AirFrame | None:
        if len(body) != 2 or body[0] != RATS:  # noqa: PLR2004 - RATS and its parameter
            return self.drop()
        self._in_protocol = True
        self._reader_frame_bytes = frame_bytes(body[1] >> 4)
        return with_crc(self._ats)

    def _block(self, body: bytes) -> AirFrame | None:
        control = body[0]
        if control & I_MASK == I_BLOCK:
            return self._information(control, body[1:])
        if control & R_MASK == R_BLOCK:
            return self._receipt(control)
        if control & S_MASK == S_DESELECT:
            self.halt()
            return with_crc(body)
        if control & _PPS_MASK == _PPS:
            return with_crc(body[:1])
        return None

    def _information(self, control: int, part: bytes) -> AirFrame | None:
        """Rule D: the number toggles with each I-block; a chained one gets R(ACK)."""
        self._number ^= NUMBER
        self._command += part
        if control & CHAINED:
            return with_crc(bytes([R_BLOCK | self._number]))
        self._answer, self._command = self._application(self._command), b""
        return self._next_part()

    def _receipt(self, control: int) -> AirFrame | None:
        """Rules 11-13: send again, go on with the chain, or acknowledge where we stand."""
        if control & NUMBER == self._number:
            return self._last
        if control & R_NAK:
            return with_crc(bytes([R_BLOCK | self._number]))
        self._number ^= NUMBER
        return self._next_part()

    def _next_part(self) -> AirFrame:
        room = self._reader_frame_bytes - 1 - CRC_BYTES
        part, self._answer = self._answer[:room], self._answer[room:]
        control = I_BLOCK | self._number | (CHAINED if self._answer else 0)
        return with_crc(bytes([control]) + part)

"""How the chip finds type A cards: request, anticollision bit by bit, select, answer to select."""

from dataclasses import dataclass, field

from firmware_sim.parts.cards.airframe import AirFrame, collision, with_crc, without_crc
from firmware_sim.parts.cards.iso_dep import RATS
from firmware_sim.parts.cards.type_a import (
    HLTA,
    REQA,
    SAK_CASCADE,
    SELECT_LEVELS,
    SELECT_WHOLE,
    SHORT_FRAME_BITS,
    WUPA,
    with_check_byte,
)
from firmware_sim.parts.pn532.air import Air, ChecksumError, SilenceError
from firmware_sim.parts.pn532.iso_dep import IsoDepLink
from firmware_sim.parts.pn532.timing import Timing

LEVEL_BYTES = 4
_LEVEL_BITS = 40
_ISO_DEP = 0x20  # in SEL_RES
_FRAME_SIZE_INDEX = 5  # 64 bytes, the chip's own buffer
_LAST_BITS_MAX = 8


@dataclass(slots=True, kw_only=True)
class Target:
    """A card the chip has activated; `link` where it speaks ISO-DEP through the chip."""

    sens_res: bytes
    sel_res: int
    levels: list[bytes]
    ats: bytes = b""
    link: IsoDepLink | None = field(default=None)

    @property
    def uid(self) -> bytes:
        """The UID without cascade tags."""
        return b"".join(level[1:] for level in self.levels[:-1]) + self.levels[-1]

    @property
    def description(self) -> bytes:
        """As InListPassiveTarget reports it, without the target's number."""
        return self.sens_res + bytes([self.sel_res, len(self.uid)]) + self.uid + self.ats


class TypeA:
    """The firmware's type A side on the air."""

    def __init__(self, air: Air, timing: Timing) -> None:
        self._air = air
        self._timing = timing

    def find(self, known: bytes, *, automatic_rats: bool) -> Target | None:
        """One idle card, or the one whose levels are `known`; None: nobody, or it went wrong."""
        try:
            target = self._select(self._request(REQA), _known_levels(known))
            if automatic_rats and target.sel_res & _ISO_DEP:
                self.start_iso_dep(target)
        except (SilenceError, ChecksumError):
            return None
        return target

    def wake(self, target: Target) -> bool:
        """Select a halted target again; ISO-DEP starts anew where it ran before."""
        try:
            self._select(self._request(WUPA), list(target.levels))
            if target.link:
                self.start_iso_dep(target)
        except (SilenceError, ChecksumError):
            return False
        return True

    def halt(self, target: Target) -> None:
        """Send an active card to sleep: DESELECT where it speaks ISO-DEP, else HLTA."""
        if target.link:
            target.link.deselect()
        else:
            self._air.say(with_crc(HLTA))

    def start_iso_dep(self, target: Target) -> None:
        """Send RATS and keep the answer as it came; raises SilenceError, ChecksumError."""
        request = bytes([RATS, _FRAME_SIZE_INDEX << 4])
        ats = without_crc(self._air.ask(with_crc(request), self._timing.no_answer_s))
        if ats is None:
            raise ChecksumError
        target.ats = ats
        target.link = IsoDepLink(self._air, ats)

    def _request(self, request: int) -> bytes:
        frame = AirFrame(bytes([request]), last_bits=SHORT_FRAME_BITS)
        answers = self._air.say(frame)
        if not answers:
            self._air.wait(self._timing.no_answer_s)
            raise SilenceError
        merged = [a | b for a, b in zip(answers[0].data, answers[-1].data, strict=False)]
        return bytes(merged)[::-1]

    def _select(self, sens_res: bytes, known: list[bytes]) -> Target:
        """Go up the cascade levels; raises SilenceError or ChecksumError."""
        levels: list[bytes] = []
        for level_code in SELECT_LEVELS:
            self._air.wait(self._timing.anticollision_level_s)
            level = known.pop(0) if known else self._anticollision(level_code)
            levels.append(level)
            sel_res = self._select_level(level_code, level)
            if not sel_res & SAK_CASCADE:
                return Target(sens_res=sens_res, sel_res=sel_res, levels=levels)
        raise ChecksumError

    def _select_level(self, level_code: int, level: bytes) -> int:
        request = with_crc(bytes([level_code, SELECT_WHOLE]) + with_check_byte(level))
        answer = without_crc(self._air.ask(request, self._timing.no_answer_s))
        if answer is None or len(answer) != 1:
            raise ChecksumError
        return answer[0]

    def _anticollision(self, level_code: int) -> bytes:
        """One card's four bytes: after each collision go on with those that sent a one."""
        known, known_bits = 0, 0
        while known_bits < _LEVEL_BITS:
            answers = self._air.say(_anticollision_frame(level_code, known, known_bits))
            if not answers:
                raise SilenceError
            whole = known_bits // 8 * 8
            heard = int.from_bytes(answers[0].data, "little") << whole | known % (1 << whole)
            place = collision(answers)
            if place is None:
                return _checked(heard)
            known_bits = whole + place + 1
            known = heard & ((1 << (known_bits - 1)) - 1) | 1 << (known_bits - 1)
        raise ChecksumError


def _anticollision_frame(level_code: int, known: int, known_bits: int) -> AirFrame:
    whole, odd = divmod(known_bits, 8)
    sent = known.to_bytes(whole + (odd > 0), "little")
    head = bytes([level_code, (2 + whole) << 4 | odd])
    return AirFrame(head + sent, last_bits=odd or _LAST_BITS_MAX)


def _checked(heard: int) -> bytes:
    """Four bytes whose check byte fits; raises ChecksumError."""
    level = (heard % (1 << _LEVEL_BITS)).to_bytes(LEVEL_BYTES + 1, "little")
    if with_check_byte(level[:LEVEL_BYTES]) != level:
        raise ChecksumError
    return level[:LEVEL_BYTES]


def _known_levels(known: bytes) -> list[bytes]:
    return [known[start : start + LEVEL_BYTES] for start in range(0, len(known), LEVEL_BYTES)]

"""A card's ISO 14443-3 type A states: idle, ready, active, halt; anticollision and selection."""

from enum import Enum

from firmware_sim.parts.cards.airframe import AirFrame, with_crc, without_crc

REQA, WUPA = 0x26, 0x52
HLTA = bytes.fromhex("5000")
CASCADE_TAG = 0x88
SELECT_LEVELS = bytes.fromhex("939597")
SELECT_WHOLE = 0x70
SAK_CASCADE = 0x04
SHORT_FRAME_BITS = 7
_LEVEL_BYTES = 4
_UID_BYTES = {4, 7, 10}


class State(Enum):
    """ISO 14443-3, figure 7; which of the starred states it is, `woken` tells."""

    OFF = "off"
    IDLE = "idle"
    READY = "ready"
    ACTIVE = "active"
    HALT = "halt"


class TypeACard:
    """A card in the reader's field; subclasses answer commands in the active state."""

    def __init__(self, *, uid: bytes, sens_res: bytes, sel_res: int) -> None:
        """`sens_res`: ATQA as read, high byte first; raises ValueError on no possible UID."""
        if len(uid) not in _UID_BYTES:
            raise ValueError(f"uid: {len(uid)} bytes, must be 4, 7 or 10")
        self.uid = uid
        self.state = State.OFF
        self._sens_res = sens_res
        self._sel_res = sel_res
        self._levels = cascade_levels(uid)
        self._level = 0
        self._woken = False

    def power(self, *, on: bool) -> None:
        """The field came or went: a card without a field forgets everything."""
        self.state = State.IDLE if on else State.OFF
        self._woken = False
        self.forget()

    def forget(self) -> None:
        """Lose what a subclass holds beyond its memory; called when the card leaves ACTIVE."""

    def hear(self, frame: AirFrame) -> AirFrame | None:
        """Answer a frame of the reader, or stay silent."""
        if self.state is State.ACTIVE:
            return self._hear_active(frame)
        if frame.last_bits == SHORT_FRAME_BITS and len(frame.data) == 1:
            return self._requested(frame.data[0])
        if self.state is State.READY:
            return self._hear_ready(frame)
        return None

    def command(self, body: bytes) -> AirFrame | None:  # noqa: ARG002 - for subclasses
        """Answer a command with a correct checksum while active; by default it knows none."""
        return self.drop()

    def broken(self, frame: AirFrame) -> AirFrame | None:  # noqa: ARG002 - for subclasses
        """Answer a frame without a correct checksum while active; by default it is an error."""
        return self.drop()

    def drop(self, answer: AirFrame | None = None) -> AirFrame | None:
        """Fall back to idle, or to halt where the card was woken from there."""
        self.state = State.HALT if self._woken else State.IDLE
        self.forget()
        return answer

    def halt(self) -> None:
        self.state = State.HALT
        self._woken = False
        self.forget()

    def _requested(self, request: int) -> AirFrame | None:
        """REQA wakes idle cards, WUPA also halted ones; anything else drops a ready card."""
        may_wake = {State.IDLE: (REQA, WUPA), State.HALT: (WUPA,)}.get(self.state, ())
        if request not in may_wake:
            return self.drop() if self.state is State.READY else None
        self._woken = self.state is State.HALT
        self.state, self._level = State.READY, 0
        return AirFrame(self._sens_res[::-1])

    def _hear_ready(self, frame: AirFrame) -> AirFrame | None:
        data = frame.data
        if len(data) < 2 or data[0] != SELECT_LEVELS[self._level]:  # noqa: PLR2004 - SEL and NVB
            return self.drop()
        if data[1] == SELECT_WHOLE:
            return self._selected(without_crc(frame))
        return self._anticollision(frame)

    def _anticollision(self, frame: AirFrame) -> AirFrame | None:
        """Send what follows the bits the reader knows, if they are ours."""
        whole, odd = (frame.data[1] >> 4) - 2, frame.data[1] & 7
        known = int.from_bytes(frame.data[2:], "little")
        mask = (1 << (8 * whole + odd)) - 1
        own = with_check_byte(self._levels[self._level])
        if whole < 0 or (int.from_bytes(own, "little") ^ known) & mask:
            return self.drop()
        return AirFrame(own[whole:], first_bit=odd)

    def _selected(self, body: bytes | None) -> AirFrame | None:
        if body is None or body[2:] != with_check_byte(self._levels[self._level]):
            return self.drop()
        self._level += 1
        if self._level < len(self._levels):
            return with_crc(bytes([SAK_CASCADE]))
        self.state = State.ACTIVE
        return with_crc(bytes([self._sel_res]))

    def _hear_active(self, frame: AirFrame) -> AirFrame | None:
        body = without_crc(frame)
        if body is None:
            return self.broken(frame)
        if body != HLTA:
            return self.command(body)
        self.halt()
        return None


def cascade_levels(uid: bytes) -> list[bytes]:
    """The four bytes sent at each cascade level: 1, 2 or 3 levels for 4, 7 or 10 bytes."""
    levels = []
    while len(uid) > _LEVEL_BYTES:
        levels.append(bytes([CASCADE_TAG]) + uid[:3])
        uid = uid[3:]
    return [*levels, uid]


def with_check_byte(level: bytes) -> bytes:
    """Four bytes of a cascade level and their exclusive or (BCC)."""
    return level + bytes([level[0] ^ level[1] ^ level[2] ^ level[3]])

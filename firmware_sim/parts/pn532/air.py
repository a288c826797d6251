"""The chip's way to the cards: field, frames, checksums by register, and the time they take."""

from firmware_sim.parts.cards.airframe import AirFrame, collision, crc_a, without_crc
from firmware_sim.parts.pn532 import registers as reg
from firmware_sim.parts.pn532.antenna import Antenna
from firmware_sim.parts.pn532.registers import Registers
from firmware_sim.parts.pn532.timing import Timing


class SilenceError(Exception):
    """No card answered in time: status 01."""


class ChecksumError(Exception):
    """The answer has no correct CRC: status 02."""


class Air:
    """What the firmware does on the air; `spent_s` adds up how long it took."""

    def __init__(self, antenna: Antenna, registers: Registers, timing: Timing) -> None:
        self._antenna = antenna
        self._registers = registers
        self._timing = timing
        self.spent_s = 0.0

    def set_field(self, *, on: bool) -> None:
        self._registers.set_bits(reg.TX_CONTROL, reg.FIELD_DRIVERS, 0xFF if on else 0)
        self.follow_registers()

    def follow_registers(self) -> None:
        """Do what the registers now ask: field drivers, and sending from the FIFO."""
        turned_on = self._registers.field_on
        if self._antenna.set_field(on=turned_on) and turned_on:
            self.spent_s += self._timing.field_on_s
        if self._registers.starts_sending:
            self._transceive_fifo()

    def say(self, frame: AirFrame) -> list[AirFrame]:
        """All answers to a frame; an empty list is silence."""
        answers = self._antenna.say(frame) if self._registers.sends_type_a else []
        self._registers.pass_fifo(answers[0].data if answers else frame.data)
        heard = max((len(answer.data) for answer in answers), default=0)
        self.spent_s += (len(frame.data) + heard) * self._timing.air_byte_s
        return answers

    def ask(self, frame: AirFrame, timeout_s: float) -> AirFrame:
        """The one answer; raises SilenceError after `timeout_s`, ChecksumError on a mixture."""
        answers = self.say(frame)
        if not answers:
            self.wait(timeout_s)
            raise SilenceError
        if collision(answers) is not None:
            raise ChecksumError
        return answers[0]

    def exchange(self, content: bytes, timeout_s: float) -> bytes:
        """Send and receive as TxMode, RxMode and BitFraming say: who adds and checks the CRC.

        Nothing to send is listening only, and no card of this model speaks first.
        """
        if not content:
            self.wait(timeout_s)
            raise SilenceError
        answer = self.ask(self._outgoing(content), timeout_s)
        if not self._registers.read(reg.RX_MODE) & reg.CRC_ENABLED:
            return answer.data
        body = without_crc(answer)
        if body is None:
            raise ChecksumError
        return body

    def wait(self, timeout_s: float) -> None:
        if self._timing.timeouts_pass:
            self.spent_s += timeout_s

    def _outgoing(self, content: bytes) -> AirFrame:
        if self._registers.read(reg.TX_MODE) & reg.CRC_ENABLED:
            content += crc_a(content)
        odd_bits = self._registers.read(reg.BIT_FRAMING) & reg.LAST_BITS
        return AirFrame(content, last_bits=odd_bits or 8)

    def _transceive_fifo(self) -> None:
        """The host drives the unit by registers: send the FIFO, put the answer there."""
        self._registers.set_bits(reg.BIT_FRAMING, reg.START_SEND, 0)
        content = self._registers.take_fifo()
        if not content:
            return
        answers = self.say(self._outgoing(content))
        if answers:
            self._registers.fill_fifo(answers[0].data)
            self._registers.set_bits(reg.CONTROL, reg.LAST_BITS, answers[0].last_bits & 7)

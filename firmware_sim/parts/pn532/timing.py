"""How long things take in the chip and on the air: model values, to be calibrated on a board."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds; none of these was measured on real hardware."""

    acknowledge_s: float = 0.000_5  # last byte of a command to the first of its ACK
    command_s: float = 0.000_5  # what the firmware needs for any command
    field_on_s: float = 0.005  # from a dead antenna to cards that hear
    anticollision_level_s: float = 0.003_5  # one cascade level, selection included
    no_answer_s: float = 0.002  # a request that nobody answers
    air_byte_s: float = 9 / 106_000  # eight bits and parity at 106 kbit/s
    timeouts_pass: bool = True  # whether a card's silence costs the configured timeout
    target_wait_s: float = 0.005  # between two looks while a command waits for a card
    frame_gap_s: float = 0.05  # silence after which half a frame is forgotten


REAL_TIME = Timing()
NO_TIME = Timing(
    acknowledge_s=0.0,
    command_s=0.0,
    field_on_s=0.0,
    anticollision_level_s=0.0,
    no_answer_s=0.0,
    air_byte_s=0.0,
    timeouts_pass=False,
)
"""For tests of the protocol alone; waiting for a card still takes its pauses."""

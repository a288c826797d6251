"""The registers of the contactless interface unit: values after reset, and the FIFO behind one."""

from collections import deque

MODE, TX_MODE, RX_MODE, TX_CONTROL, TX_AUTO = 0x6301, 0x6302, 0x6303, 0x6304, 0x6305
MANUAL_RCV = 0x630D
COMMAND = 0x6331
COMM_IRQ, DIV_IRQ, ERROR, STATUS_1, STATUS_2 = 0x6334, 0x6335, 0x6336, 0x6337, 0x6338
FIFO_DATA, FIFO_LEVEL, WATER_LEVEL, CONTROL, BIT_FRAMING = 0x6339, 0x633A, 0x633B, 0x633C, 0x633D
FIFO_BYTES = 64

CRC_ENABLED = 0x80  # in TX_MODE and RX_MODE
FRAMING_AND_SPEED = 0x73  # in TX_MODE and RX_MODE; zero is type A at 106 kbit/s
FIELD_DRIVERS = 0x03  # in TX_CONTROL: both antenna outputs
ASK_FULL = 0x40  # in TX_AUTO: 100 % modulation, as type A needs
PARITY_DISABLED = 0x10  # in MANUAL_RCV
LAST_BITS = 0x07  # in BIT_FRAMING
START_SEND = 0x80  # in BIT_FRAMING
TRANSCEIVE = 0x0C  # in COMMAND
_COMMAND_CODE = 0x0F
_FLUSH = 0x80  # written to FIFO_LEVEL
_RESET = {
    MODE: 0x3B,
    TX_MODE: CRC_ENABLED,
    RX_MODE: CRC_ENABLED,
    TX_CONTROL: 0x80,
    COMM_IRQ: 0x14,
    STATUS_1: 0x21,
    WATER_LEVEL: 0x08,
    CONTROL: 0x10,
}


class Registers:
    """Values by 16-bit address; an address without a meaning here is plain memory."""

    def __init__(self) -> None:
        self._values = dict(_RESET)
        self._fifo: deque[int] = deque(maxlen=FIFO_BYTES)
        self._fifo_last = 0

    def read(self, address: int) -> int:
        """One byte; reading FIFO_DATA takes it out, an empty FIFO shows what it held last."""
        if address == FIFO_DATA:
            return self._fifo.popleft() if self._fifo else self._fifo_last
        if address == FIFO_LEVEL:
            return len(self._fifo)
        return self._values.get(address, 0)

    def write(self, address: int, value: int) -> None:
        if address == FIFO_DATA:
            self._fifo.append(value)
            self._fifo_last = value
        elif address == FIFO_LEVEL:
            if value & _FLUSH:
                self._fifo.clear()
        elif address in {COMM_IRQ, DIV_IRQ}:
            self._flag(address, value)
        else:
            self._values[address] = value

    def set_bits(self, address: int, mask: int, value: int) -> None:
        """Write `value` where `mask` has ones."""
        self.write(address, self.read(address) & ~mask & 0xFF | value & mask)

    def take_fifo(self) -> bytes:
        taken = bytes(self._fifo)
        self._fifo.clear()
        return taken

    def fill_fifo(self, content: bytes) -> None:
        for byte in content:
            self.write(FIFO_DATA, byte)

    def pass_fifo(self, content: bytes) -> None:
        """Bytes went through the FIFO between air and firmware; the last stays visible."""
        self._fifo.clear()
        if content:
            self._fifo_last = content[-1]

    @property
    def field_on(self) -> bool:
        return bool(self._values[TX_CONTROL] & FIELD_DRIVERS)

    @property
    def sends_type_a(self) -> bool:
        """Whether a type A card understands what is sent: framing, speed and parity."""
        framing = self._values[TX_MODE] | self._values[RX_MODE]
        parity_off = self._values.get(MANUAL_RCV, 0) & PARITY_DISABLED
        return not (framing & FRAMING_AND_SPEED or parity_off)

    @property
    def starts_sending(self) -> bool:
        """Whether the host told the unit itself to transceive what is in the FIFO."""
        transceives = self._values.get(COMMAND, 0) & _COMMAND_CODE == TRANSCEIVE
        return transceives and bool(self._values.get(BIT_FRAMING, 0) & START_SEND)

    def _flag(self, address: int, value: int) -> None:
        """Interrupt flags: bit 7 says whether the ones that follow are set or cleared."""
        mask = value & 0x7F
        old = self._values.get(address, 0)
        self._values[address] = old | mask if value & 0x80 else old & ~mask

"""A PN532 behind its high speed UART, as its user manual describes it."""

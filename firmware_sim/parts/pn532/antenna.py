"""The antenna: cards are laid on it and taken away at any moment, from any thread."""

import threading
from typing import Protocol

from firmware_sim.parts.cards.airframe import AirFrame


class Card(Protocol):
    """What may lie on the antenna."""

    def power(self, *, on: bool) -> None: ...

    def hear(self, frame: AirFrame) -> AirFrame | None: ...


class Antenna:
    """The cards in reach and whether the field feeds them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cards: list[Card] = []
        self._field_on = False

    def lay(self, card: Card) -> None:
        """Lay a card; laying the same card again changes nothing."""
        with self._lock:
            if card not in self._cards:
                self._cards.append(card)
                card.power(on=self._field_on)

    def remove(self, card: Card) -> None:
        """Take a card away; one that does not lie there changes nothing."""
        with self._lock:
            if card in self._cards:
                self._cards.remove(card)
                card.power(on=False)

    def set_field(self, *, on: bool) -> bool:
        """Switch the field; returns whether it changed."""
        with self._lock:
            if on == self._field_on:
                return False
            self._field_on = on
            for card in self._cards:
                card.power(on=on)
            return True

    def say(self, frame: AirFrame) -> list[AirFrame]:
        """Send a frame to every fed card; returns the answers."""
        with self._lock:
            if not self._field_on:
                return []
            answers = [card.hear(frame) for card in self._cards]
            return [answer for answer in answers if answer is not None]

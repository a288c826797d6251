"""When a card that is sensed again and again counts as presented: once per time it is laid."""

from dataclasses import dataclass, field

from core.credential import Credential, CredentialKind, from_uid

AWAY_S_MIN = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensed:
    """A card's UID as the chip reported it; `certain`: its length agrees with its SENS_RES."""

    uid: bytes
    certain: bool


@dataclass(slots=True, kw_only=True)
class Presence:
    """The cards that lie on one reader; time in seconds, monotonic."""

    away_s: float = AWAY_S_MIN
    _seen_at: dict[bytes, float] = field(default_factory=dict)
    _doubted: bool = False
    _unconfirmed: bytes | None = None

    def doubt(self) -> None:
        """A fault happened: the next UID is believed only when it is read twice."""
        self._doubted = True
        self._unconfirmed = None

    def sensed(self, card: Sensed | None, at: float) -> Credential | None:
        """The credential, if this is a card newly laid; None: nothing new."""
        self._forget(at)
        if card is None or not self._believed(card):
            return None
        credential = from_uid(card.uid)
        identity = _identity(credential)
        known = identity in self._seen_at
        self._seen_at[identity] = at
        return None if known else credential

    def _believed(self, card: Sensed) -> bool:
        """A doubtful UID needs the same answer twice in a row."""
        if card.certain and not self._doubted:
            return True
        confirmed = self._unconfirmed == card.uid
        self._unconfirmed = card.uid
        if confirmed:
            self._doubted = False
        return confirmed

    def _forget(self, at: float) -> None:
        gone = [card for card, seen_at in self._seen_at.items() if at - seen_at >= self.away_s]
        for card in gone:
            del self._seen_at[card]


def _identity(credential: Credential) -> bytes:
    """What makes it the same card: a random UID is new each time the field is, so all are one."""
    return b"" if credential.kind is CredentialKind.MALFORMED else credential.value

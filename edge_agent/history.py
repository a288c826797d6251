"""What the hub's figures and this edge's own entries beyond them add up to, for one tap."""

from core.ids import EntitlementId
from core.ledger import State
from core.presence import Presence
from edge_agent.cache import Picture
from edge_agent.journal import Journal


def state_of(journal: Journal, picture: Picture) -> State:
    """Units taken, presence and open grants of the picture's holder. Raises JournalError.

    An own entry counts beyond `included`, since the hub's figures contain the others.
    """
    issued = picture.rows.credential
    if issued is None:
        return State()
    presence = _presence(journal, picture)
    return State(
        taken=_taken(journal, picture),
        presence={issued.holder: presence} if presence else {},
        pending=dict.fromkeys(journal.pending(issued.holder), issued.holder),
    )


def _taken(journal: Journal, picture: Picture) -> dict[EntitlementId, int]:
    limited = [each.id for each in picture.rows.entitlements if each.units is not None]
    taken = {each: picture.taken.get(each, 0) for each in limited}
    if not limited:
        return taken
    for usage in journal.usage(limited):
        if usage.seq > picture.included.get(usage.epoch, 0):
            taken[usage.entitlement] += usage.units
    return taken


def _presence(journal: Journal, picture: Picture) -> Presence | None:
    assert picture.rows.credential is not None
    own = journal.presence(picture.rows.credential.holder)
    if own is not None and own.seq > picture.included.get(own.epoch, 0):
        return own.presence
    return picture.presence

"""A punch at a working-time terminal: recorded, never refused, told as what it was taken for."""

from core.credential import key_of
from core.entries import Punched, Verdict
from core.ids import HolderId
from core.punch import PunchKind, meant
from core.reasons import Reason
from edge_agent.clock import Reading
from edge_agent.journal import JournalError
from edge_agent.ports import Cache, Display, Presented, Shown
from edge_agent.recorder import Recorder

_TOLD = {PunchKind.IN: Reason.PUNCHED_IN, PunchKind.OUT: Reason.PUNCHED_OUT}


class Terminal:
    """All terminals of one edge; one thread."""

    def __init__(
        self, *, recorder: Recorder, cache: Cache, display: Display, site_key: bytes
    ) -> None:
        self._recorder = recorder
        self._cache = cache
        self._display = display
        self._site_key = site_key

    def punch(self, presented: Presented, reading: Reading) -> Shown:
        """Record the punch and show it; a card that nobody knows is stored unassigned."""
        key = key_of(self._site_key, presented.credential)
        picture = self._cache.rows_for(key, presented.access_point)
        issued = picture.rows.credential if picture else None
        holder = issued.holder if issued else None
        try:
            kind = self._meant(holder, reading)
            punched = Punched(
                access_point=presented.access_point,
                credential=key,
                credential_kind=presented.credential.kind,
                holder=holder,
                kind=kind,
                cache_version=picture.version if picture else 0,
            )
            self._recorder.record(punched, reading)
        except JournalError:
            reason = Reason.NOT_RECORDED
        else:
            reason = _TOLD[kind] if holder else Reason.PUNCHED_UNASSIGNED
        shown = Shown(
            access_point=presented.access_point,
            verdict=Verdict.DENY if reason is Reason.NOT_RECORDED else Verdict.ALLOW,
            reason=reason,
            at=reading.moment.at,
            timezone=picture.rows.calendar.zone.key if picture else None,
        )
        self._display.show(shown)
        return shown

    def _meant(self, holder: HolderId | None, reading: Reading) -> PunchKind:
        previous = self._recorder.journal.last_stamp(holder) if holder else None
        return meant(previous, reading.moment.at)

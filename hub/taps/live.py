"""The live feed: committed news to every listener, in order, each at its own pace."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime

from hub.database import Change, Database
from hub.taps.news import FEED
from hub.taps.store import feed
from hub.taps.store.feed import News
from hub.worker import Worker

WAITING_MAX = 200
"""News that may wait for a slow listener; with more it reads from the database instead."""

READ_AT_ONCE = 500
LISTENERS_MAX = 200
QUIET_S = 15.0
HINT = "hint"

Enrich = Callable[[Sequence[News]], list[News]]
"""Adds to the bodies what is not kept in them, such as names."""


@dataclass(slots=True, eq=False)
class Listener:
    """One who follows, in its own event loop."""

    loop: asyncio.AbstractEventLoop
    waiting: asyncio.Queue[News | None] = field(
        default_factory=lambda: asyncio.Queue(maxsize=WAITING_MAX)
    )
    missed: bool = False

    def give(self, each: News) -> None:
        """In the listener's loop; what does not fit is read again later."""
        try:
            self.waiting.put_nowait(each)
        except asyncio.QueueFull:
            self.missed = True


class Live:
    """Follows one tenant's database; listeners come and go."""

    def __init__(self, database: Database, enrich: Enrich, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._enrich = enrich
        self._listeners: list[Listener] = []
        self._changing = threading.Lock()
        self._last = 0
        self._closed = False
        self._worker = Worker("live-feed", self._tell_new, every_s=1.0)
        database.after_commit(self._committed)

    def start(self) -> None:
        with self._database.read() as connection:
            self._last = feed.last_id(connection)
        self._worker.start()

    def stop(self) -> None:
        self._worker.stop()
        with self._changing:
            self._closed = True
            listeners = list(self._listeners)
        for listener in listeners:
            listener.loop.call_soon_threadsafe(_end, listener)

    def hint(self, body: str) -> None:
        """Something that is not recorded yet; it has no number and is not told again."""
        self._tell([News(id=0, kind=HINT, body=body, at=self._clock())])

    async def follow(self, last: int | None) -> AsyncGenerator[News | None, None]:
        """News after `last` (None: from now on), for ever; None when it is quiet for a while."""
        listener = Listener(asyncio.get_running_loop())
        with self._changing:
            if self._closed or len(self._listeners) >= LISTENERS_MAX:
                return
            self._listeners.append(listener)
        try:
            if last is None:
                last = self._last
            else:
                listener.missed = True
            async with aclosing(self._followed(listener, last)) as news:
                async for each in news:
                    yield each
        finally:
            with self._changing:
                self._listeners.remove(listener)

    async def _followed(self, listener: Listener, last: int) -> AsyncGenerator[News | None, None]:
        while not self._closed:
            if listener.missed:
                listener.missed = False
                while missed := await asyncio.to_thread(self._read, last):
                    for each in missed:
                        last = each.id
                        yield each
            try:
                news = await asyncio.wait_for(listener.waiting.get(), QUIET_S)
            except TimeoutError:
                yield None
                continue
            if news is None:
                return
            if news.id > last or news.kind == HINT:
                last = max(last, news.id)
                yield news

    def _read(self, last: int) -> list[News]:
        with self._database.read() as connection:
            found = feed.after(connection, last, READ_AT_ONCE)
        return self._enrich(found)

    def _committed(self, changes: frozenset[Change]) -> None:
        if any(change.kind == FEED for change in changes):
            self._worker.wake()

    def _tell_new(self) -> None:
        while found := self._read(self._last):
            self._tell(found)
            self._last = found[-1].id

    def _tell(self, found: Sequence[News]) -> None:
        with self._changing:
            listeners = list(self._listeners)
        for listener in listeners:
            for each in found:
                listener.loop.call_soon_threadsafe(listener.give, each)


def _end(listener: Listener) -> None:
    while listener.waiting.full():
        listener.waiting.get_nowait()
    listener.waiting.put_nowait(None)

"""Whatever the channel does: once it heals, every entry is acknowledged and the rows are equal."""

from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.edge_agent.sync.memory_journal import epoch
from tests.edge_agent.sync.scripted_hub import entitlement, fill
from tests.edge_agent.sync.sync_world import Faults, World
from wire.messages import HolderRow, RowKind

_STEPS_MAX = 400
_probability = st.sampled_from([0.0, 0.1, 0.3, 0.7])


class _Turmoil:
    """One random history of an edge, a hub and a bad channel."""

    def __init__(self, directory: Path, seed: int, faults: Faults) -> None:
        self.chance = Random(seed)  # noqa: S311 - a seed, no secret
        self.world = World(directory=directory, chance=self.chance, faults=faults)
        self.epochs = 1
        self.world.journal.open(1)
        fill(self.world.hub)
        self.world.connect()

    def happen(self) -> None:
        """One more thing, chosen by chance."""
        happening = self.chance.choice(
            [
                self._taps,
                self._taps,
                self._change,
                self._change,
                self._reconnect,
                self._restart,
                self._restore,
                self._forget,
                self._hub_down,
                self._new_epoch,
            ]
        )
        happening()
        for _ in range(self.chance.randrange(6)):
            self.world.step(self.chance.choice([1, 10, 3_000]))

    def heal(self) -> None:
        self.world.faults = Faults()
        self.world.hub_is_up = True
        self.world.connect()
        steps = self.world.run(
            lambda: self.world.engine.answered and self.world.settled(), _STEPS_MAX
        )
        assert steps < _STEPS_MAX

    def _taps(self) -> None:
        for _ in range(self.chance.choice([1, 3, 700])):
            self.world.journal.record()

    def _change(self) -> None:
        hub, since = self.world.hub, self.world.hub.version
        number = self.chance.randrange(8)
        body = entitlement(number, self.chance.randrange(8))
        hub.put(RowKind.ENTITLEMENT, f"e-{number}", self.chance.choice([body, None]))
        hub.put(RowKind.HOLDER, f"h-{number}", HolderRow(blocked=self.chance.random() < 0.5))
        self.world.down.append(hub.push(since))

    def _reconnect(self) -> None:
        self.world.connect()

    def _restart(self) -> None:
        self.world.kill()
        self.world.connect()

    def _restore(self) -> None:
        self.world.hub.restore_from_backup(self.chance.randrange(5))

    def _forget(self) -> None:
        self.world.hub.forget_log()

    def _hub_down(self) -> None:
        self.world.hub_is_up = not self.world.hub_is_up

    def _new_epoch(self) -> None:
        self.epochs += 1
        self.world.journal.open(self.epochs)


@pytest.mark.must("P-045", "P-046", "P-071", "P-072")
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 1 << 30), lost=_probability, doubled=_probability, late=_probability)
def test_a_channel_that_heals_leaves_no_trace(
    seed: int, lost: float, doubled: float, late: float
) -> None:
    with TemporaryDirectory() as directory:
        faults = Faults(lost=lost, doubled=doubled, late=late)
        turmoil = _Turmoil(Path(directory), seed, faults)
        for _ in range(12):
            turmoil.happen()
        turmoil.heal()
        world = turmoil.world
        assert world.hub.kept == world.journal.epochs
        assert dict(_rows(world)) == world.hub.rows
        assert not [note for note in world.noted if note.event == "message_refused"]
        world.cache.close()


def test_a_long_backlog_is_drained_in_order_over_a_bad_channel(world: World) -> None:
    world.faults = Faults(lost=0.05, doubled=0.05, late=0.2)
    for _ in range(5_000):
        world.journal.record()
    world.connect()
    world.run(world.all_acknowledged, 5_000)
    assert world.hub.kept[epoch(1)] == world.journal.epochs[epoch(1)]


def _rows(world: World) -> list[tuple[tuple[RowKind, str], bytes]]:
    sql = "SELECT kind, id, body FROM rows"
    return [
        ((RowKind(kind), row_id), body)
        for kind, row_id, body in world.cache._connection.execute(sql)
    ]

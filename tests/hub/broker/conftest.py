"""Both brokers with the same three users, so that one suite holds for either."""

from collections.abc import Callable, Iterator

import pytest

from core.ids import EdgeId, SiteId, TenantId
from hub.broker.passwords import hashed
from hub.broker.rights import User, edge_user, hub_user
from tests.hub.broker.clients import Client
from tests.hub.broker.servers import Served, embedded, external
from wire.topics import Address

NORTH = Address(tenant=TenantId("t-one"), site=SiteId("s-pool"), edge=EdgeId("e-north"))
SOUTH = Address(tenant=TenantId("t-one"), site=SiteId("s-pool"), edge=EdgeId("e-south"))


def salt(count: int) -> bytes:
    return bytes(range(count))


@pytest.fixture(scope="module")
def users() -> dict[str, User]:
    known = [
        hub_user(hashed("of-hub", salt)),
        edge_user(NORTH, hashed("of-north", salt)),
        edge_user(SOUTH, hashed("of-south", salt)),
    ]
    return {user.name: user for user in known}


@pytest.fixture(
    scope="module",
    params=["embedded", pytest.param("mosquitto", marks=pytest.mark.system)],
)
def broker(request: pytest.FixtureRequest, users: dict[str, User]) -> Iterator[Served]:
    with (embedded if request.param == "embedded" else external)(users) as served:
        yield served


Connect = Callable[..., Client]


@pytest.fixture
def connect(broker: Served) -> Iterator[Connect]:
    """Connects as a user with the right password (`of-<name>`) unless told otherwise."""
    opened: list[Client] = []

    def connect(
        name: str,
        *,
        password: str | None = None,
        client_id: str | None = None,
        will: tuple[str, bytes] | None = None,
        let_in: bool = True,
    ) -> Client:
        client = Client(
            client_id or name, username=name, password=password or f"of-{name.removeprefix('e-')}"
        )
        opened.append(client)
        if will is not None:
            client.paho.will_set(will[0], will[1], qos=1)
        assert client.connect(broker.host, broker.port) is let_in
        return client

    yield connect
    for client in opened:
        client.__exit__()

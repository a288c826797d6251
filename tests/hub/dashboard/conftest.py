"""The pages of a furnished house, asked without a browser."""

import copy
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from hub.edges import service as edges
from hub.roles import Role
from hub.sites import service as sites
from hub.taps.ingest import Ingest
from hub.taps.projector import Projector
from tests.hub.bench import PASSWORD, Bench, Chance, TestClient
from tests.hub.dashboard.house import Call, Enrol, House, furnished
from tests.hub.dashboard.reading import Page, read
from wire.messages import Message
from wire.topics import Up


@dataclass(frozen=True, slots=True)
class Browser:
    """Somebody at the pages: follows redirects, keeps cookies, fills in forms as shown."""

    client: TestClient

    def get(self, path: str, *, status: int = 200) -> Page:
        answer = self.client.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == status, answer.text
        return read(str(answer.url.path), answer.text)

    def submit(
        self,
        page: Page,
        action: str,
        values: Mapping[str, object] | None = None,
        *,
        status: int = 200,
    ) -> Page:
        """Send the form of the page with this action, its hidden fields and these values."""
        fields = {**page.form(action).hidden, **(values or {})}
        answer = self.client.post(action, data=fields, headers={"Accept": "text/html"})
        assert answer.status_code == status, f"{answer.status_code}: {answer.text[:2000]}"
        return read(str(answer.url.path), answer.text)


@dataclass(frozen=True, slots=True)
class Centre:
    """A hub with the house in it."""

    bench: Bench
    house: House

    def browser(self, role: Role = Role.OWNER) -> Browser:
        """Somebody with this role, logged in through the page."""
        if role is not Role.OWNER:
            self.bench.account(role.value, role)
        browser = Browser(self.bench.client())
        login = browser.get("/login")
        browser.submit(
            login,
            "/login?language=sl",
            {"login": role.value, "password": PASSWORD},
        )
        return browser

    def stranger(self) -> Browser:
        return Browser(self.bench.client())

    def hear(self, channel: Up, message: Message) -> None:
        """Let the hub take in what the edge says, and fold it."""
        ingest = Ingest(self.bench.tenant.id, self.bench.database)
        ingest.take([self.house.edge.says(channel, message, self.bench.clock())])
        projector = Projector(database=self.bench.database, clock=self.bench.clock)
        while projector.step():
            pass

    def connect(self) -> None:
        self.hear(Up.BIRTH, self.house.edge.birth())

    def send(self) -> None:
        self.hear(Up.ENTRIES, self.house.unsent())


class Copied(Bench):
    """A hub in a copy of a directory that was furnished before, which is quicker by far."""

    template: ClassVar[Path]

    def initialise(self) -> None:
        shutil.copytree(self.template, self.directory / "hub")


@pytest.fixture(scope="session")
def furnished_house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """The house as it is before every test; Copied.template is its hub's directory."""
    bench = Bench(tmp_path_factory.mktemp("furnished"))
    house = furnished(_calls(bench), _enrols(bench), tenant=bench.tenant.id)
    bench.close()
    Copied.template = bench.directory / "hub"
    return house


@pytest.fixture
def centre(furnished_house: House, tmp_path: Path) -> Iterator[Centre]:
    # Another seed: what is made now must not get the ids of what was made for the template.
    bench = Copied(tmp_path, random_bytes=Chance(2))
    house = copy.deepcopy(furnished_house)
    house.call = _calls(bench)
    yield Centre(bench, house)
    bench.close()


def _calls(bench: Bench) -> Call:
    def call(method: str, path: str, body: Mapping[str, Any]) -> Any:
        owner = clients[0] if clients else bench.logged_in()
        clients[:] = [owner]
        answer = owner.request(method, f"/api/v1{path}", json=dict(body))
        assert answer.status_code < 300, answer.text
        return answer.json()

    clients: list[TestClient] = []
    return call


def _enrols(bench: Bench) -> Enrol:
    def enrol(code: str, public_key: str) -> Mapping[str, Any]:
        with bench.database.write() as connection:
            keys = edges.enrol(
                connection,
                code=code,
                public_key=public_key,
                software="1.0",
                at=bench.clock(),
                random_bytes=bench.random_bytes,
            )
            site_key = sites.credential_key(connection)
        return {"mac_key": keys.mac_key, "site_key": site_key.hex()}

    return enrol

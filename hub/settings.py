"""The hub's settings: a TOML file, overridden by environment variables, checked before use."""

import ipaddress
import tomllib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hub.errors import HubError, message

ENVIRONMENT_PREFIX = "VRATAR_HUB_"
OWNER_PASSWORD_VARIABLE = "VRATAR_HUB_OWNER_PASSWORD"  # noqa: S105 - a variable's name
_OTHER_VARIABLES = frozenset({OWNER_PASSWORD_VARIABLE})

Port = Annotated[int, Field(ge=0, le=65535)]


class Environment(StrEnum):
    """What a hub is for; keys, topics and databases of one refuse those of another."""

    DEV = "dev"
    TEST = "test"
    PROD = "prod"


class BrokerKind(StrEnum):
    """Where the MQTT broker runs: inside the hub's process (loopback only), or elsewhere."""

    INTERNAL = "internal"
    EXTERNAL = "external"


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class HttpSettings(_Section):
    """Where the hub listens; without a certificate only on loopback.

    `public_url` is what people and edges type, such as `https://hub.example.si`.
    """

    host: str = "127.0.0.1"
    port: Port = 8080
    public_url: str = ""
    certificate: Path | None = None
    private_key: Path | None = None
    session_hours: Annotated[int, Field(ge=1, le=24 * 31)] = 12

    @property
    def is_encrypted(self) -> bool:
        """True when browsers reach the hub by HTTPS, also through a proxy."""
        return self.certificate is not None or self.public_url.startswith("https://")


class MqttSettings(_Section):
    """The broker; `public_host` and `public_port` are what edges are told at enrolment."""

    broker: BrokerKind = BrokerKind.INTERNAL
    host: str = "127.0.0.1"
    port: Port = 0
    username: str = "hub"
    password: str = ""
    public_host: str = ""
    public_port: Port = 0
    authority: Path | None = None


class Settings(_Section):
    """Everything an operator can set; `directory` holds databases and secrets."""

    environment: Environment
    directory: Path
    http: HttpSettings = HttpSettings()
    mqtt: MqttSettings = MqttSettings()

    @property
    def secrets(self) -> Path:
        return self.directory / "secrets"

    @property
    def platform_file(self) -> Path:
        return self.directory / "platform.db"

    def tenant_file(self, tenant: str) -> Path:
        return self.directory / "tenants" / f"{tenant}.db"


class SettingsError(HubError):
    """A setting is missing, unknown or has a value that cannot be used."""

    code = "settings"
    title = message("The settings cannot be used")


def load(path: Path | None, environment: Mapping[str, str]) -> Settings:
    """The settings of a file and the variables; SettingsError names key, value and remedy."""
    written = _read(path) if path else {}
    merged = _overridden(written, environment)
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        raise _explained(error, path) from None
    _check_certificate(settings.http)
    return settings


def is_loopback(host: str) -> bool:
    """True for addresses that do not leave this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def require_encryption_off_loopback(http: HttpSettings) -> None:
    """SettingsError if HTTP would go over a network in the clear."""
    if http.certificate is None and not is_loopback(http.host):
        raise SettingsError(
            message(
                "http.host: {host} is not loopback and there is no certificate; set"
                " http.certificate and http.private_key, or listen on 127.0.0.1 behind a proxy"
                " that speaks HTTPS.",
                host=http.host,
            )
        )


def keys() -> Iterator[str]:
    """Every setting by its dotted name, for documentation and overrides."""
    yield from _keys(Settings, "")


def _keys(section: type[BaseModel], before: str) -> Iterator[str]:
    for name, field in section.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _keys(kind, f"{before}{name}.")
        else:
            yield before + name


def _read(path: Path) -> dict[str, Any]:  # TOML is any shape until it is validated
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            message(
                "{path}: {problem}; give --config a file that exists and can be read.",
                path=str(path),
                problem=error.strerror or "cannot be read",
            )
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            message(
                "{path}: not TOML ({problem}); write key = value, texts in double quotes.",
                path=str(path),
                problem=str(error),
            )
        ) from None


def _overridden(written: dict[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    names = {ENVIRONMENT_PREFIX + key.upper().replace(".", "_"): key for key in keys()}
    merged = {key: dict(part) if isinstance(part, dict) else part for key, part in written.items()}
    for variable, value in sorted(environment.items()):
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable in _OTHER_VARIABLES:
            continue
        if variable not in names:
            raise SettingsError(
                message(
                    "{variable}: no such setting; use one of {names}.",
                    variable=variable,
                    names=", ".join(sorted(names)),
                )
            )
        *section, last = names[variable].split(".")
        target = merged.setdefault(section[0], {}) if section else merged
        if isinstance(target, dict):
            target[last] = value
    return merged


def _explained(error: ValidationError, path: Path | None) -> SettingsError:
    """The first thing that is wrong, with the key's dotted name."""
    first = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    variable = ENVIRONMENT_PREFIX + key.upper().replace(".", "_")
    if first["type"] == "missing":
        return SettingsError(
            message(
                "{key}: missing; set it in {where} or in {variable}.",
                key=key,
                where=str(path or "the file given by --config"),
                variable=variable,
            )
        )
    if first["type"] == "extra_forbidden":
        return SettingsError(
            message("{key}: no such setting; use one of {names}.", key=key, names=", ".join(keys()))
        )
    return SettingsError(
        message(
            "{key}: {value} cannot be used ({problem}); mend it in {where} or in {variable}.",
            key=key,
            value="what is set" if key.endswith("password") else repr(first["input"]),
            problem=first["msg"],
            where=str(path or "the file given by --config"),
            variable=variable,
        )
    )


def _check_certificate(http: HttpSettings) -> None:
    if (http.certificate is None) != (http.private_key is None):
        raise SettingsError(
            message(
                "http.certificate and http.private_key: only one of them is set; set both or none."
            )
        )

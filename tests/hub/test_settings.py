"""Settings: read, overridden, refused with key, value and remedy."""

from pathlib import Path

import pytest

from hub.settings import (
    BrokerKind,
    Environment,
    HttpSettings,
    SettingsError,
    is_loopback,
    keys,
    load,
    require_encryption_off_loopback,
)

GOOD = 'environment = "dev"\ndirectory = "/var/lib/vratar"\n'


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "hub.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_gives_settings_and_the_rest_has_defaults(tmp_path: Path) -> None:
    settings = load(written(tmp_path, GOOD + '[mqtt]\nbroker = "external"\nport = 8883\n'), {})
    assert settings.environment is Environment.DEV
    assert settings.platform_file == Path("/var/lib/vratar/platform.db")
    assert (settings.mqtt.broker, settings.mqtt.port) == (BrokerKind.EXTERNAL, 8883)
    assert (settings.http.host, settings.http.port) == ("127.0.0.1", 8080)


def test_the_environment_overrides_the_file_key_by_key(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD + '[http]\nport = 1\nhost = "::1"\n')
    settings = load(path, {"VRATAR_HUB_HTTP_PORT": "8081", "VRATAR_HUB_ENVIRONMENT": "prod"})
    assert (settings.http.host, settings.http.port) == ("::1", 8081)
    assert settings.environment is Environment.PROD


def test_settings_come_from_the_environment_alone() -> None:
    variables = {"VRATAR_HUB_ENVIRONMENT": "test", "VRATAR_HUB_DIRECTORY": "/x", "PATH": "/bin"}
    assert load(None, variables).directory == Path("/x")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('directory = "/x"', r"environment: missing; set it in .*hub\.toml or in VRATAR_HUB_ENV"),
        (
            GOOD.replace("dev", "production"),
            r"environment: 'production' cannot be used .*'dev', 'test' or 'prod'.*mend it in",
        ),
        (GOOD + "[http]\nport = 70000", r"http\.port: 70000 cannot be used .*VRATAR_HUB_HTTP_PORT"),
        (GOOD + "[http]\nprot = 1", r"http\.prot: no such setting; use one of .*http\.port"),
        (GOOD + "http = 3", r"http: 3 cannot be used"),
        (GOOD + "[mqtt]\npassword = 12345", r"mqtt\.password: what is set cannot be used"),
        (GOOD + '[http]\ncertificate = "/c"', r"http\.certificate and http\.private_key: only one"),
        ("environment = dev", r"not TOML .*texts in double quotes"),
        ("\x00", "not TOML"),
    ],
)
def test_a_broken_setting_is_named_with_its_remedy(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told) as refused:
        load(written(tmp_path, text), {})
    assert "12345" not in refused.value.diagnostics()


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "hub.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="not TOML"):
        load(path, {})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml: No such file.*give --config"):
        load(tmp_path / "nowhere.toml", {})


def test_a_variable_of_no_setting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"VRATAR_HUB_PORT: no such setting.*VRATAR_HUB_HTTP_P"):
        load(written(tmp_path, GOOD), {"VRATAR_HUB_PORT": "1"})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_plain_http_is_served_on_loopback(host: str) -> None:
    require_encryption_off_loopback(HttpSettings(host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "hub.example.si", ""])  # noqa: S104 - what is refused
def test_plain_http_off_loopback_is_refused(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(SettingsError, match=r"not loopback.*http\.certificate"):
        require_encryption_off_loopback(HttpSettings(host=host))


def test_https_is_served_anywhere() -> None:
    http = HttpSettings(host="0.0.0.0", certificate=Path("c"), private_key=Path("k"))  # noqa: S104 - what is allowed
    require_encryption_off_loopback(http)
    assert http.is_encrypted


def test_every_setting_can_be_overridden() -> None:
    assert {"environment", "directory", "http.port", "mqtt.broker"} <= set(keys())
    assert len({key.replace(".", "_") for key in keys()}) == len(list(keys()))


def test_the_example_is_good_as_it_stands() -> None:
    settings = load(Path(__file__).parents[2] / "config" / "hub.example.toml", {})
    require_encryption_off_loopback(settings.http)
    assert settings.http.is_encrypted


def test_the_documentation_names_every_setting() -> None:
    text = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    assert [key for key in keys() if f"`{key}`" not in text] == []

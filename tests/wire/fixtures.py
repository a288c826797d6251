"""The checked-in messages of protocol v1 and the examples in its page; run to write them."""

from pathlib import Path

from core.entries import content_of
from tests.wire.examples import ADDRESS, ENTRIES, HEALTHY, MAC_KEY, MESSAGES, PRIVATE_KEY, ROWS
from wire import envelope, messages
from wire.codec import encode, row
from wire.topics import Down, Up

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "tests" / "fixtures" / "wire" / "v1"
PAGE = ROOT / "docs" / "protocol.md"

_LIMITS = (
    ("envelope", envelope.ENVELOPE_BYTES_MAX, "bytes"),
    ("body, inflated", envelope.BODY_BYTES_MAX, "bytes"),
    ("body deflated from", envelope.DEFLATE_FROM_BYTES, "bytes"),
    ("entry", messages.ENTRY_BYTES_MAX, "bytes"),
    ("entries of a batch or preview", messages.ENTRIES_PER_BATCH_MAX, "entries"),
    ("entries of a batch together", messages.BATCH_BYTES_MAX, "bytes"),
    ("batches unacknowledged", messages.BATCHES_IN_FLIGHT_MAX, "batches"),
    ("epochs in a birth, ack or `included`", messages.EPOCHS_PER_MESSAGE_MAX, "epochs"),
    ("row", messages.ROW_BYTES_MAX, "bytes"),
    ("rows of a message", messages.ROWS_PER_MESSAGE_MAX, "rows"),
    ("chunks of a snapshot", messages.CHUNKS_MAX, "chunks"),
    ("a count or seq", messages.COUNT_MAX, ""),
)


def files() -> dict[str, bytes]:
    """Every fixture by its path below FIXTURES."""
    written: dict[str, bytes] = {}
    for channel, message in MESSAGES.items():
        name = f"{_direction(channel)}-{channel}"
        written[f"{name}.json"] = encode(message)
        written[f"{name}.hex"] = sealed(channel).hex().encode() + b"\n"
    written["up-state-health.json"] = encode(HEALTHY)
    healthy = envelope.sign(PRIVATE_KEY, ADDRESS.up(Up.STATE), encode(HEALTHY))
    written["up-state-health.hex"] = healthy.hex().encode() + b"\n"
    for kind, entry in ENTRIES.items():
        written[f"entry-{kind}.json"] = content_of(entry)
    for row_kind, (row_id, body) in ROWS.items():
        written[f"row-{row_kind}.json"] = bytes(row(row_kind, row_id, body).body)
    return written


def sealed(channel: Up | Down) -> bytes:
    """The envelope of the channel's example."""
    body = encode(MESSAGES[channel])
    if isinstance(channel, Up):
        return envelope.sign(PRIVATE_KEY, ADDRESS.up(channel), body)
    return envelope.authenticate(MAC_KEY, ADDRESS.down(channel), body)


def page(text: str) -> str:
    """The protocol's page with its generated parts as the code has them."""
    return _filled(_filled(text, "example", _example()), "limits", _limits())


def main() -> None:
    """Write the fixtures and the page's parts."""
    FIXTURES.mkdir(parents=True, exist_ok=True)
    for name, content in files().items():
        (FIXTURES / name).write_bytes(content)
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")


def _example() -> str:
    whole, topic = sealed(Down.HELLO), ADDRESS.down(Down.HELLO)
    body = whole[36:]
    return "\n".join(
        (
            f"A hello on `{topic}`, under the key `{MAC_KEY.hex()}`:",
            "",
            "```text",
            f"56                 V\n01                 version {whole[1]}",
            "02                 HMAC-SHA256\n00                 not deflated",
            *_hex_lines(whole[4:36], "authenticator"),
            *_hex_lines(body, "body"),
            "```",
            "",
            f"The body: `{body.decode()}`",
        )
    )


def _hex_lines(content: bytes, name: str) -> list[str]:
    lines = [content[at : at + 16].hex(" ") for at in range(0, len(content), 16)]
    return [f"{line:<48} {name if index == 0 else ''}".rstrip() for index, line in enumerate(lines)]


def _limits() -> str:
    rows = [f"| {name} | {value:,} {unit} |".replace(" |", " |") for name, value, unit in _LIMITS]
    return "\n".join(("| limit | at most |", "|---|---|", *rows))


def _filled(text: str, name: str, content: str) -> str:
    before, opening, rest = text.partition(f"<!-- {name}: written by tests/wire/fixtures.py -->")
    _, closing, after = rest.partition(f"<!-- /{name} -->")
    assert opening
    assert closing
    return f"{before}{opening}\n{content}\n{closing}{after}"


def _direction(channel: Up | Down) -> str:
    return "up" if isinstance(channel, Up) else "dn"


if __name__ == "__main__":
    main()

"""The messages as JSON Schema, for whoever writes the other side in another language."""

import json
from typing import Any

import msgspec

from core.entries import BODIES
from wire.codec import ROW_BODIES, EntryFields
from wire.enrolment import Enrolment, EnrolmentRequest
from wire.messages import (
    PROTOCOL_VERSION,
    Ack,
    Batch,
    Birth,
    Chunk,
    Command,
    EdgeState,
    Hello,
    Message,
    Preview,
    Request,
    Rows,
)
from wire.topics import Down, Up

MESSAGES: dict[Up | Down, type[Message]] = {
    Up.BIRTH: Birth,
    Up.STATE: EdgeState,
    Up.ENTRIES: Batch,
    Up.PREVIEW: Preview,
    Up.REQUEST: Request,
    Down.ACK: Ack,
    Down.ROWS: Rows,
    Down.CHUNK: Chunk,
    Down.COMMAND: Command,
    Down.HELLO: Hello,
}
"""The message of each channel."""


def schema_text() -> str:
    """The schema as it is checked in: the same text for the same messages."""
    return json.dumps(schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def schema() -> dict[str, Any]:
    """JSON Schema 2020-12; the maps name the definition of each channel, entry and row."""
    types: list[Any] = [
        *MESSAGES.values(),
        EntryFields,
        *BODIES.values(),
        *ROW_BODIES.values(),
        EnrolmentRequest,
        Enrolment,
    ]
    _, definitions = msgspec.json.schema_components(types, ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Vratar sync protocol, version {PROTOCOL_VERSION}",
        "channels": {
            f"{'up' if isinstance(channel, Up) else 'dn'}/{channel}": _reference(message)
            for channel, message in MESSAGES.items()
        },
        "entry": _reference(EntryFields),
        "entries": {kind: _reference(body) for kind, body in BODIES.items()},
        "rows": {kind.value: _reference(body) for kind, body in ROW_BODIES.items()},
        "$defs": definitions,
    }


def _reference(kind: type[object]) -> dict[str, str]:
    return {"$ref": f"#/$defs/{kind.__name__}"}

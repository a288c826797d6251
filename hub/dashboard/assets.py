"""What the pages bring along: style, scripts, signs; each addressed by its content."""

import hashlib
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "static"


@cache
def address(name: str) -> str:
    """Where a page finds a file of `static/`; changes with its content, so caches never err."""
    digest = hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:16]
    return f"/static/{name}?v={digest}"

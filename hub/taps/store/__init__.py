"""SQL of what edges sent (journal), what it means (judged) and what people follow (feed)."""

from . import feed, journal, judged

__all__ = ["feed", "journal", "judged"]

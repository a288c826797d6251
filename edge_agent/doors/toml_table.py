"""Reading a TOML table by type and bounds; what is wrong is named with key, value and remedy."""

from collections.abc import Collection, Mapping

from edge_agent.errors import EdgeError


class ProfileError(EdgeError):
    """A hardware profile cannot be used; names the key, its value and the remedy."""

    def __init__(self, key: str, found: object, remedy: str) -> None:
        super().__init__(f"{key} = {found!r}: {remedy}")
        self.key = key


class TomlTable:
    """One table; each key is asked for once, and `end` refuses those nobody asked for."""

    def __init__(self, values: Mapping[str, object], name: str) -> None:
        self._values = values
        self._name = name
        self._asked: set[str] = set()

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number from `low` to `high`; required where there is no default."""
        found = self.optional_whole(key, low, high)
        if found is not None:
            return found
        if default is None:
            raise self.error(key, None, f"set a whole number from {low} to {high}")
        return default

    def optional_whole(self, key: str, low: int, high: int) -> int | None:
        found = self._take(key)
        # bool is an int to Python, not to whoever wrote `baud = true`.
        fits = isinstance(found, int) and not isinstance(found, bool) and low <= found <= high
        if found is not None and not fits:
            raise self.error(key, found, f"use a whole number from {low} to {high}")
        return found if isinstance(found, int) else None

    def one_of(self, key: str, choices: Collection[int], default: int) -> int:
        found = self._take(key)
        if found is None:
            return default
        if isinstance(found, bool) or not isinstance(found, int) or found not in choices:
            raise self.error(key, found, f"use one of {', '.join(map(str, sorted(choices)))}")
        return found

    def text(self, key: str, remedy: str) -> str:
        found = self.optional_text(key)
        if found is None:
            raise self.error(key, None, remedy)
        return found

    def optional_text(self, key: str) -> str | None:
        found = self._take(key)
        if found is None:
            return None
        if not isinstance(found, str) or not found:
            raise self.error(key, found, "use a text that is not empty")
        return found

    def table(self, key: str) -> "TomlTable":
        """The table below `key`; an empty one where it is missing."""
        found = self._take(key)
        if found is not None and not isinstance(found, dict):
            raise self.error(key, found, "make it a table")
        return TomlTable(found or {}, self._path(key))

    def tables(self) -> "dict[str, TomlTable]":
        """All tables below this one by name."""
        return {key: self.table(key) for key in self._values}

    def end(self) -> None:
        """Raise ProfileError for a key that nobody asked for."""
        for key, found in self._values.items():
            if key not in self._asked:
                known = ", ".join(sorted(self._asked)) or "nothing"
                raise self.error(key, found, f"remove it or correct its name; known: {known}")

    def error(self, key: str, found: object, remedy: str) -> ProfileError:
        return ProfileError(self._path(key), found, remedy)

    def _take(self, key: str) -> object:
        self._asked.add(key)
        return self._values.get(key)

    def _path(self, key: str) -> str:
        return f"{self._name}.{key}" if self._name else key

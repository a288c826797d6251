"""The guard: a small process that outlives the demo by a moment and leaves nothing behind.

It is told on its standard input what belongs to the demo. When that input ends, for whatever
reason, it kills the process groups still named and removes the directories.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Self

_END_S_MAX = 10.0


class Guard:
    """The demo's side of the guard process."""

    def __init__(self) -> None:
        # A session of its own: Ctrl-C at the terminal must not end the guard before the demo.
        self._process = subprocess.Popen(  # noqa: S603 - this very file
            [sys.executable, "-I", __file__],
            stdin=subprocess.PIPE,
            start_new_session=True,
            text=True,
            cwd="/",
        )

    def watch_group(self, group: int) -> None:
        self._say(f"group {group}")

    def forget_group(self, group: int) -> None:
        """The group has ended: its number may soon be somebody else's."""
        self._say(f"ended {group}")

    def watch_directory(self, directory: Path) -> None:
        """Remove this directory at the end."""
        self._say(f"directory {directory}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait(_END_S_MAX)

    def _say(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups, directories = _told(sys.stdin)
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)


def _told(lines: Iterable[str]) -> tuple[list[int], list[str]]:
    """Everything that is still the demo's when the input ends."""
    groups: dict[int, None] = {}
    directories: list[str] = []
    for line in lines:
        word, _, rest = line.rstrip("\n").partition(" ")
        if word == "group":
            groups[int(rest)] = None
        elif word == "ended":
            groups.pop(int(rest), None)
        elif word == "directory":
            directories.append(rest)
    return list(groups), directories


if __name__ == "__main__":
    main()

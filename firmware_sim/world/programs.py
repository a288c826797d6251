"""The real commands as process groups of their own: started, stopped, or without power at once."""

import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from firmware_sim.world.guard import Guard

_KILLED_S_MAX = 5.0
_ONCE_S_MAX = 60.0
_TAIL_CHARACTERS = 2_000


class ProgramError(Exception):
    """A program of the demo failed; the text has its last words."""


class Program:
    """One long-running command in its own process group, its output in a file."""

    def __init__(self, name: str, log: Path, process: "subprocess.Popen[bytes]") -> None:
        self.name = name
        self._log = log
        self._process = process
        self._end = os.pidfd_open(process.pid)
        self._gone = False

    @property
    def group(self) -> int:
        """The process group, whose number is nobody else's until `cut` returns."""
        return self._process.pid

    @property
    def runs(self) -> bool:
        return not self._ends_within(0.0)

    def last_words(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")[-_TAIL_CHARACTERS:]

    def require_running(self) -> None:
        """Raise ProgramError if the command has ended by itself."""
        if not self.runs:
            raise ProgramError(f"{self.name} has ended by itself:\n{self.last_words()}")

    def ask_to_end(self) -> None:
        if self.runs:
            os.kill(self.group, signal.SIGTERM)

    def cut(self) -> None:
        """What a power cut does: the whole group is gone in one instant."""
        if self._gone:
            return
        # The leader is waited for only afterwards: until then its number is not used again.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.group, signal.SIGKILL)
        self._process.wait(_KILLED_S_MAX)
        os.close(self._end)
        self._gone = True

    def stop(self, patience_s: float) -> None:
        """Ask it to end; what has not ended in time is killed, with all its children."""
        self.ask_to_end()
        self._ends_within(patience_s)
        self.cut()

    def _ends_within(self, seconds: float) -> bool:
        return self._gone or bool(select.select([self._end], [], [], seconds)[0])


@dataclass(slots=True)
class Programs:
    """Everything the demo has started; leaving the block ends it, newest first."""

    guard: Guard
    logs: Path
    environment: Mapping[str, str]
    patience_s: float = 8.0  # with a program that was asked to end
    _running: list[Program] = field(default_factory=list)

    @property
    def running(self) -> Sequence[Program]:
        """Those that were started and not ended from here, oldest first."""
        return tuple(self._running)

    def start(self, name: str, arguments: Sequence[str]) -> Program:
        """Start a long-running command of this installation."""
        log = self.logs / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(  # noqa: S603 - our own commands
                command(arguments),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(self.environment),
                start_new_session=True,
            )
        self.guard.watch_group(process.pid)
        program = Program(name, log, process)
        self._running.append(program)
        return program

    def cut(self, program: Program) -> None:
        """Take the power from a command and all its children."""
        program.cut()
        self._forget(program)

    def run(self, arguments: Sequence[str], **extra_environment: str) -> str:
        """Run a command to its end; returns what it printed, raises ProgramError if it fails."""
        done = subprocess.run(  # noqa: S603 - our own commands
            command(arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=dict(self.environment) | extra_environment,
            timeout=_ONCE_S_MAX,
            check=False,
        )
        if done.returncode:
            raise ProgramError(
                f"{' '.join(arguments)} ended with {done.returncode}:\n"
                f"{(done.stdout + done.stderr)[-_TAIL_CHARACTERS:]}"
            )
        return done.stdout

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """All are asked first, so that they end together."""
        for program in self._running:
            program.ask_to_end()
        for program in list(reversed(self._running)):
            program.stop(self.patience_s)
            self._forget(program)

    def _forget(self, program: Program) -> None:
        self._running.remove(program)
        self.guard.forget_group(program.group)


def command(arguments: Sequence[str]) -> list[str]:
    """The console script beside this interpreter, wherever it was installed."""
    return [str(Path(sys.executable).parent / arguments[0]), *arguments[1:]]

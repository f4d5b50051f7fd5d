"""What the person at the terminal sees while the solver works, and how Ctrl-C stops it.

Invariant: the first Ctrl-C asks the solver to keep its best; the second gives up, and nothing is written.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import TypeVar

from chassis.web.french import nombre
from rich.console import Console
from rich.live import Live
from rich.table import Table

from scheduling.essai.faults import proper
from scheduling.solver.watch import Watch

T = TypeVar("T")

STOPPING = proper("Arrêt demandé : la meilleure solution trouvée est gardée. Ctrl-C encore pour tout abandonner.")


@dataclass(slots=True)
class Terminal(Watch):
    """The solver's watch: it is told of progress, and asked whether to stop."""

    console: Console
    started: float = field(default_factory=time.monotonic)
    phase: str = ""
    poids: int | None = None
    borne: float | None = None
    _stop: threading.Event = field(default_factory=threading.Event)

    def tell(self, texte: str, poids: int | None = None, borne: float | None = None) -> None:
        phase = proper(texte)
        if phase != self.phase and not self.console.is_terminal:
            self.console.print(phase, highlight=False, soft_wrap=True)
        self.phase, self.poids, self.borne = phase, poids, borne

    def stopped(self) -> bool:
        return self._stop.is_set()

    def watch(self, work: Callable[[], T]) -> T:
        """Do the work in a thread of its own, so that Ctrl-C is heard while a solver is busy.

        Raises KeyboardInterrupt at the second Ctrl-C.
        """
        answer: list[T] = []
        wrong: list[BaseException] = []

        def run() -> None:
            try:
                answer.append(work())
            except BaseException as error:  # noqa: BLE001 - raised again by who waits for it
                wrong.append(error)

        thread = threading.Thread(target=run, daemon=True)
        with self._listening(), Live(get_renderable=self._table, console=self.console, transient=True):
            thread.start()
            while thread.is_alive():
                thread.join(0.1)
        if wrong:
            raise wrong[0]
        return answer[0]

    @contextmanager
    def _listening(self) -> Iterator[None]:
        def interrupt(_number: int, _frame: FrameType | None) -> None:
            if self._stop.is_set():
                raise KeyboardInterrupt
            self._stop.set()
            self.console.print(STOPPING, highlight=False, soft_wrap=True)

        before = signal.signal(signal.SIGINT, interrupt)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _table(self) -> Table:
        grid = Table.grid(padding=(0, 2))
        minutes, seconds = divmod(round(time.monotonic() - self.started), 60)
        grid.add_row("Étape", self.phase)
        grid.add_row("Meilleur poids placé", _number(self.poids))
        grid.add_row("Borne", _number(self.borne))
        grid.add_row("Temps écoulé", f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s")
        return grid


def _number(value: float | None) -> str:
    return "…" if value is None or abs(value) == float("inf") else nombre(round(value, 1))

"""Ctrl-C while `scheduling essai` searches: once keeps the best so far, twice gives up."""

import os
import signal
import threading
import time

import pytest
from rich.console import Console
from scheduling.essai.terminal import Terminal


def test_ctrl_c_keeps_the_best() -> None:
    before = signal.getsignal(signal.SIGINT)  # a shell starts what runs in the background without Ctrl-C
    terminal = Terminal(Console(quiet=True))

    def work() -> str:
        os.kill(os.getpid(), signal.SIGINT)
        while not terminal.stopped():
            time.sleep(0.01)
        return "the best so far"

    assert terminal.watch(work) == "the best so far"
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_ctrl_c_gives_up() -> None:
    terminal = Terminal(Console(quiet=True))
    ended = threading.Event()

    def deaf() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        while not terminal.stopped():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)
        ended.wait(60)

    with pytest.raises(KeyboardInterrupt):
        terminal.watch(deaf)
    ended.set()

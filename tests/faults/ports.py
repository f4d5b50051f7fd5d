"""Ports of one run, one after the other from a given one."""

from local.ports import next_free


class Ports:
    def __init__(self, first: int) -> None:
        self._next = first

    def take(self) -> int:
        port = next_free(self._next)
        self._next = port + 1
        return port

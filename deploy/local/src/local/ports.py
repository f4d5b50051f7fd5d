"""Loopback ports outside the range that the system hands to outgoing connections, so that they stay free."""

import json
import random
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"
_FIRST, _LAST = 20_000, 32_000


def is_free(port: int) -> bool:
    """Whether a server could listen there, on IPv4 and IPv6 (browsers try `localhost` on both)."""
    for family, address in ((socket.AF_INET, LOOPBACK), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((address, port))
        except OSError:
            if family == socket.AF_INET or (socket.has_ipv6 and _answers("::1", port)):
                return False
    return True


def _answers(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=0.5):
            return True
    except OSError:
        return False


def answers(port: int) -> bool:
    """Whether something accepts connections on the loopback port."""
    return _answers(LOOPBACK, port)


def free_port(taken: frozenset[int] = frozenset()) -> int:
    """Pick a port that nothing uses now."""
    for _ in range(200):
        port = random.randint(_FIRST, _LAST)  # noqa: S311 - not a secret
        if port not in taken and is_free(port):
            return port
    raise OSError("no free port on the loopback address")


def next_free(port: int) -> int:
    """Return the first free port from `port` on."""
    while not is_free(port):
        port += 1
    return port


class KeptPorts:
    """Ports by name, kept in a JSON file; a port that somebody else has taken meanwhile is replaced."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._ports: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}

    def __getitem__(self, name: str) -> int:
        port = self._ports.get(name)
        if port is None or not is_free(port):
            port = free_port(frozenset(self._ports.values()))
            self._ports[name] = port
            self._file.write_text(json.dumps(self._ports, indent=1))
        return port

"""Who follows a run of the solver, and may ask it to end with the best that it has."""

from typing import Protocol


class Watch(Protocol):
    """Given to the solver, which tells it how far it is and looks at it between two steps."""

    def tell(self, texte: str, poids: int | None = None, borne: float | None = None) -> None:
        """Say in French what is being done; `poids` is that of the best found, `borne` the most that can be."""

    def stopped(self) -> bool:
        """Whether to end now, with the best found so far."""

"""How a caller follows the solver while it runs, and ends it early."""

SEARCHING = "Recherche de meilleurs créneaux"
"""The step during which the weight rises and the bound comes down."""


class Watch:
    """The one that nobody looks at; a caller overrides what it needs."""

    def tell(self, texte: str, poids: int | None = None, borne: float | None = None) -> None:
        """Learn the step, and the weight placed so far with the bound on it once they are known."""

    def stopped(self) -> bool:
        """Say whether to keep the best so far instead of looking for better."""
        return False

"""A problem that a person can understand, told on a page of its own."""


class PageError(Exception):
    def __init__(self, status: int, titre: str, texte: str) -> None:
        super().__init__(titre)
        self.status = status
        self.titre = titre
        self.texte = texte

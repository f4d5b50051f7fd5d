"""Signed links: who holds the link may see and do what its purpose says, until it expires.

A link is never stored: the same purpose, ids and expiry always give the same token. GET shows, POST acts, since mail
scanners follow links.
"""

from datetime import UTC, datetime

from itsdangerous import BadData, URLSafeSerializer

from chassis.web.errors import PageError


class BadLink(PageError):
    def __init__(self) -> None:
        super().__init__(
            404,
            "Ce lien n’est pas valide",
            "Il est peut-être incomplet : ouvrez-le de nouveau depuis le message que vous avez reçu.",
        )


class ExpiredLink(PageError):
    def __init__(self) -> None:
        super().__init__(410, "Ce lien a expiré", "Le délai pour l’utiliser est passé. Vous n’avez rien à faire.")


class Links:
    """Signs and reads tokens; services that share the secret key read each other's."""

    def __init__(self, secret_key: str) -> None:
        self._secret_key = secret_key

    def sign(self, purpose: str, *ids: str, expires: datetime | None = None) -> str:
        until = int(expires.timestamp()) if expires else 0
        return self._serializer(purpose).dumps([until, *ids])

    def read(self, purpose: str, token: str, now: datetime) -> tuple[str, ...]:
        """The ids in the token. Raises BadLink or ExpiredLink, both told politely to the person."""
        try:
            until, *ids = self._serializer(purpose).loads(token)
            expires = datetime.fromtimestamp(int(until), UTC) if until else None
        except (BadData, ValueError, TypeError):
            raise BadLink from None
        if expires is not None and now > expires:
            raise ExpiredLink
        return tuple(str(part) for part in ids)

    def _serializer(self, purpose: str) -> URLSafeSerializer:
        return URLSafeSerializer(self._secret_key, salt=f"ateliers.{purpose}")

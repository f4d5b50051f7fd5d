"""Settings of notification, beside those that every service has."""

from email.headerregistry import Address
from email.utils import parseaddr

import chassis.settings
from pydantic import Field, SecretStr, field_validator

from notification.smtp import SmtpServer


def address(text: str) -> Address:
    """Read `Name <mail@host>` or `mail@host`. Raises ValueError for anything else."""
    name, spec = parseaddr(text)
    if "@" not in spec:
        raise ValueError("must be an address: Name <mail@host>")
    return Address(display_name=name, addr_spec=spec)


class Settings(chassis.settings.Settings):
    smtp_url: SecretStr = Field(
        description="smtp://[login:password@]host[:port][?starttls=auto|always|never], or smtps://"
    )
    mail_from: str = Field(description="Who writes: Name <mail@host>")
    reply_to: str | None = Field(default=None, description="Where answers go, if not to MAIL_FROM")

    @field_validator("mail_from", "reply_to")
    @classmethod
    def _is_an_address(cls, text: str | None) -> str | None:
        if text is not None:
            address(text)
        return text

    @field_validator("smtp_url")
    @classmethod
    def _is_an_smtp_url(cls, url: SecretStr) -> SecretStr:
        SmtpServer.of(url.get_secret_value())
        return url

"""What this service tells Prometheus beside what every service does."""

from prometheus_client import Gauge
from sqlalchemy.ext.asyncio import AsyncConnection

from notification.domain import Etat
from notification.repository.envois import counts

mails = Gauge("ateliers_mails", "Messages by state", ["state"])


async def mails_by_state(connection: AsyncConnection) -> list[str]:
    found = await counts(connection)
    for etat in Etat:
        mails.labels(state=etat.value).set(found.get(etat.value, 0))
    uncertain = found.get(Etat.INCERTAIN.value, 0)
    return [f"mails: {uncertain} uncertain, the team decides on /messages/"] if uncertain else []

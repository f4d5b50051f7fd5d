"""Alembic's entry point: the chassis knows how, this service knows which tables."""

from chassis.migrations import run
from notification.tables import metadata

run(metadata)

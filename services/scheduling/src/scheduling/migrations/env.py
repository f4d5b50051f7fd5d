"""Alembic's entry point: the chassis knows how, this service knows which tables."""

from chassis.migrations import run
from scheduling.tables import metadata

run(metadata)

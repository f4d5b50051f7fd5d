from chassis.migrations import run
from registration.tables import metadata

run(metadata)

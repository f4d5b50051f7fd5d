from chassis.migrations import run
from feedback.tables import metadata

run(metadata)

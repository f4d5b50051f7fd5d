"""What people did about the records that were kept aside."""

from alembic import op
from chassis.migrations import add_dlq_history, drop_dlq_history

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_dlq_history(op)


def downgrade() -> None:
    drop_dlq_history(op)

"""The demande as plain JSON: nothing looks inside it, and its binary form takes PostgreSQL twice the time to write."""

from alembic import op
from sqlalchemy.dialects.postgresql import JSON, JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("inscriptions", "demande", type_=JSON, postgresql_using="demande::json")


def downgrade() -> None:
    op.alter_column("inscriptions", "demande", type_=JSONB, postgresql_using="demande::jsonb")

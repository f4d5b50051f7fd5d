"""Absences of animateurs and days struck after the campagne was opened."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "absences",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("animateur", sa.Text(), nullable=False),
        sa.Column("du", sa.Date(), nullable=False),
        sa.Column("au", sa.Date(), nullable=True, comment="Included; none: for good."),
        sa.Column("declaree_le", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("absences_pkey")),
    )
    op.create_index("ix_absences_animateur", "absences", ["animateur", "du"], unique=False)
    op.create_table(
        "jours_exclus",
        sa.Column("campagne", sa.Text(), nullable=False),
        sa.Column("jour", sa.Date(), nullable=False),
        sa.Column("declare_le", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("campagne", "jour", name=op.f("jours_exclus_pkey")),
    )


def downgrade() -> None:
    op.drop_table("jours_exclus")
    op.drop_index("ix_absences_animateur", table_name="absences")
    op.drop_table("absences")

"""Places that withdrawals free, the rank of a thématique for the person, and a way to somebody's earlier seasons."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_EMAIL_BEFORE = "Lower case; only to resolve the wishes to be with or apart."
_EMAIL = "Lower case; tells who is the same person, and resolves wishes."


def upgrade() -> None:
    op.add_column(
        "inscriptions", sa.Column("rang", sa.Integer(), comment="1: the thématique wanted most, if it was said.")
    )
    op.create_index("ix_inscriptions_email", "inscriptions", ["email"])
    op.alter_column("inscriptions", "email", comment=_EMAIL, existing_comment=_EMAIL_BEFORE)
    op.create_table(
        "remplacements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("groupe", sa.Uuid(), nullable=False),
        sa.Column("partie", sa.Uuid(), nullable=False, comment="The inscription whose place it was."),
        sa.Column("etat", sa.Text(), nullable=False, comment="ouvert, pourvu (see choisie) or clos."),
        sa.Column("automatique", sa.Boolean(), nullable=False, comment="Filled by itself, as the campagne is set."),
        sa.Column("choisie", sa.Uuid(), comment="The inscription that has the place now."),
        sa.Column("phrase", sa.Text(), comment="Why this person, as the team read it."),
        sa.Column("ouvert_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decide_le", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["groupe"], ["groupes.id"], name=op.f("remplacements_groupe_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("remplacements_pkey")),
    )
    op.create_index("ix_remplacements_groupe", "remplacements", ["groupe", "etat"])
    op.create_index("uq_remplacements_partie", "remplacements", ["partie"], unique=True)


def downgrade() -> None:
    op.drop_table("remplacements")
    op.alter_column("inscriptions", "email", comment=_EMAIL_BEFORE, existing_comment=_EMAIL)
    op.drop_index("ix_inscriptions_email", "inscriptions")
    op.drop_column("inscriptions", "rang")

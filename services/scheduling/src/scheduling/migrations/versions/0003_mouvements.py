"""Moves by hand, fixed places, and how far the solver is."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ADDED = ("poids", "borne", "secondes", "arret_demande", "version")


def upgrade() -> None:
    for column in (
        sa.Column("poids", sa.Integer(), nullable=True, comment="Of the best that the solver has found so far."),
        sa.Column(
            "borne",
            sa.Float(),
            nullable=True,
            comment="What no proposition can weigh more than, as far as the solver knows.",
        ),
        sa.Column("secondes", sa.Integer(), nullable=True, comment="How long the solver has been running."),
        sa.Column("arret_demande", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column(
            "version",
            sa.Integer(),
            nullable=False,
            server_default="0",
            comment="Counts the team's moves, undone or not.",
        ),
    ):
        op.add_column("propositions", column)
    _number_groupes()
    op.create_table(
        "mouvements",
        sa.Column("proposition", sa.Uuid(), nullable=False),
        sa.Column("rang", sa.Integer(), nullable=False, comment="Counts from 1; those that are undone are the last."),
        sa.Column(
            "changements",
            postgresql.JSONB(),
            nullable=False,
            comment="Each decision that changed, whole, before and after.",
        ),
        sa.Column("annule", sa.Boolean(), nullable=False),
        sa.Column("fait_le", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["proposition"],
            ["propositions.id"],
            name=op.f("mouvements_proposition_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("proposition", "rang", name=op.f("mouvements_pkey")),
    )
    op.create_table(
        "places_fixees",
        sa.Column("inscription", sa.Uuid(), nullable=False),
        sa.Column("campagne", sa.Text(), nullable=False),
        sa.Column("creneau", sa.Text(), nullable=False),
        sa.Column(
            "numero",
            sa.Integer(),
            nullable=True,
            comment="Of the groupe in its créneau; null: any groupe of the créneau.",
        ),
        sa.Column("fixee_le", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("inscription", name=op.f("places_fixees_pkey")),
    )
    op.create_index("ix_places_fixees_campagne", "places_fixees", ["campagne"])


def _number_groupes() -> None:
    comment = "From 1 among the thématique's groupes of the créneau."
    op.add_column("groupes", sa.Column("numero", sa.Integer(), nullable=True, comment=comment))
    op.execute("""
        UPDATE groupes SET numero = rangs.numero
        FROM (SELECT id, row_number() OVER (PARTITION BY proposition, thematique, creneau ORDER BY ordre) AS numero
              FROM groupes) rangs
        WHERE rangs.id = groupes.id
    """)
    op.alter_column("groupes", "numero", nullable=False)


def downgrade() -> None:
    op.drop_table("places_fixees")
    op.drop_table("mouvements")
    op.drop_column("groupes", "numero")
    for column in _ADDED:
        op.drop_column("propositions", column)

"""Projections of the others' events, and the retours."""

import sqlalchemy as sa
from alembic import op
from chassis.migrations import create_delivery_tables, drop_delivery_tables
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_delivery_tables(op)
    op.create_table(
        "campagnes",
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("nom", sa.Text, nullable=False),
        sa.Column("seances_du", sa.Date, nullable=False),
        sa.Column(
            "thematiques",
            postgresql.JSONB,
            nullable=False,
            comment="[code, titre] in the order of the campagne",
        ),
    )
    op.create_table(
        "participants",
        sa.Column("inscription", sa.Uuid, primary_key=True),
        sa.Column("campagne", sa.Text, nullable=False),
        sa.Column("prenom", sa.Text, nullable=False),
        sa.Column("nom", sa.Text, nullable=False),
        sa.Column("fonction", sa.Text, nullable=False),
        sa.Column("collectivite", sa.Text, nullable=False),
        sa.Column("annulee_le", MOMENT),
    )
    op.create_table(
        "groupes",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("campagne", sa.Text, nullable=False, index=True),
        sa.Column("thematique", sa.Text, nullable=False),
        sa.Column("nom", sa.Text, nullable=False),
        sa.Column("animateur_nom", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("dissous_le", MOMENT),
    )
    op.create_table(
        "membres",
        sa.Column("groupe", sa.Uuid, primary_key=True),
        sa.Column("inscription", sa.Uuid, primary_key=True),
        sa.Column("depuis", MOMENT, nullable=False),
        sa.Column("jusque", MOMENT, comment="when the person left the groupe"),
    )
    op.create_table(
        "seances",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("groupe", sa.Uuid, nullable=False, index=True),
        sa.Column("campagne", sa.Text, nullable=False, index=True),
        sa.Column("thematique", sa.Text, nullable=False),
        sa.Column("rang", sa.SmallInteger, nullable=False),
        sa.Column("debut", MOMENT, nullable=False),
        sa.Column("fin", MOMENT, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("annulee", sa.Boolean, nullable=False),
    )
    op.create_table(
        "retours",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("seance", sa.Uuid, nullable=False),
        sa.Column("inscription", sa.Uuid, nullable=False),
        sa.Column("satisfaction", sa.SmallInteger, nullable=False),
        sa.Column("utile", sa.Text, nullable=False),
        sa.Column("manque", sa.Text, nullable=False),
        sa.Column("besoins", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("besoins_texte", sa.Text, nullable=False),
        sa.Column(
            "temoignage",
            postgresql.JSONB(none_as_null=True),
            comment="nom, fonction, collectivite, texte; only with consent",
        ),
        sa.Column("consenti_le", MOMENT),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("collecte_le", MOMENT, nullable=False),
        sa.UniqueConstraint("seance", "inscription"),
        sa.Index("retours_collecte_le_idx", "collecte_le"),
    )


def downgrade() -> None:
    for table in ("retours", "seances", "membres", "groupes", "participants", "campagnes"):
        op.drop_table(table)
    drop_delivery_tables(op)

"""The projection, the calendars and the messages.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op
from chassis.migrations import create_delivery_tables, drop_delivery_tables
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_delivery_tables(op)
    op.create_table(
        "agendas",
        sa.Column("seance", sa.Uuid(), nullable=False),
        sa.Column("inscription", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False, comment="the iCalendar SEQUENCE told last to this person"),
        sa.Column("version", sa.Integer(), nullable=False, comment="the séance's own sequence at that time"),
        sa.Column("annulee", sa.Boolean(), nullable=False),
        sa.Column("dit_le", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("seance", "inscription", name=op.f("agendas_pkey")),
    )
    op.create_index(op.f("agendas_inscription_idx"), "agendas", ["inscription"], unique=False)
    op.create_table(
        "campagnes",
        sa.Column("campagne", sa.Text(), nullable=False),
        sa.Column("nom", sa.Text(), nullable=False),
        sa.Column("thematiques", JSONB(), nullable=False, comment="title by code"),
        sa.PrimaryKeyConstraint("campagne", name=op.f("campagnes_pkey")),
    )
    op.create_table(
        "envois",
        sa.Column("id", sa.Uuid(), nullable=False, comment="follows from the key; the Message-ID follows from it"),
        sa.Column(
            "ordre",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="a person's messages go out in this order",
        ),
        sa.Column("cle", sa.Text(), nullable=False, comment="what:whom:version"),
        sa.Column("modele", sa.Text(), nullable=False),
        sa.Column("inscription", sa.Uuid(), nullable=False),
        sa.Column(
            "contexte",
            JSONB(),
            nullable=False,
            comment="ids and facts; written out when it is sent",
        ),
        sa.Column("etat", sa.Text(), server_default="a_envoyer", nullable=False),
        sa.Column(
            "essais", sa.Integer(), server_default="0", nullable=False, comment="answers of the mail server so far"
        ),
        sa.Column(
            "prochain_essai",
            MOMENT,
            nullable=True,
            comment="by the database's clock, which nothing shifts; null: at once",
        ),
        sa.Column("reclame_le", MOMENT, nullable=True, comment="likewise"),
        sa.Column(
            "commence",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="its sending may have begun",
        ),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("cree_le", MOMENT, nullable=False),
        sa.Column("envoye_le", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("envois_pkey")),
        sa.UniqueConstraint("cle", name=op.f("envois_cle_key")),
    )
    op.create_index(
        "envois_claimed_idx", "envois", ["reclame_le"], unique=False, postgresql_where=sa.text("etat = 'en_cours'")
    )
    op.create_index("envois_due_idx", "envois", ["ordre"], unique=False, postgresql_where=sa.text("etat = 'a_envoyer'"))
    op.create_index("envois_etat_idx", "envois", ["etat", "modele"], unique=False)
    op.create_index("envois_inscription_idx", "envois", ["inscription"], unique=False)
    op.create_index("envois_ordre_idx", "envois", [sa.literal_column("ordre DESC")], unique=False)
    op.create_index(
        "envois_unfinished_idx",
        "envois",
        ["inscription", "ordre"],
        unique=False,
        postgresql_where=sa.text("etat IN ('a_envoyer', 'en_cours')"),
    )
    op.create_table(
        "groupes",
        sa.Column("groupe", sa.Uuid(), nullable=False),
        sa.Column("campagne", sa.Text(), nullable=False),
        sa.Column("thematique", sa.Text(), nullable=False),
        sa.Column("nom", sa.Text(), nullable=False),
        sa.Column("creneau", sa.Text(), nullable=False),
        sa.Column("animateur_nom", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("dissous", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("groupe", name=op.f("groupes_pkey")),
    )
    op.create_table(
        "participants",
        sa.Column("inscription", sa.Uuid(), nullable=False),
        sa.Column("campagne", sa.Text(), nullable=False),
        sa.Column("thematique", sa.Text(), nullable=False),
        sa.Column("prenom", sa.Text(), nullable=False),
        sa.Column("nom", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("etat", sa.Text(), nullable=False, comment="validee, refusee, annulee"),
        sa.Column(
            "messages",
            sa.Boolean(),
            server_default=sa.text("true"),
            nullable=False,
            comment="wants reminders and surveys",
        ),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("motif", sa.Text(), nullable=True),
        sa.Column("phrase", sa.Text(), nullable=True),
        sa.Column("groupe", sa.Uuid(), nullable=True),
        sa.Column("rang_attente", sa.Integer(), nullable=True),
        sa.Column("decidee_le", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("inscription", name=op.f("participants_pkey")),
    )
    op.create_table(
        "seances",
        sa.Column("seance", sa.Uuid(), nullable=False),
        sa.Column("groupe", sa.Uuid(), nullable=False),
        sa.Column("rang", sa.Integer(), nullable=False),
        sa.Column("debut", MOMENT, nullable=False),
        sa.Column("fin", MOMENT, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("visio_url", sa.Text(), nullable=False),
        sa.Column("annulee", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("rappel_version", sa.Integer(), nullable=True, comment="the sequence whose reminders are made"),
        sa.Column("questionnaire_fait", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("seance", name=op.f("seances_pkey")),
    )
    op.create_index(op.f("seances_debut_idx"), "seances", ["debut"], unique=False)
    op.create_index(op.f("seances_fin_idx"), "seances", ["fin"], unique=False)
    op.create_index(op.f("seances_groupe_idx"), "seances", ["groupe"], unique=False)
    op.create_table(
        "membres",
        sa.Column("groupe", sa.Uuid(), nullable=False),
        sa.Column("inscription", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["groupe"], ["groupes.groupe"], name=op.f("membres_groupe_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("groupe", "inscription", name=op.f("membres_pkey")),
    )
    op.create_index(op.f("membres_inscription_idx"), "membres", ["inscription"], unique=False)


def downgrade() -> None:
    for table in ("membres", "seances", "participants", "groupes", "envois", "campagnes", "agendas"):
        op.drop_table(table)
    drop_delivery_tables(op)

"""The first tables."""

import sqlalchemy as sa
from alembic import op
from chassis.migrations import create_delivery_tables, drop_delivery_tables
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_delivery_tables(op)
    op.create_table(
        "annulations",
        sa.Column("inscription", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("annulee_le", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("inscription", name=op.f("annulations_pkey")),
    )
    op.create_table(
        "campagnes",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("nom", sa.Text(), nullable=False),
        sa.Column("seances_du", sa.Date(), nullable=False),
        sa.Column("seances_au", sa.Date(), nullable=False),
        sa.Column(
            "donnees",
            postgresql.JSONB(),
            nullable=False,
            comment="The last event of the campagne, whole.",
        ),
        sa.Column("close_le", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("campagnes_pkey")),
    )
    op.create_table(
        "inscriptions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campagne", sa.Text(), nullable=False),
        sa.Column("thematique", sa.Text(), nullable=False),
        sa.Column("personne", sa.Text(), nullable=False),
        sa.Column(
            "email", sa.Text(), nullable=False, comment="Lower case; only to resolve the wishes to be with or apart."
        ),
        sa.Column("fonction", sa.Text(), nullable=False),
        sa.Column("qualite", sa.Text(), nullable=False),
        sa.Column("collectivite", sa.Text(), nullable=False, comment="Type and code: codes alone are not unique."),
        sa.Column("collectivite_nom", sa.Text(), nullable=False),
        sa.Column("departement", sa.Text(), nullable=False),
        sa.Column("taille", sa.Text(), nullable=False),
        sa.Column(
            "disponibilites",
            postgresql.JSONB(),
            nullable=False,
            comment="Créneau to `prefere` or `possible`.",
        ),
        sa.Column("avec", postgresql.JSONB(), nullable=False),
        sa.Column("sans", postgresql.JSONB(), nullable=False),
        sa.Column("recue_le", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("inscriptions_pkey")),
    )
    op.create_index("ix_inscriptions_campagne", "inscriptions", ["campagne", "thematique"], unique=False)
    op.create_table(
        "propositions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campagne", sa.Text(), nullable=False),
        sa.Column(
            "etat",
            sa.Text(),
            nullable=False,
            comment="demandee, en_cours, prete, publiee, echouee (see erreur) or abandonnee.",
        ),
        sa.Column("automatique", sa.Boolean(), nullable=False, comment="Published by itself as soon as it is ready."),
        sa.Column("demandee_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("commence_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("prete_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("publiee_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("progression", sa.Text(), server_default="", nullable=False),
        sa.Column("erreur", sa.Text(), nullable=True),
        sa.Column(
            "bilan",
            postgresql.JSONB(),
            nullable=True,
            comment="How good it is, by thématique, and what the team should know.",
        ),
        sa.Column("prenable_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bail_jusqu_a", sa.DateTime(timezone=True), nullable=True),
        sa.Column("jeton", sa.Uuid(), nullable=True, comment="Who holds the claim."),
        sa.Column("essais", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("propositions_pkey")),
    )
    op.create_index("ix_propositions_campagne", "propositions", ["campagne", "demandee_le"], unique=False)
    op.create_index(
        "uq_propositions_une_en_preparation",
        "propositions",
        ["campagne"],
        unique=True,
        postgresql_where=sa.text("etat IN ('demandee', 'en_cours')"),
    )
    op.create_index(
        "uq_propositions_une_publiee",
        "propositions",
        ["campagne"],
        unique=True,
        postgresql_where=sa.text("etat = 'publiee'"),
    )
    op.create_table(
        "groupes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("proposition", sa.Uuid(), nullable=False),
        sa.Column("ordre", sa.Integer(), nullable=False),
        sa.Column("thematique", sa.Text(), nullable=False),
        sa.Column("nom", sa.Text(), nullable=False),
        sa.Column("creneau", sa.Text(), nullable=False),
        sa.Column("animateur", sa.Text(), nullable=False),
        sa.Column("animateur_nom", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["proposition"], ["propositions.id"], name=op.f("groupes_proposition_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("groupes_pkey")),
    )
    op.create_index("ix_groupes_proposition", "groupes", ["proposition", "ordre"], unique=False)
    op.create_table(
        "affectations",
        sa.Column("proposition", sa.Uuid(), nullable=False),
        sa.Column("inscription", sa.Uuid(), nullable=False),
        sa.Column("thematique", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("phrase", sa.Text(), nullable=False),
        sa.Column("groupe", sa.Uuid(), nullable=True),
        sa.Column("groupe_quitte", sa.Uuid(), nullable=True, comment="Held until a withdrawal."),
        sa.Column("rang_attente", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["groupe"], ["groupes.id"], name=op.f("affectations_groupe_fkey"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["groupe_quitte"], ["groupes.id"], name=op.f("affectations_groupe_quitte_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["proposition"], ["propositions.id"], name=op.f("affectations_proposition_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("proposition", "inscription", name=op.f("affectations_pkey")),
    )
    op.create_index(
        "ix_affectations_attente", "affectations", ["proposition", "thematique", "rang_attente"], unique=False
    )
    op.create_index("ix_affectations_groupe", "affectations", ["groupe"], unique=False)
    op.create_index("ix_affectations_inscription", "affectations", ["inscription"], unique=False)
    op.create_table(
        "seances",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("groupe", sa.Uuid(), nullable=False),
        sa.Column("rang", sa.Integer(), nullable=False),
        sa.Column("debut", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fin", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("visio_url", sa.Text(), nullable=False),
        sa.Column("cause_annulation", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["groupe"], ["groupes.id"], name=op.f("seances_groupe_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("seances_pkey")),
    )
    op.create_index("ix_seances_debut", "seances", ["debut"], unique=False)
    op.create_index("ix_seances_groupe", "seances", ["groupe", "rang"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_seances_groupe", table_name="seances")
    op.drop_index("ix_seances_debut", table_name="seances")
    op.drop_table("seances")
    op.drop_index("ix_affectations_inscription", table_name="affectations")
    op.drop_index("ix_affectations_groupe", table_name="affectations")
    op.drop_index("ix_affectations_attente", table_name="affectations")
    op.drop_table("affectations")
    op.drop_index("ix_groupes_proposition", table_name="groupes")
    op.drop_table("groupes")
    op.drop_index(
        "uq_propositions_une_publiee", table_name="propositions", postgresql_where=sa.text("etat = 'publiee'")
    )
    op.drop_index(
        "uq_propositions_une_en_preparation",
        table_name="propositions",
        postgresql_where=sa.text("etat IN ('demandee', 'en_cours')"),
    )
    op.drop_index("ix_propositions_campagne", table_name="propositions")
    op.drop_table("propositions")
    op.drop_index("ix_inscriptions_campagne", table_name="inscriptions")
    op.drop_table("inscriptions")
    op.drop_table("campagnes")
    op.drop_table("annulations")
    drop_delivery_tables(op)

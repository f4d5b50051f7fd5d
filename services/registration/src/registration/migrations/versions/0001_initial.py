"""The tables of the first version."""

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
        "campagnes",
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("etat", sa.Text, nullable=False),
        sa.Column("document", JSONB, nullable=False),
        sa.Column("creee_le", MOMENT, nullable=False),
        sa.Column("ouverte_le", MOMENT),
        sa.Column("close_le", MOMENT),
        sa.PrimaryKeyConstraint("code", name="campagnes_pkey"),
    )
    op.create_table(
        "brouillons",
        sa.Column("id", sa.Uuid, nullable=False, comment="the id that the inscription will have"),
        sa.Column("campagne", sa.Text, nullable=False),
        sa.Column("contenu", JSONB, nullable=False, comment="what was typed, as it was typed; emptied when sent"),
        sa.Column("modifie_le", MOMENT, nullable=False),
        sa.Column("envoye_le", MOMENT),
        sa.Column("repondu", sa.Boolean, nullable=False, comment="the event that was sent has been answered"),
        sa.PrimaryKeyConstraint("id", name="brouillons_pkey"),
    )
    op.create_index("brouillons_modifie_le_idx", "brouillons", ["modifie_le"])
    _create_inscriptions()
    _create_projections()


def _create_inscriptions() -> None:
    op.create_table(
        "inscriptions",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("campagne", sa.Text, nullable=False),
        sa.Column("thematique", sa.Text, nullable=False),
        sa.Column("etat", sa.Text, nullable=False),
        sa.Column("code", sa.Text, comment="of the refusal"),
        sa.Column("phrase", sa.Text),
        sa.Column("adresse_cle", sa.Text, nullable=False),
        sa.Column("prenom", sa.Text, nullable=False),
        sa.Column("nom", sa.Text, nullable=False),
        sa.Column("qualite", sa.Text, nullable=False),
        sa.Column("collectivite_type", sa.Text, nullable=False),
        sa.Column("collectivite_code", sa.Text, nullable=False),
        sa.Column("collectivite", sa.Text, nullable=False),
        sa.Column("departement", sa.Text, nullable=False),
        sa.Column("taille", sa.Text, nullable=False),
        sa.Column("recherche", sa.Text, nullable=False, comment="names, address and collectivité without accents"),
        sa.Column("demande", JSONB, nullable=False, comment="inscription.recue as it came"),
        sa.Column("recue_le", MOMENT, nullable=False),
        sa.Column("traitee_le", MOMENT, nullable=False),
        sa.Column("retrait_demande_le", MOMENT),
        sa.PrimaryKeyConstraint("id", name="inscriptions_pkey"),
    )
    op.create_index(
        "inscriptions_une_par_adresse",
        "inscriptions",
        ["campagne", "thematique", "adresse_cle"],
        unique=True,
        postgresql_where=sa.text("etat = 'validee'"),
    )
    op.create_index("inscriptions_campagne_recue_le_idx", "inscriptions", ["campagne", "recue_le"])


def _create_projections() -> None:
    op.create_table(
        "affectations",
        sa.Column("inscription", sa.Uuid, nullable=False),
        sa.Column("decision", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("phrase", sa.Text, nullable=False),
        sa.Column("groupe", sa.Uuid),
        sa.Column("rang_attente", sa.Integer),
        sa.Column("decidee_le", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("inscription", name="affectations_pkey"),
    )
    op.create_table(
        "groupes",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("nom", sa.Text, nullable=False),
        sa.Column("creneau", sa.Text, nullable=False),
        sa.Column("animateur_nom", sa.Text, nullable=False),
        sa.Column("membres", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="groupes_pkey"),
    )
    op.create_table(
        "seances",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("groupe", sa.Uuid, nullable=False),
        sa.Column("rang", sa.Integer, nullable=False),
        sa.Column("debut", MOMENT, nullable=False),
        sa.Column("fin", MOMENT, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("visio_url", sa.Text),
        sa.Column("annulee", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="seances_pkey"),
    )
    op.create_index("seances_groupe_idx", "seances", ["groupe"])


def downgrade() -> None:
    for table in ("seances", "groupes", "affectations", "inscriptions", "brouillons", "campagnes"):
        op.drop_table(table)
    drop_delivery_tables(op)

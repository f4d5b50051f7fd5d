"""The tables of registration; `inscriptions` is the truth, the last three are projections of scheduling's events.

A person is validated once per campagne and thématique: the partial unique index decides, not the code.
"""

from chassis.tables import new_metadata
from sqlalchemy import Boolean, Column, DateTime, Index, Integer, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSON, JSONB

metadata = new_metadata()

MOMENT = DateTime(timezone=True)

campagnes = Table(
    "campagnes",
    metadata,
    Column("code", Text, primary_key=True),
    Column("etat", Text, nullable=False),
    Column("document", JSONB, nullable=False),
    Column("creee_le", MOMENT, nullable=False),
    Column("ouverte_le", MOMENT),
    Column("close_le", MOMENT),
)

brouillons = Table(
    "brouillons",
    metadata,
    Column("id", Uuid, primary_key=True, comment="the id that the inscription will have"),
    Column("campagne", Text, nullable=False),
    Column("contenu", JSONB, nullable=False, comment="what was typed, as it was typed; emptied when sent"),
    Column("modifie_le", MOMENT, nullable=False, index=True),
    Column("envoye_le", MOMENT),
    Column("repondu", Boolean, nullable=False, default=False, comment="the event that was sent has been answered"),
)

inscriptions = Table(
    "inscriptions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("campagne", Text, nullable=False),
    Column("thematique", Text, nullable=False),
    Column("etat", Text, nullable=False),
    Column("code", Text, comment="of the refusal"),
    Column("phrase", Text),
    Column("adresse_cle", Text, nullable=False),
    Column("prenom", Text, nullable=False),
    Column("nom", Text, nullable=False),
    Column("qualite", Text, nullable=False),
    Column("collectivite_type", Text, nullable=False),
    Column("collectivite_code", Text, nullable=False),
    Column("collectivite", Text, nullable=False),
    Column("departement", Text, nullable=False),
    Column("taille", Text, nullable=False),
    Column("recherche", Text, nullable=False, comment="names, address and collectivité without accents"),
    Column("demande", JSON, nullable=False, comment="inscription.recue as it came"),
    Column("recue_le", MOMENT, nullable=False),
    Column("traitee_le", MOMENT, nullable=False),
    Column("retrait_demande_le", MOMENT),
    Index(
        "inscriptions_une_par_adresse",
        "campagne",
        "thematique",
        "adresse_cle",
        unique=True,
        postgresql_where=text("etat = 'validee'"),
    ),
    Index("inscriptions_campagne_recue_le_idx", "campagne", "recue_le"),
)

affectations = Table(
    "affectations",
    metadata,
    Column("inscription", Uuid, primary_key=True),
    Column("decision", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("phrase", Text, nullable=False),
    Column("groupe", Uuid),
    Column("rang_attente", Integer),
    Column("decidee_le", MOMENT, nullable=False),
)

groupes = Table(
    "groupes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("nom", Text, nullable=False),
    Column("creneau", Text, nullable=False),
    Column("animateur_nom", Text, nullable=False),
    Column("membres", Integer, nullable=False),
    Column("version", Integer, nullable=False),
)

seances = Table(
    "seances",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("groupe", Uuid, nullable=False, index=True),
    Column("rang", Integer, nullable=False),
    Column("debut", MOMENT, nullable=False),
    Column("fin", MOMENT, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("visio_url", Text),
    Column("annulee", Boolean, nullable=False),
)

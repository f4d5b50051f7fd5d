"""The tables of feedback: projections of what other services publish, and `retours`, its own truth.

Projections refer to each other by id without foreign keys: each topic arrives at its own pace.
"""

from chassis.tables import new_metadata
from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = new_metadata()

MOMENT = DateTime(timezone=True)

campagnes = Table(
    "campagnes",
    metadata,
    Column("code", Text, primary_key=True),
    Column("nom", Text, nullable=False),
    Column("seances_du", Date, nullable=False),
    Column("thematiques", JSONB, nullable=False, comment="[code, titre] in the order of the campagne"),
)

participants = Table(
    "participants",
    metadata,
    Column("inscription", Uuid, primary_key=True),
    Column("campagne", Text, nullable=False),
    Column("prenom", Text, nullable=False),
    Column("nom", Text, nullable=False),
    Column("fonction", Text, nullable=False),
    Column("collectivite", Text, nullable=False),
    Column("annulee_le", MOMENT),
)

groupes = Table(
    "groupes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("campagne", Text, nullable=False, index=True),
    Column("thematique", Text, nullable=False),
    Column("nom", Text, nullable=False),
    Column("animateur_nom", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("dissous_le", MOMENT),
)

membres = Table(
    "membres",
    metadata,
    Column("groupe", Uuid, primary_key=True),
    Column("inscription", Uuid, primary_key=True),
    Column("depuis", MOMENT, nullable=False),
    Column("jusque", MOMENT, comment="when the person left the groupe"),
)

seances = Table(
    "seances",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("groupe", Uuid, nullable=False, index=True),
    Column("campagne", Text, nullable=False, index=True),
    Column("thematique", Text, nullable=False),
    Column("rang", SmallInteger, nullable=False),
    Column("debut", MOMENT, nullable=False),
    Column("fin", MOMENT, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("annulee", Boolean, nullable=False),
)

retours = Table(
    "retours",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("seance", Uuid, nullable=False),
    Column("inscription", Uuid, nullable=False),
    Column("satisfaction", SmallInteger, nullable=False),
    Column("utile", Text, nullable=False),
    Column("manque", Text, nullable=False),
    Column("besoins", ARRAY(Text), nullable=False),
    Column("besoins_texte", Text, nullable=False),
    Column("temoignage", JSONB(none_as_null=True), comment="nom, fonction, collectivite, texte; only with consent"),
    Column("consenti_le", MOMENT),
    Column("version", Integer, nullable=False),
    Column("collecte_le", MOMENT, nullable=False),
    UniqueConstraint("seance", "inscription"),
    Index("retours_collecte_le_idx", "collecte_le"),
)

"""The tables of notification: a small projection of what the other services say, and the messages to send.

Invariants: one row of `envois` per key, for ever; at most one unfinished claim per row; `agendas` holds the last thing
that each calendar was told. Names and addresses stand in `participants` only.
"""

from chassis.tables import new_metadata
from sqlalchemy import BigInteger, Boolean, Column, DateTime, ForeignKey, Identity, Index, Integer, Table, Text, Uuid
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB

metadata = new_metadata()

MOMENT = DateTime(timezone=True)

campagnes = Table(
    "campagnes",
    metadata,
    Column("campagne", Text, primary_key=True),
    Column("nom", Text, nullable=False),
    Column("thematiques", JSONB, nullable=False, comment="title by code"),
)

participants = Table(
    "participants",
    metadata,
    Column("inscription", Uuid, primary_key=True),
    Column("campagne", Text, nullable=False),
    Column("thematique", Text, nullable=False),
    Column("prenom", Text, nullable=False),
    Column("nom", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("etat", Text, nullable=False, comment="validee, refusee, annulee"),
    Column("messages", Boolean, nullable=False, server_default=sql("true"), comment="wants reminders and surveys"),
    Column("decision", Text),
    Column("motif", Text),
    Column("phrase", Text),
    Column("groupe", Uuid),
    Column("rang_attente", Integer),
    Column("decidee_le", MOMENT),
)

groupes = Table(
    "groupes",
    metadata,
    Column("groupe", Uuid, primary_key=True),
    Column("campagne", Text, nullable=False),
    Column("thematique", Text, nullable=False),
    Column("nom", Text, nullable=False),
    Column("creneau", Text, nullable=False),
    Column("animateur_nom", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("dissous", Boolean, nullable=False, server_default=sql("false")),
)

membres = Table(
    "membres",
    metadata,
    Column("groupe", Uuid, ForeignKey("groupes.groupe", ondelete="CASCADE"), primary_key=True),
    Column("inscription", Uuid, primary_key=True, index=True),
)

seances = Table(
    "seances",
    metadata,
    Column("seance", Uuid, primary_key=True),
    Column("groupe", Uuid, nullable=False, index=True),
    Column("rang", Integer, nullable=False),
    Column("debut", MOMENT, nullable=False, index=True),
    Column("fin", MOMENT, nullable=False, index=True),
    Column("sequence", Integer, nullable=False),
    Column("visio_url", Text, nullable=False),
    Column("annulee", Boolean, nullable=False, server_default=sql("false")),
    Column("cause", Text),
    Column("rappel_version", Integer, comment="the sequence whose reminders are made"),
    Column("questionnaire_fait", Boolean, nullable=False, server_default=sql("false")),
)

agendas = Table(
    "agendas",
    metadata,
    Column("seance", Uuid, primary_key=True),
    Column("inscription", Uuid, primary_key=True, index=True),
    Column("sequence", Integer, nullable=False, comment="the iCalendar SEQUENCE told last to this person"),
    Column("version", Integer, nullable=False, comment="the séance's own sequence at that time"),
    Column("annulee", Boolean, nullable=False),
    Column("dit_le", MOMENT, nullable=False),
)

envois = Table(
    "envois",
    metadata,
    Column("id", Uuid, primary_key=True, comment="follows from the key; the Message-ID follows from it"),
    Column("ordre", BigInteger, Identity(), nullable=False, comment="a person's messages go out in this order"),
    Column("cle", Text, nullable=False, unique=True, comment="what:whom:version"),
    Column("modele", Text, nullable=False),
    Column("inscription", Uuid, nullable=False),
    Column("contexte", JSONB, nullable=False, comment="ids and facts; written out when it is sent"),
    Column("etat", Text, nullable=False, server_default="a_envoyer"),
    Column("essais", Integer, nullable=False, server_default="0", comment="answers of the mail server so far"),
    Column("prochain_essai", MOMENT, comment="by the database's clock, which nothing shifts; null: at once"),
    Column("reclame_le", MOMENT, comment="likewise"),
    Column("commence", Boolean, nullable=False, server_default=sql("false"), comment="its sending may have begun"),
    Column("cause", Text),
    Column("cree_le", MOMENT, nullable=False),
    Column("envoye_le", MOMENT),
)

_UNFINISHED = envois.c.etat.in_(("a_envoyer", "en_cours"))
Index("envois_unfinished_idx", envois.c.inscription, envois.c.ordre, postgresql_where=_UNFINISHED)
Index("envois_due_idx", envois.c.ordre, postgresql_where=envois.c.etat == "a_envoyer")
Index("envois_claimed_idx", envois.c.reclame_le, postgresql_where=envois.c.etat == "en_cours")
Index("envois_ordre_idx", envois.c.ordre.desc())
Index("envois_inscription_idx", envois.c.inscription)
Index("envois_etat_idx", envois.c.etat, envois.c.modele)

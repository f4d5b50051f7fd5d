"""The tables of scheduling, beside the chassis's inbox, outbox and dlq.

Invariant: the groupes, séances and affectations of a campagne are those of its one published proposition; a
proposition that is not published has rows of the same shape, which nobody outside the team has seen. `mouvements`
leads from what the solver proposed to what these rows say now.
"""

from chassis.tables import new_metadata
from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = new_metadata()


def _moment(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


campagnes = Table(
    "campagnes",
    metadata,
    Column("code", Text, primary_key=True),
    Column("nom", Text, nullable=False),
    Column("seances_du", Date, nullable=False),
    Column("seances_au", Date, nullable=False),
    Column("donnees", JSONB, nullable=False, comment="The last event of the campagne, whole."),
    _moment("close_le", nullable=True),
)

inscriptions = Table(
    "inscriptions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("campagne", Text, nullable=False),
    Column("thematique", Text, nullable=False),
    Column("personne", Text, nullable=False),
    Column("email", Text, nullable=False, comment="Lower case; tells who is the same person, and resolves wishes."),
    Column("fonction", Text, nullable=False),
    Column("qualite", Text, nullable=False),
    Column("collectivite", Text, nullable=False, comment="Type and code: codes alone are not unique."),
    Column("collectivite_nom", Text, nullable=False),
    Column("departement", Text, nullable=False),
    Column("taille", Text, nullable=False),
    Column("disponibilites", JSONB, nullable=False, comment="Créneau to `prefere` or `possible`."),
    Column("avec", JSONB, nullable=False),
    Column("sans", JSONB, nullable=False),
    _moment("recue_le"),
    Column("rang", Integer, comment="1: the thématique wanted most, if it was said."),
    Index("ix_inscriptions_campagne", "campagne", "thematique"),
    Index("ix_inscriptions_email", "email"),
)

annulations = Table(
    "annulations",
    metadata,
    Column("inscription", Uuid, primary_key=True),
    Column("cause", Text, nullable=False),
    _moment("annulee_le"),
)

propositions = Table(
    "propositions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("campagne", Text, nullable=False),
    Column(
        "etat", Text, nullable=False, comment="demandee, en_cours, prete, publiee, echouee (see erreur) or abandonnee."
    ),
    Column("automatique", Boolean, nullable=False, comment="Published by itself as soon as it is ready."),
    _moment("demandee_le"),
    _moment("commence_le", nullable=True),
    _moment("prete_le", nullable=True),
    _moment("publiee_le", nullable=True),
    Column("progression", Text, nullable=False, server_default=""),
    Column("poids", Integer, comment="Of the best that the solver has found so far."),
    Column("borne", Float, comment="What no proposition can weigh more than, as far as the solver knows."),
    Column("secondes", Integer, comment="How long the solver has been running."),
    Column("arret_demande", Boolean, nullable=False, server_default=text("false")),
    Column("erreur", Text),
    Column("bilan", JSONB, comment="How good it is, by thématique, and what the team should know."),
    Column("version", Integer, nullable=False, server_default="0", comment="Counts the team's moves, undone or not."),
    # The claim lives in the database server's time: the domain's clock may run at another pace.
    _moment("prenable_le"),
    _moment("bail_jusqu_a", nullable=True),
    Column("jeton", Uuid, comment="Who holds the claim."),
    Column("essais", Integer, nullable=False, server_default="0"),
    Index("ix_propositions_campagne", "campagne", "demandee_le"),
    Index(
        "uq_propositions_une_en_preparation",
        "campagne",
        unique=True,
        postgresql_where=text("etat IN ('demandee', 'en_cours')"),
    ),
    Index("uq_propositions_une_publiee", "campagne", unique=True, postgresql_where=text("etat = 'publiee'")),
)

groupes = Table(
    "groupes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("proposition", Uuid, ForeignKey("propositions.id", ondelete="CASCADE"), nullable=False),
    Column("ordre", Integer, nullable=False),
    Column("thematique", Text, nullable=False),
    Column("nom", Text, nullable=False),
    Column("creneau", Text, nullable=False),
    Column("numero", Integer, nullable=False, comment="From 1 among the thématique's groupes of the créneau."),
    Column("animateur", Text, nullable=False),
    Column("animateur_nom", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Index("ix_groupes_proposition", "proposition", "ordre"),
)

seances = Table(
    "seances",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("groupe", Uuid, ForeignKey("groupes.id", ondelete="CASCADE"), nullable=False),
    Column("rang", Integer, nullable=False),
    _moment("debut"),
    _moment("fin"),
    Column("sequence", Integer, nullable=False),
    Column("visio_url", Text, nullable=False),
    Column("cause_annulation", Text),
    Index("ix_seances_groupe", "groupe", "rang"),
    Index("ix_seances_debut", "debut"),
)

affectations = Table(
    "affectations",
    metadata,
    Column("proposition", Uuid, ForeignKey("propositions.id", ondelete="CASCADE"), nullable=False),
    Column("inscription", Uuid, nullable=False),
    Column("thematique", Text, nullable=False),
    Column("decision", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("phrase", Text, nullable=False),
    Column("groupe", Uuid, ForeignKey("groupes.id", ondelete="CASCADE")),
    Column("groupe_quitte", Uuid, ForeignKey("groupes.id", ondelete="CASCADE"), comment="Held until a withdrawal."),
    Column("rang_attente", Integer),
    PrimaryKeyConstraint("proposition", "inscription"),
    Index("ix_affectations_groupe", "groupe"),
    Index("ix_affectations_inscription", "inscription"),
    Index("ix_affectations_attente", "proposition", "thematique", "rang_attente"),
)

remplacements = Table(
    "remplacements",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("groupe", Uuid, ForeignKey("groupes.id", ondelete="CASCADE"), nullable=False),
    Column("partie", Uuid, nullable=False, comment="The inscription whose place it was."),
    Column("etat", Text, nullable=False, comment="ouvert, pourvu (see choisie) or clos."),
    Column("automatique", Boolean, nullable=False, comment="Filled by itself, as the campagne is set."),
    Column("choisie", Uuid, comment="The inscription that has the place now."),
    Column("phrase", Text, comment="Why this person, as the team read it."),
    _moment("ouvert_le"),
    _moment("decide_le", nullable=True),
    Index("ix_remplacements_groupe", "groupe", "etat"),
    Index("uq_remplacements_partie", "partie", unique=True),
)

mouvements = Table(
    "mouvements",
    metadata,
    Column("proposition", Uuid, ForeignKey("propositions.id", ondelete="CASCADE"), nullable=False),
    Column("rang", Integer, nullable=False, comment="Counts from 1; those that are undone are the last."),
    Column("changements", JSONB, nullable=False, comment="Each decision that changed, whole, before and after."),
    Column("annule", Boolean, nullable=False),
    _moment("fait_le"),
    PrimaryKeyConstraint("proposition", "rang"),
)

places_fixees = Table(
    "places_fixees",
    metadata,
    Column("inscription", Uuid, primary_key=True),
    Column("campagne", Text, nullable=False),
    Column("creneau", Text, nullable=False),
    Column("numero", Integer, comment="Of the groupe in its créneau; null: any groupe of the créneau."),
    _moment("fixee_le"),
    Index("ix_places_fixees_campagne", "campagne"),
)

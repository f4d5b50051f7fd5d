"""Invented people: first names, names, what they do, what they bring. No real person is meant."""

from typing import Final

HOMMES: Final = (
    "Alban", "Anselme", "Antonin", "Aurélien", "Baptiste", "Bastien", "Brice", "Colin", "Corentin", "Cédric",
    "Célestin", "Côme", "Damien", "Fabien", "Firmin", "Florian", "Gaspard", "Gauthier", "Gildas", "Honoré",
    "Hugues", "Idriss", "Ismaël", "Josselin", "Joël", "Jérôme", "Karim", "Lilian", "Loïc", "Ludovic",
    "Léandre", "Malik", "Marceau", "Maxence", "Quentin", "Rachid", "Rodolphe", "Sylvain", "Tanguy",
    "Thibault", "Ugo", "Valentin", "Xavier", "Yann", "Youssef", "Éloi", "Étienne",
)  # fmt: skip
FEMMES: Final = (
    "Agathe", "Ambre", "Anouk", "Armelle", "Bérénice", "Blandine", "Capucine", "Clémence", "Delphine",
    "Édith", "Élodie", "Estelle", "Fanny", "Flavie", "Gaëlle", "Gwenaëlle", "Hélène", "Honorine", "Inès",
    "Irène", "Judith", "Justine", "Ketty", "Laëtitia", "Léonie", "Ludivine", "Maëlle", "Margaux", "Marlène",
    "Mélanie", "Mireille", "Nadège", "Nadia", "Noémie", "Odile", "Olympe", "Ophélie", "Pascaline", "Perrine",
    "Raphaëlle", "Réjane", "Rosalie", "Samira", "Sandrine", "Séverine", "Sidonie", "Solène", "Victorine",
    "Viviane", "Yolande", "Zoé",
)  # fmt: skip
NOMS: Final = (
    "Aigueperse", "Amblard", "Arribat", "Aubertel", "Barsacq", "Baudrillart", "Beaulande", "Belhadjar", "Bergounioux",
    "Bonnafoux", "Boutruche", "Brémontier", "Cadoret", "Calvignac", "Cassagnaud", "Chabrillac", "Chastenet",
    "Clavelier", "Combescure", "Coudrayer", "Courtecuisse", "Daubressac", "Delaporterie", "Desvignolles", "Diabatou",
    "Dorléac-Vial", "Duchaussoy", "Dumoustier", "Escoffrain", "Estiennard", "Fauconnet", "Ferrandou", "Fontanive",
    "Fourcadel", "Garrigoux", "Gauthreau", "Gélinier", "Girardonnet", "Grandjacques", "Guilvinec", "Haddouchi",
    "Hermelin", "Jacquemond", "Jaffrézou", "Kerambrun", "Kerleroux", "Labourdie", "Lagarrigue", "Lamotherie",
    "Lavergnas", "Lebreuilly", "Lescouarn", "Loubatières", "Maisonhaute", "Malaterre", "Marchandeau", "Massoubre",
    "Mazeyrolles", "Mercadieux", "Montaubric", "Morvannou", "Nogueyras", "Orliaguet", "Pailloncy", "Pélissonnier",
    "Peyrichoux", "Poncelin", "Pradeilles", "Quéméneuc", "Rabouilleau", "Ravanelli", "Renouvin", "Ribeyrolles",
    "Rocheblave", "Roussillat", "Sabatéry", "Saintoyant", "Sarrazinet", "Séguinaud", "Soubeyrou", "Tabourdeau",
    "Talhouédec", "Tardivel-Roy", "Teyssonneau", "Thiébaulin", "Tournemine", "Vaissière-Pons", "Valadoux", "Vautrin",
    "Verdeillan", "Vidalencq", "Villedary", "Vuillermin", "Wagnérien", "Zimmerlé", "Zoungranaud",
)  # fmt: skip

# What a man and a woman are called, and how often it is met.
ELU: Final = {
    "commune": (
        ("maire", "maire", 3),
        ("premier adjoint au maire", "première adjointe au maire", 2),
        ("adjoint au maire, délégué à l’environnement", "adjointe au maire, déléguée à l’environnement", 2),
        ("adjoint au maire, délégué aux affaires sociales", "adjointe au maire, déléguée aux affaires sociales", 2),
        ("conseiller municipal", "conseillère municipale", 3),
        ("conseiller municipal, délégué à l’eau", "conseillère municipale, déléguée à l’eau", 2),
    ),
    "epci": (
        ("vice-président", "vice-présidente", 3),
        ("vice-président à la transition écologique", "vice-présidente à la transition écologique", 2),
        ("conseiller communautaire", "conseillère communautaire", 3),
    ),
    "departement": (("conseiller départemental", "conseillère départementale", 1),),
    "region": (("conseiller régional", "conseillère régionale", 1),),
}
AGENT: Final = {
    "commune": (
        ("secrétaire général de mairie", "secrétaire générale de mairie", 4),
        ("directeur général des services", "directrice générale des services", 2),
        ("responsable des services techniques", "responsable des services techniques", 2),
        ("chargé de mission participation citoyenne", "chargée de mission participation citoyenne", 1),
        ("directeur du CCAS", "directrice du CCAS", 2),
    ),
    "epci": (
        ("chargé de mission eau et milieux aquatiques", "chargée de mission eau et milieux aquatiques", 2),
        ("directeur de l’aménagement", "directrice de l’aménagement", 2),
        ("responsable de la transition écologique", "responsable de la transition écologique", 2),
        ("chargé de coopération territoriale", "chargée de coopération territoriale", 2),
    ),
    "departement": (
        ("chef du service des solidarités", "cheffe du service des solidarités", 1),
        ("chargé de mission forêt", "chargée de mission forêt", 1),
    ),
    "region": (
        ("chargé de mission égalité", "chargée de mission égalité", 1),
        ("responsable du pôle ruralités", "responsable du pôle ruralités", 1),
    ),
}

SITUATIONS: Final = {
    "tensions": (
        "À {nom}, un projet d’éoliennes divise le conseil et les habitants ; les réunions publiques tournent court.",
        "Depuis la fermeture d’une classe, les échanges avec les parents sont très tendus à {nom}.",
        "Un collectif conteste notre plan de circulation et le dialogue est rompu depuis le printemps.",
    ),
    "forets": (
        "La forêt de {nom} dépérit après trois étés secs et les propriétaires privés ne se parlent pas.",
        "Coupes rases, promeneurs, chasseurs : nous cherchons comment partager la forêt communale.",
        "Nous voulons créer une charte forestière à {nom}, mais quarante propriétaires ne répondent pas.",
    ),
    "egalite": (
        "À {nom}, très peu de femmes prennent la parole en réunion publique et au conseil.",
        "Nous devons établir un plan d’égalité professionnelle et nous ne savons pas par quoi commencer.",
        "Le club de sport de {nom} n’a plus d’équipe féminine ; nous voulons revoir nos subventions.",
    ),
    "montagnes": (
        "La station de {nom} manque de neige : faut-il renouveler le téléski ou changer de modèle ?",
        "Bergers, randonneurs et hébergeurs ne s’accordent plus sur l’usage des estives.",
        "Les résidences secondaires montent à {nom} et les saisonniers ne se logent plus.",
    ),
    "eau": (
        "La source de {nom} a baissé d’un tiers en trois étés et deux communes en dépendent.",
        "Agriculteurs et pêcheurs s’opposent sur une retenue ; l’étude est bloquée depuis un an.",
        "Le transfert de la compétence eau inquiète les élus de {nom}, qui craignent pour le prix.",
    ),
    "solidarite": (
        "Beaucoup d’habitants de {nom} ne demandent pas les aides auxquelles ils ont droit.",
        "L’arrivée de familles exilées à {nom} a suscité des craintes ; nous voulons préparer l’accueil.",
        "La maison France services est loin, les personnes âgées de {nom} renoncent à leurs démarches.",
    ),
}
SITUATION: Final = ("À {nom}, nous voulons réunir des acteurs qui ne se parlent plus autour d’un projet partagé.",)

POPULARITY: Final = {"eau": 1.6, "tensions": 1.4, "solidarite": 1.1, "forets": 1.0, "egalite": 0.8, "montagnes": 0.6}
"""How often a thématique is chosen against the others; 1 for those that are not listed."""
CRENEAU_POPULARITY: Final = {
    "mardi-matin": 1.7,
    "jeudi-matin": 1.5,
    "mardi-apres-midi": 1.2,
    "jeudi-apres-midi": 1.2,
    "lundi-matin": 0.8,
    "mercredi-matin": 0.5,
    "mercredi-apres-midi": 0.4,
    "vendredi-apres-midi": 0.4,
}

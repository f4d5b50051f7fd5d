"""`portal`: send inscriptions to the open campagne and tell what became of them."""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from aiokafka.errors import KafkaError
from contracts.events import CampagneOuverte, InscriptionRecue, InscriptionRefusee

from portal.generator import generate
from portal.kafka import Answer, Campagne, campagnes, follow, publish


def main() -> None:
    """Run the command; its status is 1 if an inscription stayed without an answer."""
    arguments = _parser().parse_args()
    try:
        sys.exit(asyncio.run(_run(arguments)))
    except KafkaError as error:
        sys.stderr.write(f"portal: Kafka does not answer at {arguments.bootstrap_servers} ({type(error).__name__})\n")
        sys.exit(2)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="portal", description="Send invented inscriptions to the ateliers.")
    parser.add_argument("--bootstrap-servers", default="localhost:9092", help="host:port of Kafka (%(default)s)")
    parser.add_argument("--campagne", help="its code (the latest open one)")
    parser.add_argument("-n", type=int, default=300, help="how many people (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other people (%(default)s)")
    parser.add_argument("--duplicates", type=float, default=0.0, help="share that registers twice (%(default)s)")
    parser.add_argument("--broken", type=float, default=0.0, help="share that breaks a rule (%(default)s)")
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds to wait for the answers (%(default)s)")
    return parser


async def _run(arguments: argparse.Namespace) -> int:
    campagne = choose(await campagnes(arguments.bootstrap_servers), arguments.campagne)
    if campagne is None:
        wanted = f"« {arguments.campagne} »" if arguments.campagne else "ouverte"
        sys.stderr.write(f"portal: aucune campagne {wanted}\n")
        return 2
    inscriptions = generate(
        arguments.n,
        campagne.campagne,
        [thematique.code for thematique in campagne.thematiques],
        campagne.creneaux,
        arguments.seed,
        duplicates=arguments.duplicates,
        broken=arguments.broken,
    )
    await publish(arguments.bootstrap_servers, inscriptions)
    ids = [inscription.inscription for inscription in inscriptions]
    answers = await follow(arguments.bootstrap_servers, ids, arguments.timeout)
    sys.stdout.write(summary(inscriptions, answers))
    return 0 if len(answers) == len(ids) else 1


def choose(known: Sequence[Campagne], code: str | None) -> Campagne | None:
    """Return the campagne of that code, or without a code the latest one that is open."""
    if code:
        return next((campagne for campagne in known if campagne.campagne == code), None)
    return next((campagne for campagne in known if isinstance(campagne, CampagneOuverte)), None)


def summary(inscriptions: Sequence[InscriptionRecue], answers: Mapping[UUID, Answer]) -> str:
    """Tell how many were accepted, refused and why, or are still without an answer."""
    refused = Counter(str(answer.code) for answer in answers.values() if isinstance(answer, InscriptionRefusee))
    lines = [
        ("envoyées", len(inscriptions)),
        ("validées", len(answers) - refused.total()),
        ("refusées", refused.total()),
        *((f"  {code}", count) for code, count in sorted(refused.items())),
        ("sans réponse", len(inscriptions) - len(answers)),
    ]
    return "".join(f"{label:<32}{count:>8}\n" for label, count in lines)

"""Who may do what on Kafka, drawn from the topic table: one login per principal, and nothing that isn't listed.

Kafka refuses what no rule allows (`allow.everyone.if.no.acl.found=false`). Describe goes with Read and Write there; it
is written out for those who create the rules elsewhere. An idempotent producer needs no right of its own since
Kafka 3.0: Write on a topic is enough.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from contracts.topics import SERVICES, TOPICS, Principal, Topic


class Resource(StrEnum):
    TOPIC = "topic"
    GROUP = "group"


class Operation(StrEnum):
    """As Kafka's tools spell them."""

    READ = "Read"
    WRITE = "Write"
    CREATE = "Create"
    DESCRIBE = "Describe"
    DESCRIBE_CONFIGS = "DescribeConfigs"


@dataclass(frozen=True, slots=True)
class Rule:
    """`principal` may do `operations` on the resource of that name, or on all whose names begin so if `prefixed`."""

    principal: str
    resource: Resource
    name: str
    operations: tuple[Operation, ...]
    prefixed: bool = False


PROVISIONER: Final = "provisioner"
"""Creates the topics of the contract. No service: it reads no event, writes none, and changes no access."""

PROVISION: Final = Rule(
    PROVISIONER,
    Resource.TOPIC,
    "ateliers.",
    (Operation.CREATE, Operation.DESCRIBE, Operation.DESCRIBE_CONFIGS),
    prefixed=True,
)


def rules_of(principal: Principal) -> tuple[Rule, ...]:
    """Return all that this principal may do, one rule for each resource.

    A service is one consumer group of its own name; a portal or CRM may use any whose name begins with its own.
    """
    topics = [
        Rule(principal, Resource.TOPIC, topic.name, _operations(principal, topic))
        for topic in TOPICS
        if principal in (*topic.consumers, *topic.producers)
    ]
    own_group = (Operation.READ, Operation.DESCRIBE)
    return (*topics, Rule(principal, Resource.GROUP, principal, own_group, prefixed=principal not in SERVICES))


def _operations(principal: Principal, topic: Topic) -> tuple[Operation, ...]:
    possible = (
        (Operation.READ, principal in topic.consumers),
        (Operation.WRITE, principal in topic.producers),
        (Operation.DESCRIBE, True),
    )
    return tuple(operation for operation, may in possible if may)


RULES: Final = (*(rule for principal in Principal for rule in rules_of(principal)), PROVISION)


_PAGE: Final = """\
# Access to Kafka

Drawn from the topic table by `python -m contracts.generate`. Each principal has a login of its own, and what isn't
listed is refused. [How to apply it](../docs/access.md).

{topics}

Who reads or writes a topic may describe it too. Only `{provisioner}` may create topics, those whose names begin with
`{prefix}`; it may also describe them and their configuration, and neither read nor write them. Nobody may alter or
delete one.

| principal | consumer groups |
|---|---|
{groups}
"""


def page() -> str:
    """Return the rules as a page of Markdown."""
    rows = [[f"`{topic.name}`", *(_cell(principal, topic) for principal in Principal)] for topic in TOPICS]
    header = ["topic", *Principal]
    groups = [rule for rule in RULES if rule.resource == Resource.GROUP]
    return _PAGE.format(
        topics="\n".join(f"| {' | '.join(row)} |" for row in (header, ["---"] * len(header), *rows)),
        provisioner=PROVISIONER,
        prefix=PROVISION.name,
        groups="\n".join(f"| {rule.principal} | `{rule.name}`{'…' if rule.prefixed else ''} |" for rule in groups),
    )


def _cell(principal: Principal, topic: Topic) -> str:
    verbs = {Operation.READ: "reads", Operation.WRITE: "writes"}
    return ", ".join(verbs[operation] for operation in _operations(principal, topic) if operation in verbs)

"""The page for other teams says what the code says."""

from pathlib import Path

import pytest
from contracts.envelope import encode
from contracts.events import InscriptionRecue
from contracts.samples import SAMPLES
from contracts.topics import EVENT_TOPICS, Topic

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
DAY_MS = 24 * 3600 * 1000


@pytest.mark.parametrize("topic", EVENT_TOPICS, ids=lambda topic: topic.name)
def test_the_topic_table_is_the_one_of_the_code(topic: Topic) -> None:
    names = [event.event_type.removeprefix("fr.anct.ateliers.").removesuffix(".v1") for event in topic.events]
    cells = (
        f"`{topic.name}`",
        topic.key,
        ", ".join(f"`{name}`" for name in names),
        ", ".join(topic.producers),
        ", ".join(topic.consumers),
        str(topic.partitions),
        "compacted" if topic.compacted else f"{topic.retention_ms // DAY_MS} days",
    )
    assert f"| {' | '.join(cells)} |\n" in README


def test_the_message_on_the_page_is_a_real_one() -> None:
    message = encode(next(sample for sample in SAMPLES if isinstance(sample.data, InscriptionRecue)))
    headers = [f"header {name}: {(content or b'').decode()}" for name, content in message.headers]
    shown = [f"key    {message.key.decode()}", *headers, f"value  {message.value.decode()}"]
    assert "\n".join(["```", *shown, "```"]) in README

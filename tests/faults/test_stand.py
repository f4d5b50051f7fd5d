"""Workers that come and go while others do."""

import asyncio
import sys
from pathlib import Path

import pytest
from local.supervisor import Process

from tests.faults.stand import Stand


async def test_workers_that_are_added_at_the_same_time_are_removed_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand = Stand(tmp_path)
    waiting = [sys.executable, "-c", "import time; time.sleep(60)"]
    monkeypatch.setattr(
        stand, "_service", lambda _service, _role, name: Process(name, waiting, tmp_path / name, lambda: True)
    )
    first, second = await asyncio.gather(stand.add_worker("registration"), stand.add_worker("registration"))
    await stand.remove_process(first)
    third = await stand.add_worker("registration")
    assert len({first, second, third}) == 3
    assert set(stand.pids()) == {second, third}
    for name in (second, third):
        await stand.remove_process(name)
    assert stand.pids() == {}

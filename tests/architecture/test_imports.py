"""Who may know whom: `.importlinter` holds on the tree, and each of its rules is seen to fail on a planted import."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = (
    *(ROOT / "services" / name / "src" for name in ("registration", "scheduling", "notification", "feedback")),
    *(ROOT / folder / "src" for folder in ("contracts", "chassis", "deploy/local", "examples/portal", "examples/crm")),
)


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run lint-imports in a folder, on the packages that lie in it."""
    program = Path(sys.executable).parent / "lint-imports"
    return subprocess.run(  # noqa: S603 - our own command on our own copy
        [program, "--no-cache", "--no-logo"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    for source in SOURCES:
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__", "static"), dirs_exist_ok=True)
    shutil.copy(ROOT / ".importlinter", folder)
    return folder


def test_every_rule_holds() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("module", "planted", "rule"),
    [
        ("registration/use_cases.py", "import scheduling.domain", "No service knows another"),
        ("feedback/domain.py", "import contracts.events", "The domain and the solver know neither"),
        ("scheduling/solver/rules.py", "import sqlalchemy", "The domain and the solver know neither"),
        ("contracts/model.py", "import chassis.store", "The contract stands alone"),
        ("chassis/store.py", "import contracts.events", "The chassis carries events without knowing"),
        ("chassis/store.py", "import notification.domain", "The chassis knows no service"),
        ("crm/__init__.py", "import chassis.kafka", "A portal and a CRM need nothing but the contract"),
        ("local/platform.py", "import feedback.tables", "The local platform runs the services"),
        ("notification/repository.py", "import notification.use_cases", "Inside a service"),
        ("scheduling/solver/rules.py", "import scheduling.plan", "The solver is under everything else"),
        ("scheduling/essai/result.py", "import scheduling.tables", "A spreadsheet needs no service"),
    ],
)
def test_a_planted_import_is_found(copy: Path, module: str, planted: str, rule: str) -> None:
    file = copy / module
    if not file.exists():
        file = file.with_suffix("") / "__init__.py"
    before = file.read_text()
    file.write_text(f"{before}\n{planted}  # planted\n")
    try:
        result = lint(copy)
    finally:
        file.write_text(before)
    broken = [line for line in result.stdout.splitlines() if line.endswith("BROKEN")]
    assert result.returncode == 1
    assert any(line.startswith(rule) for line in broken), result.stdout

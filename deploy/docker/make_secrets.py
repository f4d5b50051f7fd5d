"""Makes the secrets that are missing, one file each, one folder for each container that reads them.

What is there is kept: whoever has secrets of their own writes the files before the first start. The folder of all
belongs to whoever checked the project out and is closed to others; the files in it are readable, since each container
runs under a number of its own and is given its folder only.
"""

import os
import secrets
import sys
from pathlib import Path

from argon2 import PasswordHasher

SERVICES = ("registration", "scheduling", "notification", "feedback")


def main(root: Path) -> None:
    """Make what is missing under `root`."""
    root.chmod(0o700)
    team_password = _kept(root / "team_password", secrets.token_urlsafe(9))
    secret_key = _kept(root / "secret_key", secrets.token_urlsafe(32))
    _kept(root / "demo" / "team_password", team_password)
    _kept(root / "postgres" / "postgres", secrets.token_urlsafe(18))
    _kept(root / "grafana" / "admin_password", secrets.token_urlsafe(9))
    _kept(root / "notification" / "smtp_url", "smtp://mail:1025")
    for service in SERVICES:
        password = _kept(root / "postgres" / service, secrets.token_urlsafe(18))
        database_url = f"postgresql+asyncpg://{service}:{password}@postgres/{service}"
        _kept(root / "demo" / f"{service}_database_url", _kept(root / service / "database_url", database_url))
        _kept(root / service / "secret_key", secret_key)
        _kept(root / service / "team_password_hash", PasswordHasher().hash(team_password))
    owner = root.stat()
    for path in root.rglob("*"):
        os.chown(path, owner.st_uid, owner.st_gid)
        path.chmod(0o755 if path.is_dir() else 0o644)


def _kept(file: Path, new: str) -> str:
    """Return what the file holds, `new` if it is not there yet."""
    file.parent.mkdir(exist_ok=True)
    if not file.exists():
        file.write_text(f"{new}\n")
        sys.stdout.write(f"secrets: made {file.name} for {file.parent.name}\n")
    return file.read_text().strip()


main(Path(sys.argv[1]))

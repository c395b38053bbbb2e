"""The folder for what the service keeps."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

NAME = "shelfwatch"  # in the folder where programs keep a user's data


def usual() -> Path | None:
    """Where data is kept unless a folder is named (XDG Base Directory); None for users without a home."""
    place = Path(os.environ.get("XDG_DATA_HOME", ""))
    if not place.is_absolute():
        try:
            place = Path.home() / ".local" / "share"
        except RuntimeError:
            return None
    return place / NAME


def claim(folder: Path) -> None:
    """Make the data folder, for its owner alone, or raise `ValueError` now.

    A volume mounted wrong shows before the first photo does.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass  # only writing tells: rights, a full disk and a read-only mount all count
    except OSError as error:
        raise ValueError(f"SHELFWATCH_DATA_DIR: {folder}: {error.strerror}") from error

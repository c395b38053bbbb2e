"""The folder for what the service keeps."""

from __future__ import annotations

import tempfile
from pathlib import Path


def claim(folder: Path) -> None:
    """Make the data folder, or raise `ValueError` now: a volume mounted wrong shows before the first photo does."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass  # only writing tells: rights, a full disk and a read-only mount all count
    except OSError as error:
        raise ValueError(f"SHELFWATCH_DATA_DIR: {folder}: {error.strerror}") from error

"""The memory as a whole: where it is and how it starts."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from shelfwatch.audits.database import Database
from shelfwatch.audits.errors import InvalidError
from shelfwatch.audits.migrate import upgrade
from shelfwatch.audits.photos import PhotoStore, open_photos
from shelfwatch.audits.prune import sweep


@dataclass
class Memory:
    """Rows and photos. Functions of this package take them one by one."""

    database: Database
    photos: PhotoStore
    _started: bool = field(default=False, init=False)
    _starting: threading.Lock = field(default_factory=threading.Lock, init=False)

    @classmethod
    def at(cls, data_dir: Path | None, database_url: str = "", photo_store: str = "") -> Self:
        """The memory in a data folder, its rows or photos elsewhere where that is said; nothing is touched yet.

        Raises `InvalidError` for addresses nothing serves, or without a folder where one is needed.
        """
        if data_dir is None and not (database_url and photo_store):
            raise InvalidError("Say where audits are kept: set SHELFWATCH_DATA_DIR to a folder.")
        if database_url:
            database = Database(database_url)
        else:
            assert data_dir is not None
            database = Database.in_folder(data_dir)
        return cls(database, open_photos(photo_store or str(Path(data_dir or ".") / "photos")))

    def start(self) -> None:
        """Bring the tables up to date and clean up after crashes, once; to be called before every use, since a
        database that is away now may be there later. Raises `UnavailableError`.
        """
        if self._started:
            return
        with self._starting:
            if not self._started:
                upgrade(self.database)
                sweep(self.database, self.photos)
                self._started = True

    def check(self) -> None:
        """Return if audits can be recorded and read now. Raises `UnavailableError`."""
        self.start()
        self.database.check_writable()

    def close(self) -> None:
        """Close every connection."""
        self.database.close()

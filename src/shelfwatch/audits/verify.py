"""Compare what the database says with what the photo store holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import func, select, text

from shelfwatch.audits.database import Database
from shelfwatch.audits.errors import NotFoundError
from shelfwatch.audits.photos import NAME, PhotoStore, digest
from shelfwatch.audits.prune import remove_unshown, sweep
from shelfwatch.audits.remove import remove_unreferenced
from shelfwatch.audits.tables import AuditRow, StoredPhoto


@dataclass
class Verified:
    """What was looked at and what is wrong; photos by their SHA-256."""

    audits: int = 0
    photos: int = 0
    missing: list[str] = field(default_factory=list)  # an audit shows them and the store has none
    corrupt: list[str] = field(default_factory=list)  # their bytes are not those recorded
    orphans: list[str] = field(default_factory=list)  # in the store, and no row knows them
    unshown: list[str] = field(default_factory=list)  # a row knows them, and no audit shows them
    half_written: list[str] = field(default_factory=list)  # whoever wrote them died
    database: list[str] = field(default_factory=list)  # what the database says of itself

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        faults = (self.missing, self.corrupt, self.orphans, self.unshown, self.half_written, self.database)
        return not any(faults)


def verify(
    database: Database, photos: PhotoStore, *, quick: bool = False, progress: Callable[[int], None] = lambda _: None
) -> Verified:
    """Look at every row and every photo; with `quick`, at sizes instead of contents. Changes nothing.

    `progress` is told how many photos have been looked at. May run beside a service; raises `UnavailableError`.
    """
    found = Verified()
    for claim in photos.leftovers():
        found.half_written.append(claim.sha256)
        claim.abandon()
    files = dict(photos.photos())  # before the rows: a photo comes before its row
    shown = select(AuditRow.id).where(AuditRow.photo == StoredPhoto.sha256).exists()
    known: set[str] = set()
    with database.read() as session:
        found.audits = session.scalar(select(func.count()).select_from(AuditRow)) or 0
        if database.embedded:
            found.database = [row for row in session.scalars(text("PRAGMA quick_check")) if row != "ok"]
            broken = session.execute(text("PRAGMA foreign_key_check")).all()
            found.database += [f"a row of {row[0]} refers to one of {row[2]} that is not there" for row in broken]
        expected = session.execute(select(StoredPhoto.sha256, StoredPhoto.size, shown)).all()
    for sha256, size, is_shown in expected:
        known.add(sha256)
        if not is_shown:
            found.unshown.append(sha256)
            continue
        found.photos += 1
        fault = _fault(photos, sha256, size, files.get(sha256), quick)
        if fault and _is_shown(database, sha256):  # not purged since
            (found.missing if fault == "missing" else found.corrupt).append(sha256)
        progress(found.photos)
    half_written = set(found.half_written)
    found.orphans = [
        sha256 for sha256 in files if sha256 not in known | half_written and photos.size(sha256) is not None
    ]
    return found


def repair(database: Database, photos: PhotoStore, found: Verified) -> int:
    """Remove what nobody needs: half-written, unknown and unshown photos; how many. Nothing that an audit shows.

    Raises `UnavailableError`.
    """
    removed = sweep(database, photos) + remove_unshown(database, photos)
    return removed + sum(remove_unreferenced(database, photos, sha256) for sha256 in found.orphans)


def _fault(photos: PhotoStore, sha256: str, size: int, listed: int | None, quick: bool) -> str | None:
    if not NAME.fullmatch(sha256):
        return "corrupt"
    there = photos.size(sha256) if listed is None else listed  # one that is being written is not listed
    if there is None:
        return "missing"
    if there != size:
        return "corrupt"
    if quick:
        return None
    try:
        return None if digest(photos.read(sha256)) == sha256 else "corrupt"
    except NotFoundError:
        return "missing"


def _is_shown(database: Database, sha256: str) -> bool:
    with database.read() as session:
        return session.scalar(select(AuditRow.id).where(AuditRow.photo == sha256).limit(1)) is not None

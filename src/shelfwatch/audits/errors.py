"""What the memory refuses or cannot do; every message is fit for the person who asked."""

from __future__ import annotations


class AuditsError(Exception):
    """Anything the memory says no to."""


class InvalidError(AuditsError):
    """A name, time, note, key or cursor that cannot be used."""


class NotFoundError(AuditsError):
    """No such store, bay, audit or photo."""


class ConflictError(AuditsError):
    """The request contradicts what is stored, such as one idempotency key for two photos."""


class UnavailableError(AuditsError):
    """Nothing can be stored or read at the moment; the same request may succeed later."""


class DatabaseUnavailableError(UnavailableError):
    """The database does not answer, is locked or refuses to write."""


class PhotosUnavailableError(UnavailableError):
    """The photo store cannot be read or written."""


class StorageFullError(UnavailableError):
    """The disk or the quota behind the database or the photo store is full."""


class BackupError(AuditsError):
    """A backup that cannot be made or restored."""

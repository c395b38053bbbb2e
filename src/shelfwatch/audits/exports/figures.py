"""What tables say of an audit, whatever their format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shelfwatch.audits.audit import Audit


@dataclass(frozen=True)
class Figures:
    """An audit's rows and gaps as its report holds them, and the widest gap."""

    rows: list[dict[str, Any]]
    gaps: list[dict[str, Any]]
    worst: dict[str, Any]  # the widest gap, empty where there is none

    @classmethod
    def of(cls, audit: Audit) -> Figures:
        """The figures of an audit that was read with its report."""
        report = audit.report or {}
        gaps: list[dict[str, Any]] = report.get("gaps", [])
        worst = max(gaps, key=lambda gap: gap["width_facings"], default={})
        return cls(report.get("rows", []), gaps, worst)


def photo_link(audit: Audit, base_url: str) -> str:
    """Where the service shows the photo; only the path where it is not said where the service is."""
    return f"{base_url.rstrip('/')}/audits/{audit.id}/image"

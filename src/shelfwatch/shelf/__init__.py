"""What a shelf looks like: from detections to rows, facings, gaps and fill rates. Pure functions, numpy only."""

from shelfwatch.shelf.report import Gap, Row, ShelfReport, analyze

__all__ = ["Gap", "Row", "ShelfReport", "analyze"]

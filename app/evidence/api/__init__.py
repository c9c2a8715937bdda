"""Evidence over HTTP: a portfolio with all that is in it, its cases, items, files and claims."""

from __future__ import annotations

from app.evidence.api import (
    asked,
    claims,
    events,
    files,
    items,
    portfolio,
    readings,
    receipts,
    renditions,
    retention,
    uploads,
    validations,
)

routers = (
    *portfolio.routers,
    *readings.routers,
    *items.routers,
    *files.routers,
    *renditions.routers,
    *events.routers,
    *uploads.routers,
    *claims.routers,
    *asked.routers,
    *validations.routers,
    *receipts.routers,
    *retention.routers,
)

"""Evidence over HTTP: a portfolio with all that is in it, its cases, items, files and claims."""

from __future__ import annotations

from app.evidence.api import claims, files, items, portfolio

routers = (*portfolio.routers, *items.routers, *files.routers, *claims.routers)

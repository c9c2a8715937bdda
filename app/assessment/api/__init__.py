"""Assessment over HTTP: assignments, a referent's ratings, interview, verification and result."""

from __future__ import annotations

from app.assessment.api import assessments, assignments, conclusion, files

routers = (
    *assignments.routers,
    *assessments.routers,
    *conclusion.routers,
    *files.routers,
)

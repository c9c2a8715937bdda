"""Assessment over HTTP: assignments, a referent's ratings, interview, verification and result."""

from __future__ import annotations

from app.assessment.api import assessments, assignments, conclusion, files, flags, validations

routers = (
    *assignments.routers,
    *assessments.routers,
    *conclusion.routers,
    *files.routers,
    *flags.routers,
    *validations.routers,
)

"""Asking for validations, over HTTP. Referents answer behind the door of assessment."""

from __future__ import annotations

from uuid import UUID

from app.evidence import validating
from app.evidence.access import NoSuchEvidence, NoSuchValidation
from app.evidence.api.door import CHANGES, CurrentWork
from app.evidence.models import Validation
from app.evidence.schemas.validations import NewValidationRequest, ValidationOut
from app.framework.content.framework import UnknownIndicators
from app.kit.http import declared
from app.people.door import feature_router
from app.portfolio.access import EvidenceNotOpen, NoSuchPortfolio, NotTheCandidate
from app.portfolio.lifecycle import EvidenceClosed

portfolio = feature_router("/portfolios", "Evidence")
evidence = feature_router("/evidence", "Evidence")
validations = feature_router("/validations", "Evidence")
routers = (portfolio, evidence, validations)


@evidence.post(
    "/{id}/validation-requests",
    status_code=201,
    operation_id="askValidation",
    response_model=ValidationOut,
    responses={
        **CHANGES,
        **declared(NoSuchEvidence, UnknownIndicators),
        **declared(EvidenceClosed, validating.ValidationAsked, validating.NothingToValidate),
    },
)
def ask(id: UUID, body: NewValidationRequest, work: CurrentWork) -> Validation:
    """Ask for a referent, who will not assess the portfolio, to validate a piece of evidence."""
    return validating.ask(work, id, body.indicators)


@portfolio.get(
    "/{id}/validations",
    operation_id="listPortfolioValidations",
    response_model=list[ValidationOut],
    responses=declared(NoSuchPortfolio, EvidenceNotOpen),
)
def list_validations(id: UUID, work: CurrentWork) -> list[Validation]:
    """Show the validations of a portfolio: asked, taken on, signed, taken back."""
    return list(validating.listed(work, id))


@validations.delete(
    "/{id}",
    status_code=204,
    operation_id="takeBackValidation",
    responses={
        **declared(NoSuchValidation, NotTheCandidate),
        **declared(EvidenceClosed, validating.ValidationNotOpen),
    },
)
def take_back(id: UUID, work: CurrentWork) -> None:
    """Take back a request that nobody has signed."""
    validating.take_back(work, id)

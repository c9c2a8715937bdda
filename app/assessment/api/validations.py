"""Referents validate named evidence of portfolios that they do not assess, over HTTP."""

from __future__ import annotations

from typing import Annotated, cast
from uuid import UUID

from fastapi import Query, Request, Response

from app.assessment import access, validating
from app.assessment.api.door import CurrentWork
from app.assessment.validating import Listed
from app.evidence import validating as evidence
from app.evidence.access import NoSuchValidation
from app.evidence.models import Evidence, Validation
from app.evidence.schemas.asked import TestimonyOut
from app.evidence.schemas.validations import (
    PooledValidationOut,
    Signature,
    ValidationDeskOut,
    ValidationOut,
)
from app.kit.http import declared, link_next
from app.kit.paging import Limit, MalformedCursor, position
from app.people.door import feature_router
from app.portfolio.access import PartsKeptApart
from app.portfolio.lifecycle import EvidenceClosed

validations = feature_router("/validations", "Assessment")
routers = (validations,)


@validations.get(
    "",
    operation_id="listValidations",
    response_model=list[PooledValidationOut],
    responses=declared(MalformedCursor),
)
def list_validations(
    work: CurrentWork,
    request: Request,
    response: Response,
    state: Listed = Listed.OPEN,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query()] = None,
) -> list[Validation]:
    """List the validations that you may take on, or those that you took on or signed."""
    found = validating.listed(work, state, limit, position(cursor))
    link_next(request, response, found.next_cursor)
    return list(found.rows)


@validations.get(
    "/{id}",
    operation_id="getValidation",
    responses=declared(NoSuchValidation),
)
def get_validation(id: UUID, work: CurrentWork) -> ValidationDeskOut:
    """Show a validation that you took on, with its evidence until you sign or it is too late."""
    desk = validating.desk(work, id)
    return ValidationDeskOut.model_validate(
        {
            "validation": desk.validation,
            "kind": desk.item and desk.item.kind,
            "title": desk.item and desk.item.title,
            "description": desk.item and desk.item.description,
            "practised_on": desk.item and desk.item.practised_on,
            "case": desk.case,
            "files": desk.files,
            "testimonies": [TestimonyOut.of(one) for one in desk.testimonies],
            "claims": desk.claims,
            "named": desk.named,
        }
    )


@validations.post(
    "/{id}/acceptance",
    operation_id="takeValidation",
    response_model=ValidationOut,
    responses=declared(
        NoSuchValidation,
        PartsKeptApart,
        EvidenceClosed,
        access.ConflictOfInterest,
        evidence.ValidationNotOpen,
    ),
)
def accept(id: UUID, work: CurrentWork) -> Validation:
    """Take a validation on; you can then read the evidence, and no longer assess this portfolio."""
    return validating.accept(work, id)


@validations.post(
    "/{id}/release",
    operation_id="releaseValidation",
    response_model=ValidationOut,
    responses=declared(NoSuchValidation, evidence.ValidationNotOpen),
)
def release(id: UUID, work: CurrentWork) -> Validation:
    """Hand back a validation that you took on; you can then no longer read the evidence."""
    return validating.release(work, id)


@validations.post(
    "/{id}/signature",
    operation_id="signValidation",
    response_model=ValidationOut,
    responses=declared(
        NoSuchValidation,
        EvidenceClosed,
        evidence.ValidationNotOpen,
        evidence.NothingToValidate,
        evidence.StillBeingChecked,
        evidence.NotWhatWasShown,
        evidence.ReasonForDenial,
    ),
)
def sign(id: UUID, body: Signature, work: CurrentWork) -> Validation:
    """Sign whether the evidence bears the indicators out; what you sign stays as it is."""
    named = cast(Evidence, body.named.model_dump(mode="json"))
    return validating.sign(
        work, id, statement=body.statement, holds=body.holds, reason=body.reason, named=named
    )

"""What candidates claim and how they rate themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from app.kit.fields import Body, Code, Out, Prose

Page = Annotated[int, Field(ge=1, le=100_000)]
Milliseconds = Annotated[int, Field(ge=0, le=2**40)]


def _four_decimals(share: float) -> float:
    return round(share, 4)


Share = Annotated[float, Field(ge=0, le=1), AfterValidator(_four_decimals)]


class Box(Body):
    """A rectangle in a page or picture, in shares of its width and height, from its upper left.

    Numbers are kept to four decimals; x + width and y + height are at most 1.
    """

    x: Share
    y: Share
    width: Share
    height: Share


class Place(Body):
    """Why the item shows the indicator, and where.

    A page of a document or a picture, each with or without a box in it, or a time range in
    milliseconds.
    """

    reason: Prose
    file_id: UUID | None = None
    page: Page | None = None
    box: Box | None = None
    from_ms: Milliseconds | None = None
    to_ms: Milliseconds | None = None


class ClaimChange(Body):
    """What is to change of a claim: members left out stay; `file_id` null takes the place away."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    # Not None: a claim always has a reason, so it can be left out, but not be null.
    reason: Prose = Field(default_factory=str)
    file_id: UUID | None = None
    page: Page | None = None
    box: Box | None = None
    from_ms: Milliseconds | None = None
    to_ms: Milliseconds | None = None

    @model_validator(mode="after")
    def _names_a_change(self) -> ClaimChange:
        if not self.model_fields_set:
            raise ValueError("must name at least one member to change")
        return self


class NewClaim(Place):
    indicator: Code = Field(examples=["7m"])


class BoxOut(Out):
    x: float
    y: float
    width: float
    height: float


class ClaimOut(Out):
    id: UUID
    portfolio_id: UUID
    item_id: UUID = Field(serialization_alias="evidence_id")
    indicator: str
    reason: str
    file_id: UUID | None
    page: int | None
    box: BoxOut | None
    from_ms: int | None
    to_ms: int | None
    version: int


class ClaimVersionOut(Out):
    """What a claim said in one of its versions; the present one is not replaced yet."""

    version: int
    reason: str
    file_id: UUID | None
    page: int | None
    box: BoxOut | None
    from_ms: int | None
    to_ms: int | None
    written_at: datetime
    replaced_at: datetime | None
    replaced_by: UUID | None = Field(description="Who changed it to the next version.")


class OwnRating(Body):
    """How you rate yourself on one indicator, on the scheme's scale."""

    rating: Annotated[int, Field(ge=0, le=100)]
    comment: Prose | None = None


class OwnRatings(Body):
    """Your own ratings by indicator; indicators left out keep what they had."""

    ratings: dict[Code, OwnRating] = Field(min_length=1, max_length=500)


class SelfRatingOut(Out):
    indicator: str
    rating: int
    comment: str | None


class SelfAssessmentOut(Out):
    version: int
    ratings: list[SelfRatingOut]

"""What candidates are told of what they handed in, and how it can be checked."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field, JsonValue

from app.kit.fields import Out


class HandedInOut(Out):
    """A file that was handed in: its size in bytes and its SHA-256."""

    id: UUID
    evidence_id: UUID
    name: str
    media_type: str
    size: int
    sha256: str


class ReceiptOut(Out):
    """What a submission sealed, under one root (RFC 9162) for all of it."""

    portfolio_id: UUID
    number: int = Field(description="Which submission of the portfolio it was, from 1.")
    sealed_at: datetime
    root: str
    manifest_sha256: str
    entries: int = Field(description="How many entries the manifest has, its head among them.")
    framework_sha256: str
    scheme_sha256: str
    charter_sha256: str
    files: list[HandedInOut]
    pdf_sha256: str | None = Field(description="Of the printed receipt, once it was drawn.")


class ProofOut(Out):
    """That an entry is in the manifest: its hash and those beside lead to the root (RFC 9162)."""

    entry: dict[str, JsonValue] = Field(description="Its canonical JSON (RFC 8785) is the leaf.")
    leaf: str = Field(description="SHA-256 of a zero byte and the canonical JSON.")
    index: int
    size: int
    path: list[str]
    root: str

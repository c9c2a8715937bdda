"""What is told of those who opened files."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.actor import Role
from app.kit.fields import Out


class FileReadingOut(Out):
    """That somebody opened a file.

    To the candidate, a referent is told as a referent and by nothing else. The role is null where
    it was not noted, which it always is by now. `rendition` names what was opened if it was
    something made of the file.
    """

    at: datetime
    file_id: UUID
    file_name: str | None
    rendition: str | None
    role: Role | None
    person_id: UUID | None
    person_name: str | None

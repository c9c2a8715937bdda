"""Why a file cannot be accepted as evidence: one refusal for each thing found wrong with it."""

from __future__ import annotations

from collections.abc import Sequence

from app.kit.errors import Invalid


class Unacceptable(Invalid):
    """The file cannot be accepted as evidence; `reason` says what was found in it."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(f"{self.title()} Reason: {reason}.", reason=reason)


class TypeNotAccepted(Invalid):
    """The scheme does not accept files of this type as evidence."""

    def __init__(self, *, media_type: str, accepted: Sequence[str]) -> None:
        detail = f"{self.title()} Announced: {media_type}; accepted: {', '.join(accepted)}."
        super().__init__(detail, media_type=media_type, accepted=accepted)


class WrongType(Invalid):
    """The file is not of the type that it was announced as."""

    def __init__(self, *, declared: str, found: str) -> None:
        detail = f"{self.title()} Announced: {declared}; found: {found}."
        super().__init__(detail, declared=declared, found=found)


class DamagedFile(Unacceptable):
    """The file is damaged, incomplete or irregular and cannot be read safely."""


class EncryptedFile(Unacceptable):
    """The file is protected by a password or by encryption; hand in an unprotected copy."""


class ActiveContent(Unacceptable):
    """The file carries macros or other program code; hand in a copy without them."""


class FileBomb(Unacceptable):
    """The file would take far more memory or work to open than a file of its type needs."""


class CouldNotCheck(Unacceptable):
    """The file could not be checked, so it is not accepted."""

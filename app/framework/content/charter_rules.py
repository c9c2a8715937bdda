"""What must hold in a charter beyond its JSON schema."""

from __future__ import annotations

from collections.abc import Iterator

from app.framework.content.charter import Charter
from app.framework.content.problems import Finding, Path, incomplete, repeated, texts


def findings(charter: Charter) -> Iterator[Finding]:
    """Find everything that is wrong in a charter by itself."""
    found = (
        (("charter", *path) if path == ("title",) else path, text) for path, text in texts(charter)
    )
    yield from incomplete(found, charter.languages)
    lists: dict[Path, list[str]] = {
        ("values",): [one.code for one in charter.values],
        ("commitments", "mentor"): [one.code for one in charter.commitments.mentor],
        ("commitments", "mentee"): [one.code for one in charter.commitments.mentee],
        ("sanctions",): [one.code for one in charter.sanctions],
    }
    for path, codes in lists.items():
        places = (((*path, i, "code"), code) for i, code in enumerate(codes))
        yield from repeated(places, "clause")
    minutes = charter.conduct.meeting_minutes
    if minutes.min > minutes.max:
        reason = f"a meeting of at least {minutes.min} cannot last at most {minutes.max} minutes"
        yield ("conduct", "meeting_minutes"), reason

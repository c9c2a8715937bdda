"""What may come in: an archive's rows, each looked at as if its candidate had entered it by hand.

Every value is of its column's kind and no longer than the service's own doors allow; nothing speaks
of another portfolio, or from the future. A file begins anew: received, to be sent, or gone.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Final, cast
from uuid import UUID

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import ARRAY, JSON

from app.evidence import captions
from app.evidence.lifecycle import State
from app.evidence.models import ConsentForm
from app.framework import queries as reference
from app.kit.db import Table
from app.kit.errors import Invalid
from app.kit.fields import Line
from app.portfolio.models import Portfolio
from app.privacy import contents, packing
from app.privacy.contents import Json, Rows
from app.work import Work

MOST_ROWS: Final = 50_000
LONGEST: Final = 10_000
LONGEST_CAPTIONS: Final = 2_000_000
LINES: Final = {
    ("client_case", "pseudonym"),
    ("client_case", "sector"),
    ("evidence_item", "title"),
    ("evidence_file", "name"),
    ("consent", "person"),
}
WITH_BYTES: Final = frozenset({State.AVAILABLE, State.SUPERSEDED})
SENT_AGAIN: Final = frozenset(
    {State.ANNOUNCED, State.UPLOADING, State.RECEIVED, State.CHECKED, State.AVAILABLE}
)
"""States of files that, without their bytes in the archive, can be sent once more."""
FORGOTTEN: Final = frozenset(
    {"received_at", "settled_at", "quarantined_at", "problem", "problem_detail"}
)


class ContentNotAccepted(Invalid):
    """The archive says something that could not have been entered here; `reason` says what."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(f"{self.title()} Reason: {reason}.", reason=reason)


def working(work: Work, portfolio: Portfolio, document: Json, with_bytes: set[str]) -> Rows:
    """Return the rows that become working content, as they will be entered."""
    try:
        return _working(work, portfolio, document, with_bytes)
    except KeyError as missing:
        raise ContentNotAccepted(reason=f"an entry does not say its {missing.args[0]}") from None


def _working(work: Work, portfolio: Portfolio, document: Json, with_bytes: set[str]) -> Rows:
    told = member(document, "tables")
    names = [name for name in contents.tables() if name in packing.WORKING]
    rows = {name: _table(work, portfolio, name, told.get(name, [])) for name in names}
    if sum(map(len, rows.values())) > MOST_ROWS:
        raise ContentNotAccepted(reason=f"it has more than {MOST_ROWS} entries")
    rows["consent"] = [found for one in rows["consent"] if (found := _consent(one)) is not None]
    for one in rows.get("claim_version", []):
        one["replaced_by"] = str(portfolio.candidate_id)
    for one in rows["captions"]:
        _check_captions(one)
    _check_items(work, portfolio, rows["evidence_item"])
    _check_ratings(work, portfolio, rows["self_rating"])
    rows["evidence_file"] = [
        _file(work, portfolio, one, with_bytes) for one in rows["evidence_file"]
    ]
    known = {str(one["id"]) for one in rows["evidence_file"]}
    if with_bytes - known:
        raise ContentNotAccepted(reason="it holds a file that belongs to nothing")
    return rows


def member(document: Json, name: str) -> Json:
    found = document.get(name)
    if not isinstance(found, dict):
        raise ContentNotAccepted(reason=f"portfolio.json does not say its {name}")
    return found


def _table(work: Work, portfolio: Portfolio, name: str, rows: object) -> list[Json]:
    if not isinstance(rows, list) or not all(isinstance(one, dict) for one in rows):
        raise ContentNotAccepted(reason=f"{name} is not a list of rows")
    known = set(contents.columns(name))
    for one in cast(list[Json], rows):
        if one.keys() != cast(Json, rows[0]).keys() or not one.keys() <= known:
            raise ContentNotAccepted(reason=f"{name} has columns that are not known here")
        if one.get("portfolio_id") != str(portfolio.id):
            raise ContentNotAccepted(reason=f"{name} speaks of another portfolio")
        if "framework_id" in one and one["framework_id"] != str(portfolio.framework_id):
            raise ContentNotAccepted(reason=f"{name} speaks of another framework")
        for column, value in one.items():
            _check_value(work, name, column, value)
    return [dict(one) for one in rows]


def _check_value(work: Work, table: str, column: str, value: object) -> None:
    where = f"{column} in {table}"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**53:
        raise ContentNotAccepted(reason=f"{where} is too large")
    if isinstance(value, list | dict):
        if not isinstance(Table.metadata.tables[table].columns[column].type, ARRAY | JSON):
            raise ContentNotAccepted(reason=f"{where} is of another kind")
        if len(json.dumps(value)) > LONGEST or "\\u0000" in json.dumps(value):
            raise ContentNotAccepted(reason=f"{where} is too long")
        return
    if (column == "id" or column.endswith("_id")) and value is not None and not _is_id(value):
        raise ContentNotAccepted(reason=f"{where} is no identifier")
    if not isinstance(value, str):
        return
    longest = LONGEST_CAPTIONS if (table, column) == ("captions", "words") else LONGEST
    if len(value) > longest or "\x00" in value or not _is_unicode(value):
        raise ContentNotAccepted(reason=f"{where} is too long, or no text")
    if (table, column) in LINES and not _is_line(value):
        raise ContentNotAccepted(reason=f"{where} is not one line")
    if column.endswith(("_at", "_on")) and column != "ended_on":
        _check_past(work, where, value)


def _check_past(work: Work, where: str, value: str) -> None:
    try:
        when = date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
    except ValueError:
        raise ContentNotAccepted(reason=f"{where} is no moment") from None
    aware = isinstance(when, datetime) and when.tzinfo is not None
    if (when > work.now) if aware else (str(when) > str(work.now.date())):
        raise ContentNotAccepted(reason=f"{where} lies in the future")


def _is_id(value: object) -> bool:
    try:
        return str(UUID(str(value))) == value
    except ValueError:
        return False


def _is_unicode(words: str) -> bool:
    try:
        words.encode()
    except UnicodeEncodeError:
        return False
    return True


LINE: Final[TypeAdapter[str]] = TypeAdapter(Line)


def _is_line(words: str) -> bool:
    try:
        LINE.validate_python(words)
    except ValidationError:
        return False
    return True


def _check_captions(row: Json) -> None:
    try:
        captions.check_written(str(row["words"]), str(row["sha256"]), cast(int, row["cues"]))
    except (captions.NotWebVtt, captions.CaptionsTooLarge):
        raise ContentNotAccepted(reason="captions are not as the service writes them") from None


def _check_items(work: Work, portfolio: Portfolio, items: list[Json]) -> None:
    framework = reference.framework(work.session, portfolio.framework_id)
    known = {one.code for one in framework.evidence_kinds}
    for one in items:
        try:
            practised_on = date.fromisoformat(str(one["practised_on"]))
        except (KeyError, ValueError):
            raise ContentNotAccepted(reason="an item has no date") from None
        if one.get("kind") not in known or practised_on > work.now.date():
            raise ContentNotAccepted(reason="an item is of an unknown kind, or of the future")


def _check_ratings(work: Work, portfolio: Portfolio, ratings: list[Json]) -> None:
    scale = reference.scheme(work.session, portfolio.scheme_id).rating_scale.values
    if any(one.get("rating") not in scale for one in ratings):
        raise ContentNotAccepted(reason="a self-rating is off the scale")


def _consent(row: Json) -> Json | None:
    """Return a consent's row as it begins here; what others gave by a link does not come in.

    That they withdrew it does: it stands against the recording here as it did there.
    """
    if row["how"] != ConsentForm.LINK:
        return row
    if row.get("withdrawn_at") is None:
        return None
    return {**row, **{name: None for name in ("invitation_id", "signed_name") if name in row}}


def _file(work: Work, portfolio: Portfolio, row: Json, with_bytes: set[str]) -> Json:
    """Return a file's row as it begins here: received, to be sent, rejected or deleted."""
    rules = reference.scheme(work.session, portfolio.scheme_id).evidence_rules
    size = row.get("size")
    if row.get("kind") != rules.kind_of(str(row.get("media_type"))) or row["kind"] is None:
        raise ContentNotAccepted(reason="a file is of a type that the scheme does not accept")
    if type(size) is not int or not 0 < size <= rules.max_file_bytes:
        raise ContentNotAccepted(reason="a file is larger than the scheme accepts")
    if row.get("state") not in tuple(State):
        raise ContentNotAccepted(reason="a file is in a state that files do not have")
    if (row["state"] in WITH_BYTES) < (str(row["id"]) in with_bytes):
        raise ContentNotAccepted(reason="it holds a file that was not accepted where it was")
    moment = work.now.isoformat()
    blank = {name: None for name in FORGOTTEN if name in row}
    if str(row["id"]) in with_bytes:
        return {**row, **blank, "state": State.RECEIVED, "received_at": moment}
    if row["state"] == State.REJECTED:
        return row
    if row["state"] in SENT_AGAIN:
        return {**row, **blank, "state": State.ANNOUNCED}
    gone: Json = {name: row[name] for name in ("settled_at", "quarantined_at") if name in row}
    return {**row, **blank, **gone, "state": State.DELETED}

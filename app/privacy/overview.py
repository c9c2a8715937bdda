"""The pages of an archive: the map of the indicators, and what speaks for each of them.

They open from a folder, offline and without scripts; their policy forbids whatever is not in them.
Everything that a person wrote is escaped by the template.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.framework.content import Framework, Scheme
from app.framework.content.framework import Indicator
from app.kit.dates import written_date
from app.privacy.contents import Contents, Json
from app.privacy.parcel import PAGES
from app.privacy.wording import PHRASES, word

Pages = dict[str, bytes]
"""Each page by its name in the archive."""

TEMPLATES: Final = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Link:
    """A file in the archive, at the place that a claim names if it names one."""

    name: str
    href: str | None
    """None where its bytes did not go along."""
    state: str
    size: int
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Proof:
    """One claim: why, by which piece of evidence, and where in it."""

    reason: str
    title: str
    description: str | None
    practised_on: date
    case: str | None
    place: str | None
    files: Sequence[Link]


@dataclass(frozen=True, slots=True)
class Cell:
    """One indicator on the map."""

    code: str
    statement: str
    statement_language: str
    coverage: str
    have: int
    need: int
    own_rating: object
    comment: object
    result: object
    proofs: Sequence[Proof]


def pages(
    framework: Framework,
    scheme: Scheme,
    found: Contents,
    results: Json | None,
    names: Mapping[str, str],
) -> Pages:
    """Return the archive's pages; `names` are those of the files whose bytes go along."""
    return {
        name: _page(language, framework, scheme, found, results, names)
        for language, name in PAGES.items()
    }


def _page(
    language: str,
    framework: Framework,
    scheme: Scheme,
    found: Contents,
    results: Json | None,
    names: Mapping[str, str],
) -> bytes:
    said = PHRASES[language]
    files = _files(found, names)
    cells = _cells(language, framework, scheme, found, results, files)
    style = (TEMPLATES / "takeout.css").read_text("utf-8")
    level = scheme.level(str(found.portfolio["level"]))
    versions = {str(one["kind"]): one for one in found.versions}
    page = (
        _environment()
        .get_template("takeout.html")
        .render(
            language=language,
            said=said,
            style=style,
            style_hash=b64encode(hashlib.sha256(style.encode()).digest()).decode(),
            other=next(name for other, name in PAGES.items() if other != language),
            other_language=next(other for other in PAGES if other != language),
            candidate=found.candidate,
            made_on=_newest(found),
            level=level.title.in_language(language)[0],
            state=word(str(found.portfolio["state"]), language),
            versions=versions,
            framework=framework.title.in_language(language),
            outcome=_outcome(results, language),
            phases=framework.phases,
            columns=max((one.indicators for one in framework.competences.values()), key=len),
            cells=cells,
            items={str(one["id"]): one for one in found.tables["evidence_item"]},
            files=[(str(row["item_id"]), files[str(row["id"])]) for row in _present(found)],
            written=lambda day: written_date(day, language),
            word=lambda term: word(str(term), language),
        )
    )
    return page.encode()


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _newest(found: Contents) -> date:
    """Return the day of what was recorded last: that the copy was asked for."""
    return datetime.fromisoformat(str(found.journal[-1]["at"])).date()


def _outcome(results: Json | None, language: str) -> str | None:
    if results is None:
        return None
    return word(str(cast(Json, results["decision"])["outcome"]), language)


def _present(found: Contents) -> list[Json]:
    return [one for one in found.tables["evidence_file"] if one["state"] != "deleted"]


def _files(found: Contents, names: Mapping[str, str]) -> dict[str, Link]:
    return {
        str(one["id"]): Link(
            name=str(one["name"]),
            href=names.get(str(one["id"])),
            state=str(one["state"]),
            size=cast(int, one["size"]),
            sha256=cast(str | None, one["sha256"]),
        )
        for one in found.tables["evidence_file"]
    }


def _cells(
    language: str,
    framework: Framework,
    scheme: Scheme,
    found: Contents,
    results: Json | None,
    files: Mapping[str, Link],
) -> dict[str, Cell]:
    items = {str(one["id"]): one for one in found.tables["evidence_item"]}
    cases = {str(one["id"]): str(one["pseudonym"]) for one in found.tables["client_case"]}
    of_item: dict[str, list[Link]] = defaultdict(list)
    for row in _present(found):
        of_item[str(row["item_id"])].append(files[str(row["id"])])
    claims: dict[str, list[Json]] = defaultdict(list)
    for one in found.tables["claim"]:
        claims[str(one["indicator"])].append(one)
    own = {str(one["indicator"]): one for one in found.tables["self_rating"]}
    ratings = _ratings(results)
    return {
        code: _cell(
            language,
            indicator,
            scheme,
            [
                _proof(language, claim, items[str(claim["item_id"])], cases, of_item, files)
                for claim in claims[code]
            ],
            {str(claim["item_id"]): items[str(claim["item_id"])] for claim in claims[code]},
            of_item,
            own.get(code, {}),
            ratings.get(code),
        )
        for code, indicator in framework.indicators.items()
    }


def _cell(
    language: str,
    indicator: Indicator,
    scheme: Scheme,
    proofs: Sequence[Proof],
    items: Mapping[str, Json],
    files: Mapping[str, Sequence[Link]],
    own: Json,
    result: object,
) -> Cell:
    rules = scheme.evidence_rules
    need_cases = rules.min_cases_for(indicator.code)
    need = max(rules.min_items_per_indicator, need_cases, 1)
    good = [
        item for id, item in items.items() if any(one.href is not None for one in files.get(id, ()))
    ]
    in_cases = len({item["case_id"] for item in good if item["case_id"] is not None})
    covered = len(good) >= need and (need_cases <= 1 or in_cases >= need_cases)
    statement, statement_language = indicator.statement.in_language(language)
    return Cell(
        code=indicator.code,
        statement=statement,
        statement_language=statement_language,
        coverage="covered" if covered else "begun" if items else "none",
        have=len(items),
        need=need,
        own_rating=own.get("rating"),
        comment=own.get("comment"),
        result=result,
        proofs=proofs,
    )


def _proof(
    language: str,
    claim: Json,
    item: Json,
    cases: Mapping[str, str],
    of_item: Mapping[str, Sequence[Link]],
    files: Mapping[str, Link],
) -> Proof:
    cited = files.get(str(claim["file_id"]))
    return Proof(
        reason=str(claim["reason"]),
        title=str(item["title"]),
        description=cast(str | None, item["description"]),
        practised_on=date.fromisoformat(str(item["practised_on"])),
        case=cases.get(str(item["case_id"])),
        place=_place(language, claim),
        files=of_item.get(str(item["id"]), ()) if cited is None else [_at(cited, claim)],
    )


def _place(language: str, claim: Json) -> str | None:
    said = PHRASES[language]
    if claim["page"] is not None:
        return said["page"].format(page=claim["page"])
    if claim["from_ms"] is not None:
        start, end = cast(int, claim["from_ms"]), cast(int, claim["to_ms"])
        return said["time"].format(from_time=_clock(start), to_time=_clock(end))
    return None


def _clock(milliseconds: int) -> str:
    minutes, seconds = divmod(milliseconds // 1000, 60)
    return f"{minutes}:{seconds:02}"


def _at(file: Link, claim: Json) -> Link:
    """Return a file's link that opens it at the place that a claim names."""
    if file.href is None:
        return file
    place = ""
    if claim["page"] is not None:
        place = f"#page={claim['page']}"
    elif claim["from_ms"] is not None:
        start, end = cast(int, claim["from_ms"]), cast(int, claim["to_ms"])
        place = f"#t={start / 1000:g},{end / 1000:g}"
    return Link(file.name, file.href + place, file.state, file.size, file.sha256)


def _ratings(results: Json | None) -> dict[str, object]:
    """Return the rating of each indicator in a released result."""
    told = cast(Json | None, results["result"]) if results is not None else None
    if told is None:
        return {}
    return {str(one["indicator"]): one["rating"] for one in cast(list[Json], told["indicators"])}

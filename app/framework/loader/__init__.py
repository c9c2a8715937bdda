"""From YAML files to documents that may be loaded: read with limits, checked, and located.

A folder of reference data holds documents (`framework:`, `scheme:` or `charter:` at the top) and
may hold `editions:`, what each edition must add up to. Everything that is wrong is reported at
once, with its file and line; then nothing is loaded.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import cast
from uuid import UUID

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from sqlalchemy.orm import Session

from app.framework import queries, service
from app.framework.content import Document, Edition, Kind, problems
from app.framework.content import Path as Place
from app.framework.content.structure import structure
from app.framework.loader import source
from app.framework.loader.source import File, Located
from app.framework.service import Loaded
from app.kit.errors import Invalid

BUNDLED = Path(__file__).resolve().parents[3] / "framework_data"
"""The reference data that comes with the service."""

EDITIONS = "editions"
NOT_REFERENCE_DATA = frozenset({"retention.yaml"})
"""Files of the folder that belong to no version of a framework, scheme or charter."""


class ReferenceDataRefused(Invalid):
    """The reference data breaks its rules; nothing was loaded."""

    def __init__(self, found: Iterable[Located]) -> None:
        self.problems = sorted(set(found))
        super().__init__(
            "\n".join(str(one) for one in self.problems),
            problems=[
                {"file": one.file, "line": one.line, "reason": one.reason} for one in self.problems
            ],
        )


def load(session: Session, path: Path, *, now: datetime) -> list[Loaded]:
    """Load a file, or every YAML file of a folder, as drafts (see `service.load`).

    Raises ReferenceDataRefused with everything that is wrong.
    """
    return service.load(session, read(path, known=queries.documents(session)), now=now)


def read(path: Path, *, known: Sequence[Document] = ()) -> list[Document]:
    """Read and check a file, or every YAML file of a folder; schemes come last.

    `known` are documents that a scheme may name although they are not among the files. Raises
    ReferenceDataRefused with everything that is wrong.
    """
    whole = sorted(one for one in path.glob("*.yaml") if one.name not in NOT_REFERENCE_DATA)
    paths = whole if path.is_dir() else [path]
    return check([source.read(one) for one in paths], known=known)


def check(files: Sequence[File], *, known: Sequence[Document] = ()) -> list[Document]:
    """Hold files that have been read to their schemas and to the rules between them."""
    for file in files:
        if not file.found:
            _check_schema(file)
    whole = [file for file in files if not file.found]
    written = [(Document.of(file.data), file) for file in whole if EDITIONS not in file.data]
    files_by_document = {id(document): file for document, file in written}
    documents = [document for document, _ in written]
    for problem in problems(
        documents,
        known=known,
        editions=[one for file in whole for one in _editions(file)],
        unreadable={found for file in files if file.found for found in _identity(file)},
    ):
        files_by_document[id(problem.document)].note_at(problem.path, problem.reason)
    if found := [one for file in files for one in file.found]:
        raise ReferenceDataRefused(found)
    return sorted(documents, key=lambda one: one.kind is Kind.SCHEME)


def _check_schema(file: File) -> None:
    kinds = [name for name in (*Kind, EDITIONS) if name in file.data]
    if len(kinds) != 1:
        file.note(1, "a document begins with framework:, scheme:, charter: or editions:")
        return
    for error in _validator(kinds[0]).iter_errors(file.data):
        for place, reason in _readable(error):
            file.note_at(place, reason)


def _readable(error: ValidationError) -> Iterator[tuple[Place, str]]:
    """Put an error of JSON Schema into words, at the value or name it is about."""
    place = tuple(error.absolute_path)
    if error.validator == "additionalProperties" and error.validator_value is False:
        known = cast(Mapping[str, object], cast(dict[str, object], error.schema)["properties"])
        for name in cast(Mapping[str, object], error.instance):
            if name not in known:
                yield (*place, name), f"{name} is not known here"
    else:
        yield place, error.message


@cache
def _validator(name: str) -> Draft202012Validator:
    schema = json.loads((BUNDLED / "schemas" / f"{name}.schema.json").read_text())
    return Draft202012Validator(schema)


def _editions(file: File) -> tuple[Edition, ...]:
    return structure(tuple[Edition, ...], file.data.get(EDITIONS, ()), "")


def _identity(file: File) -> Iterator[UUID]:
    """Name a document that failed its schema, so that others are not blamed for naming it."""
    try:
        yield Document.of(file.data).id
    except ValueError:
        return

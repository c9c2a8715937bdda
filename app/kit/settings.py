"""What an installation decides: read once at the edge and handed down; importing has no effect."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class Settings:
    """The addresses, keys and names of one installation.

    Each field can be set by an environment variable of its name in capitals with the prefix
    `MENTORCERT_`, for example `MENTORCERT_DATABASE_URL`.
    """

    database_url: str
    """PostgreSQL as the role of the web process (`mentorcert_app`)."""
    worker_database_url: str
    """PostgreSQL as the role of the worker (`mentorcert_worker`); direct, not through a pooler."""
    s3_endpoint: str
    s3_access_key: str
    s3_secret_key: str = field(repr=False)
    owner_database_url: str | None = field(default=None, repr=False)
    """PostgreSQL as the owner of the tables; only `mentorcert migrate` uses it."""
    s3_public_endpoint: str | None = None
    """The store's address as browsers reach it, if it differs; its host is part of signatures."""
    s3_bucket: str = "mentorcert"
    s3_region: str = "us-east-1"
    public_url: str = "http://localhost:8000"
    """The service's address as the world sees it; certificates carry it for ever."""
    issuer: str = "MENTORCERT"
    """The name that certificates give as their issuer."""
    max_body_bytes: int = 2 * 1024 * 1024

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None, **defaults: object) -> Self:
        """Take each field from the environment, else from `defaults`.

        Raises ValueError that names every required setting that is missing.
        """
        given = dict(os.environ if environment is None else environment)
        values: dict[str, object] = dict(defaults)
        for known in fields(cls):
            name = "MENTORCERT_" + known.name.upper()
            if name in given:
                values[known.name] = _converted(known.type, given[name])
        try:
            return cls(**values)  # type: ignore[arg-type]
        except TypeError as problem:
            raise ValueError(f"A setting is missing or unknown: {problem}") from problem

    def changed(self, **values: object) -> Self:
        """Return these settings with some values replaced; None leaves a value as it is."""
        known = {name: value for name, value in values.items() if value is not None}
        return replace(self, **known)  # type: ignore[arg-type]


def _converted(kind: object, value: str) -> object:
    if kind == "int":
        return int(value)
    return value

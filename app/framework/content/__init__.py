"""What a framework, a scheme and a charter say, typed and checked; no database and no files.

`Document` is one version as plain data; `Framework`, `Scheme` and `Charter` are what the rest of
the service reads from it.
"""

from __future__ import annotations

from app.framework.content.charter import Charter, Commitment, Value
from app.framework.content.comparison import (
    Change,
    ChangeKind,
    Differences,
    IndicatorChange,
    TitleChange,
    changes,
    differences,
    readable,
)
from app.framework.content.document import Document, Kind, Reference, node_id, version_id
from app.framework.content.framework import (
    Competence,
    EvidenceExample,
    EvidenceKind,
    Framework,
    Indicator,
    Phase,
    Totals,
)
from app.framework.content.problems import Path, Problem
from app.framework.content.rules import Content, Edition, parse, problems, totals
from app.framework.content.scheme import (
    Assessment,
    CertificateRules,
    EvidenceRules,
    Level,
    Outcome,
    PassRule,
    Prerequisites,
    Rating,
    RatingScale,
    Recertification,
    RuleKind,
    Scheme,
    Scope,
    Sector,
)
from app.framework.content.text import DEFAULT_LANGUAGE, Text

__all__ = [
    "DEFAULT_LANGUAGE",
    "Assessment",
    "CertificateRules",
    "Change",
    "ChangeKind",
    "Charter",
    "Commitment",
    "Competence",
    "Content",
    "Differences",
    "Document",
    "Edition",
    "EvidenceExample",
    "EvidenceKind",
    "EvidenceRules",
    "Framework",
    "Indicator",
    "IndicatorChange",
    "Kind",
    "Level",
    "Outcome",
    "PassRule",
    "Path",
    "Phase",
    "Prerequisites",
    "Problem",
    "Rating",
    "RatingScale",
    "Recertification",
    "Reference",
    "RuleKind",
    "Scheme",
    "Scope",
    "Sector",
    "Text",
    "TitleChange",
    "Totals",
    "Value",
    "changes",
    "differences",
    "node_id",
    "parse",
    "problems",
    "readable",
    "totals",
    "version_id",
]

"""What is written on a certificate, and the words around it in each language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

PHRASES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "certificate": "Certificate",
        "certifies": "This certifies that",
        "holds": "holds the certification",
        "scheme": "{scheme_title}, certification scheme version {scheme_version}",
        "labels": "Sector labels: {labels}",
        "competences": "Competences demonstrated",
        "overleaf": "The competences demonstrated are listed on the following page.",
        "framework": "{framework_title}, version {framework_version}",
        "number": "Certificate number",
        "issued": "Issued on",
        "valid": "Valid until",
        "attests_title": "What this certificate attests",
        "attests": "{issuer} attests that on the date of issue the person named above met the"
        " requirements of the certification scheme named above for the stated level, as shown by"
        " evidence from practice that was assessed against the competence framework. It may be"
        " suspended or withdrawn before it expires.",
        "check_title": "How to check it",
        "check": "Scan the code or open the address below. Compare name, level, number and dates"
        " with the public register: only the register tells the present status.",
        "continued": "{number} · {holder_name} · continued",
    },
    "fr": {
        "certificate": "Certificat",
        "certifies": "Le présent certificat atteste que",
        "holds": "est titulaire de la certification",
        "scheme": "{scheme_title}, programme de certification version {scheme_version}",
        "labels": "Labels sectoriels : {labels}",
        "competences": "Compétences démontrées",
        "overleaf": "Les compétences démontrées figurent sur la page suivante.",
        "framework": "{framework_title}, version {framework_version}",
        "number": "Numéro du certificat",
        "issued": "Délivré le",
        "valid": "Valable jusqu’au",
        "attests_title": "Ce que ce certificat signifie",
        "attests": "{issuer} atteste qu’à la date de délivrance la personne nommée ci-dessus"
        " satisfaisait aux exigences du programme de certification indiqué, pour le niveau"
        " mentionné, au vu de preuves issues de la pratique et évaluées selon le référentiel de"
        " compétences. Il peut être suspendu ou retiré avant son échéance.",
        "check_title": "Comment le vérifier",
        "check": "Scannez le code ou ouvrez l’adresse ci-dessous. Comparez le nom, le niveau, le"
        " numéro et les dates avec le registre public : seul le registre indique le statut"
        " actuel.",
        "continued": "{number} · {holder_name} · suite",
    },
}


@dataclass(frozen=True, slots=True)
class CertificateFace:
    """Everything that is written on a certificate, in the language it is drawn in."""

    number: str
    holder_name: str
    level_title: str
    scheme_title: str
    scheme_version: str
    framework_title: str
    framework_version: str
    issuer: str
    issued_on: date
    valid_until: date
    competences: Sequence[tuple[int, str]]
    """Those won: number in the framework, and title."""
    labels: Sequence[str]
    verification_url: str
    language: str
    """"en" or "fr"."""


def sentences(face: CertificateFace) -> dict[str, str]:
    """Return every phrase of the document in the face's language, its gaps filled."""
    gaps = {
        "issuer": face.issuer,
        "scheme_title": face.scheme_title,
        "scheme_version": face.scheme_version,
        "framework_title": face.framework_title,
        "framework_version": face.framework_version,
        "number": face.number,
        "holder_name": face.holder_name,
        "labels": " · ".join(face.labels),
    }
    return {key: phrase.format_map(gaps) for key, phrase in PHRASES[face.language].items()}

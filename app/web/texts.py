"""What the public pages say, in each language; a template takes its words from here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from app.certification.register import Status, Titles
from app.kit.dates import written_date

LANGUAGES: Mapping[str, str] = {"en": "English", "fr": "Français"}
FALLBACK = "en"

PHRASES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "skip": "Skip to the content",
        "languages": "Language",
        "start": "Start page",
        "start_title": "Certified business mentors",
        "start_lead": "Business mentors are certified here on evidence from their practice: a"
        " portfolio, an interview, and the judgement of independent referent mentors.",
        "verify_title": "Check a certificate",
        "verify_lead": "The number stands on the certificate and begins with two letters.",
        "number": "Certificate number",
        "number_hint": "For example MC-S-2026-000123-33. Capitals, spaces and hyphens do not"
        " matter.",
        "check": "Check",
        "check_another": "Check another certificate",
        "more_title": "For those who want to know more",
        "framework": "The competence framework",
        "framework_about": "What a mentor has to show, indicator by indicator.",
        "api": "The programming interface",
        "api_about": "Everything these pages show, and more, for other systems.",
        "mistyped_title": "This number contains a mistake",
        "mistyped": "Every number carries two check digits, and here they do not add up: a"
        " character is probably wrong, missing or in another place. Please compare it with the"
        " certificate and try again.",
        "unknown_title": "No certificate has this number",
        "unknown": "The number is well formed, but it is not in our register. Please compare it"
        " with the certificate once more. If it is the same, the certificate was not issued here.",
        "not_found": "Not found",
        "of": "Certificate {number}",
        "issued_to": "Issued to",
        "facts": "The certificate",
        "level": "Level",
        "scheme": "Certification scheme",
        "framework_version": "Competence framework, version",
        "version": "version {version}",
        "issuer": "Issued by",
        "issued_on": "Issued on",
        "valid_until": "Valid until",
        "competences": "Competences demonstrated",
        "history": "History",
        "history_about": "The register shows when a status changed, never why.",
        "damaged_title": "Evidence integrity failed",
        "damaged": "On {date} evidence behind this certificate failed its integrity check: a stored"
        " file no longer reads back as it was sealed. The certification body was told. This says"
        " nothing about the holder, and the status above still holds.",
        "json": "The same as data (JSON)",
        "checked_at": "Checked against the register on",
        "moment": "{date} at {time} UTC",
    },
    "fr": {
        "skip": "Aller au contenu",
        "languages": "Langue",
        "start": "Page d’accueil",
        "start_title": "Mentors d’entreprise certifiés",
        "start_lead": "Les mentors d’entreprise sont certifiés ici sur des preuves issues de leur"
        " pratique : un dossier, un entretien et l’avis de mentors référents indépendants.",
        "verify_title": "Vérifier un certificat",
        "verify_lead": "Le numéro figure sur le certificat et commence par deux lettres.",
        "number": "Numéro du certificat",
        "number_hint": "Par exemple MC-S-2026-000123-33. Majuscules, espaces et traits d’union"
        " sont sans importance.",
        "check": "Vérifier",
        "check_another": "Vérifier un autre certificat",
        "more_title": "Pour en savoir plus",
        "framework": "Le référentiel de compétences",
        "framework_about": "Ce qu’un mentor doit démontrer, indicateur par indicateur.",
        "api": "L’interface de programmation",
        "api_about": "Tout ce que montrent ces pages, et davantage, pour d’autres systèmes.",
        "mistyped_title": "Ce numéro contient une erreur",
        "mistyped": "Chaque numéro porte deux chiffres de contrôle, et ici ils ne concordent pas :"
        " un caractère est sans doute faux, absent ou déplacé. Veuillez le comparer avec le"
        " certificat et réessayer.",
        "unknown_title": "Aucun certificat ne porte ce numéro",
        "unknown": "Le numéro est bien formé, mais il ne figure pas dans notre registre. Veuillez"
        " le comparer encore une fois avec le certificat. S’il est identique, le certificat n’a"
        " pas été délivré ici.",
        "not_found": "Introuvable",
        "of": "Certificat {number}",
        "issued_to": "Délivré à",
        "facts": "Le certificat",
        "level": "Niveau",
        "scheme": "Programme de certification",
        "framework_version": "Référentiel de compétences, version",
        "version": "version {version}",
        "issuer": "Délivré par",
        "issued_on": "Délivré le",
        "valid_until": "Valable jusqu’au",
        "competences": "Compétences démontrées",
        "history": "Historique",
        "history_about": "Le registre indique quand un statut a changé, jamais pourquoi.",
        "damaged_title": "Intégrité des preuves en défaut",
        "damaged": "Le {date}, des preuves à l’appui de ce certificat n’ont pas passé leur contrôle"
        " d’intégrité : un fichier conservé ne se relit plus tel qu’il a été scellé. L’organisme de"
        " certification en a été averti. Cela ne dit rien du titulaire, et le statut ci-dessus"
        " reste valable.",
        "json": "Les mêmes données (JSON)",
        "checked_at": "Vérifié dans le registre le",
        "moment": "{date} à {time} UTC",
    },
}

STATUS: Mapping[str, Mapping[Status, tuple[str, str]]] = {
    "en": {
        Status.ACTIVE: ("Active", "This certificate is valid today."),
        Status.EXPIRED: ("Expired", "This certificate is past its last day of validity."),
        Status.SUSPENDED: (
            "Suspended",
            "This certificate is not valid at present. It may become valid again.",
        ),
        Status.WITHDRAWN: ("Withdrawn", "This certificate is no longer valid."),
        Status.SURRENDERED: (
            "Surrendered",
            "This certificate is no longer valid: its holder gave it back.",
        ),
        Status.SUPERSEDED: (
            "Superseded",
            "This certificate is no longer valid: another one has taken its place.",
        ),
    },
    "fr": {
        Status.ACTIVE: ("Actif", "Ce certificat est valable aujourd’hui."),
        Status.EXPIRED: ("Expiré", "La durée de validité de ce certificat est écoulée."),
        Status.SUSPENDED: (
            "Suspendu",
            "Ce certificat n’est pas valable actuellement. Il peut le redevenir.",
        ),
        Status.WITHDRAWN: ("Retiré", "Ce certificat n’est plus valable."),
        Status.SURRENDERED: (
            "Rendu",
            "Ce certificat n’est plus valable : son titulaire l’a rendu.",
        ),
        Status.SUPERSEDED: (
            "Remplacé",
            "Ce certificat n’est plus valable : un autre l’a remplacé.",
        ),
    },
}


def preferred_language(asked: str | None, accepted: str) -> str:
    """Return the language to answer in: the one asked for, else the best of Accept-Language."""
    if asked is not None and asked in LANGUAGES:
        return asked
    offers = [_offer(part) for part in accepted.split(",")]
    wanted = [offer for offer in offers if offer[1] in LANGUAGES and offer[0] > 0]
    return max(wanted, key=lambda offer: offer[0], default=(0.0, FALLBACK))[1]


def _offer(part: str) -> tuple[float, str]:
    """Read one offer of Accept-Language, such as `fr-BE;q=0.8`, as its weight and language."""
    tag, _, weight = part.partition(";")
    language = tag.strip().lower().partition("-")[0]
    try:
        return float(weight.strip().removeprefix("q=") or 1), language
    except ValueError:
        return 0.0, language


def in_language(titles: Titles, language: str) -> str:
    """Return the title in `language`, else in English, else in any there is."""
    return titles.get(language) or titles.get(FALLBACK) or next(iter(titles.values()), "")


def written_moment(moment: datetime, language: str) -> str:
    """Return a moment in UTC in words, to the minute."""
    return PHRASES[language]["moment"].format(
        date=written_date(moment.date(), language), time=f"{moment:%H:%M}"
    )

"""The letters to invited persons, in their language; plain words, no pictures, nothing to load."""

from __future__ import annotations

from collections.abc import Mapping

from app.evidence.models import InvitationKind, TestimonyForm
from app.evidence.queries.invitations import Asked
from app.mail import Letter

TEXTS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "en": {
        "consent": (
            "{candidate} asks for your consent to a recording",
            """Hello,

{candidate} is preparing a certification as a business mentor at {certifier} and would
like to show a recording in which you are heard or seen:

    {title}
    {date}

Whether you agree is up to you. This page says what would happen with the recording, and
there you can agree or decline:

    {link}

The link is for you alone; please do not pass it on. It is good for one answer, for 14
days. Your address is deleted as soon as you have answered or that time is over. If you
do nothing, that counts as no consent.

{certifier}
""",
        ),
        "testimony": (
            "{candidate} asks you for a testimony",
            """Hello,

{candidate} is preparing a certification as a business mentor at {certifier} and asks you
to write a few lines about:

    {title}
    {date}

You write and sign on this page, without an account:

    {link}

What you write is read by {candidate} and by the people who assess the portfolio; nobody
can change it, {candidate} neither. The link is for you alone; please do not pass it on.
It is good for one answer, for 14 days. Your address is deleted as soon as you have
answered or that time is over.

{certifier}
""",
        ),
        "evaluation": (
            "{candidate} asks you for an evaluation",
            """Hello,

{candidate} is preparing a certification as a business mentor at {certifier} and asks you
to answer five questions, and to write a few lines, about:

    {title}
    {date}

You answer and sign on this page, without an account:

    {link}

What you say is read by {candidate} and by the people who assess the portfolio; nobody
can change it, {candidate} neither. The link is for you alone; please do not pass it on.
It is good for one answer, for 14 days. Your address is deleted as soon as you have
answered or that time is over.

{certifier}
""",
        ),
        "withdrawal": (
            "Your consent to a recording, and how to withdraw it",
            """Hello,

thank you. You have agreed that {candidate} shows this recording at {certifier}:

    {title}
    {date}

You can withdraw your consent at any time, without giving a reason. From that moment on
the recording can no longer be opened there. This link is for that, and you can use it years
from now; please keep this letter:

    {link}

Your address has been deleted here; nobody will write to you again.

{certifier}
""",
        ),
    },
    "fr": {
        "consent": (
            "{candidate} sollicite votre accord pour un enregistrement",
            """Bonjour,

{candidate} prépare une certification de mentor d’entreprise auprès de {certifier} et
souhaite présenter un enregistrement où l’on vous entend ou vous voit :

    {title}
    {date}

Vous êtes libre d’accepter ou non. Cette page explique ce qu’il adviendrait de
l’enregistrement ; vous pouvez y donner votre accord ou refuser :

    {link}

Ce lien vous est personnel ; merci de ne pas le transmettre. Il permet une seule réponse,
pendant 14 jours. Votre adresse est effacée dès que vous avez répondu ou que ce délai est
passé. Sans réponse de votre part, il n’y a pas d’accord.

{certifier}
""",
        ),
        "testimony": (
            "{candidate} vous demande un témoignage",
            """Bonjour,

{candidate} prépare une certification de mentor d’entreprise auprès de {certifier} et vous
demande d’écrire quelques lignes à propos de :

    {title}
    {date}

Vous écrivez et signez sur cette page, sans créer de compte :

    {link}

Votre texte est lu par {candidate} et par les personnes qui évaluent le dossier ; personne
ne peut le modifier, pas même {candidate}. Ce lien vous est personnel ; merci de ne pas le
transmettre. Il permet une seule réponse, pendant 14 jours. Votre adresse est effacée dès
que vous avez répondu ou que ce délai est passé.

{certifier}
""",
        ),
        "evaluation": (
            "{candidate} vous demande une évaluation",
            """Bonjour,

{candidate} prépare une certification de mentor d’entreprise auprès de {certifier} et vous
demande de répondre à cinq questions, et d’écrire quelques lignes, à propos de :

    {title}
    {date}

Vous répondez et signez sur cette page, sans créer de compte :

    {link}

Vos réponses sont lues par {candidate} et par les personnes qui évaluent le dossier ;
personne ne peut les modifier, pas même {candidate}. Ce lien vous est personnel ; merci de
ne pas le transmettre. Il permet une seule réponse, pendant 14 jours. Votre adresse est
effacée dès que vous avez répondu ou que ce délai est passé.

{certifier}
""",
        ),
        "withdrawal": (
            "Votre accord pour un enregistrement, et comment le retirer",
            """Bonjour,

merci. Vous avez accepté que {candidate} présente cet enregistrement à {certifier} :

    {title}
    {date}

Vous pouvez retirer votre accord à tout moment, sans donner de raison. Dès cet instant,
l’enregistrement ne peut plus y être ouvert. Ce lien sert à cela, et vous pourrez l’utiliser
même dans quelques années ; merci de conserver cette lettre :

    {link}

Votre adresse a été effacée ici ; personne ne vous écrira plus.

{certifier}
""",
        ),
    },
}


def letter(asked: Asked, to: str, link: str) -> Letter:
    """Return the letter that brings a person their link."""
    invitation = asked.invitation
    kind = str(invitation.kind)
    if invitation.kind == InvitationKind.TESTIMONY:
        kind = str(invitation.form or TestimonyForm.TESTIMONY)
    subject, text = TEXTS[invitation.language][kind]
    words = {
        "candidate": asked.candidate,
        "certifier": asked.certifier,
        "title": asked.title,
        "date": asked.practised_on.isoformat(),
        "link": link,
    }
    return Letter(to, subject.format(**words), text.format(**words), invitation.language)

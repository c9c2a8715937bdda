"""Two candidates on their way through certification, step by step as in PROCESS."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import cast

import httpx2

from app.cli.demo.people import Cast, Person
from app.cli.demo.stage import Stage
from app.cli.material import Material
from app.client import Client, Problem, upload
from app.client.http import Json
from app.kit.clock import utc_now

PDF_PATIENCE = 60.0
"""Seconds to wait for the certificate's PDF."""


class DemoFailed(Exception):
    """The service did not do what the demo shows."""


@dataclass(slots=True)
class Walked:
    """What a candidate's way left behind."""

    portfolio_id: str
    indicators: list[Json]
    items: list[tuple[str, str, Material]] = field(default_factory=list)
    """Evidence id, file id and material of each item."""
    files: int = 0
    bytes: int = 0
    snapshot_root: str = ""
    certificate_number: str = ""


def certify(cast_: Cast, material: Sequence[Material], stage: Stage) -> Walked:
    """Walk Amira through all indicators to her certificate."""
    walked = open_admitted(cast_, cast_.amira, "senior", stage)
    _hand_in(cast_.amira, walked, material, stage)
    _claim(cast_.amira, walked, stage)
    _validate(cast_.rosa, cast_.amira, walked, stage)
    _submit(cast_.amira, walked, stage)
    _assess(cast_, walked, stage, bruno=2, chloe=3)
    _refused_to_assessor(cast_.bruno, walked, stage)
    _decide(cast_.diana, walked, {"outcome": "granted"}, stage)
    return walked


def refuse(cast_: Cast, material: Sequence[Material], stage: Stage) -> Walked:
    """Walk Milan, who described much and showed little, to a refusal with reasons."""
    walked = open_admitted(cast_, cast_.milan, "junior", stage)
    few = [one for one in material if one.media_type in ("text/markdown", "text/csv")]
    _hand_in(cast_.milan, walked, [*few, *few][:3], stage)
    _claim(cast_.milan, walked, stage)
    _validate(cast_.rosa, cast_.milan, walked, stage)
    _submit(cast_.milan, walked, stage)
    _assess(cast_, walked, stage, bruno=1, chloe=1)
    reasons = (
        "The abilities are described well, but hardly shown in real practice: the critical"
        " indicators 2d, 5c, 8h, 9c and 13b are rated below competent. Bring evidence from at"
        " least three mentorings and apply again."
    )
    _decide(cast_.diana, walked, {"outcome": "refused", "reasons": reasons}, stage)
    stage.note(f"{cast_.milan.name} reads: {reasons[:88]}…")
    return walked


def download_certificate(cast_: Cast, walked: Walked, folder: Path, stage: Stage) -> Path:
    """Fetch the PDF as anyone could, and check the number in the public register."""
    number = walked.certificate_number
    with httpx2.Client(base_url=cast_.diana.client.base_url, timeout=30.0) as public:
        entry = public.get(f"/api/v1/certificates/{number}").json()
        if entry["status"] != "active":
            raise DemoFailed(f"The register says: {entry}")
        until = time.monotonic() + PDF_PATIENCE
        while (
            answer := public.get(f"/api/v1/certificates/{number}.pdf", follow_redirects=True)
        ).status_code != 200:
            if time.monotonic() > until:
                raise DemoFailed(f"No PDF: {answer.status_code} {answer.text[:200]}")
            time.sleep(0.3)
    path = folder / f"{number}.pdf"
    path.write_bytes(answer.content)
    stage.say(f"The public register knows {number}: {entry['status']}, {entry['holder_name']}")
    return path


def open_admitted(cast_: Cast, candidate: Person, level: str, stage: Stage) -> Walked:
    """Take a candidate to the point where evidence is handed in."""
    stage.say(f"{candidate.name} opens a portfolio ({level}), applies and is admitted")
    portfolio = candidate.client.post("/portfolios", {"level": level})
    path = f"/portfolios/{portfolio['id']}"
    declared = {
        "charter_accepted": 1,
        "diploma_or_title": 1,
        "mentoring_hours_min": 260,
        "mentoring_cases_min": 9,
        "mentee_evaluations_min": 4,
        "peer_assessments_min": 2,
    }
    candidate.client.post(
        f"{path}/application",
        {
            "prerequisites": {code: {"value": value} for code, value in declared.items()},
            "charter": {"accepted": True, "language": "en"},
        },
    )
    cast_.officer.client.post(
        f"{path}/admission",
        {"outcome": "admitted", "findings": {code: {"met": True} for code in declared}},
    )
    tree = candidate.client.get(path)
    return Walked(str(portfolio["id"]), _list(tree["indicators"]))


def _hand_in(candidate: Person, walked: Walked, material: Sequence[Material], stage: Stage) -> None:
    path = f"/portfolios/{walked.portfolio_id}"
    began = (utc_now() - timedelta(days=400)).date().isoformat()
    cases = [
        candidate.client.post(
            f"{path}/cases",
            {"pseudonym": name, "sector": sector, "size": "micro", "began_on": began},
        )
        for name, sector in (("C-01", "agro-food"), ("C-02", "tourism"), ("C-03", "fintech"))
    ]
    total = sum(one.path.stat().st_size for one in material)
    stage.say(f"{candidate.name} hands in {len(material)} files, {total / 1e6:.0f} MB")
    with stage.counting("uploading bytes", total) as arrived:
        for number, one in enumerate(material):
            item = candidate.client.post(
                f"{path}/evidence",
                {
                    "kind": one.kind,
                    "title": one.title,
                    "description": one.note,
                    "practised_on": (utc_now() - timedelta(days=30 + number)).date().isoformat(),
                    "case_id": cases[number % len(cases)]["id"],
                    "authorship": {"role": one.authorship, "contribution": one.contribution},
                },
            )
            if one.milliseconds is not None:
                _consent(candidate.client, item)
            file = upload(
                candidate.client,
                str(item["id"]),
                one.path,
                media_type=one.media_type,
                progress=arrived,
            )
            if file["state"] != "available":
                raise DemoFailed(f"{one.path.name}: {file['problem']} {file['problem_detail']}")
            walked.items.append((str(item["id"]), str(file["id"]), one))
    walked.files, walked.bytes = len(material), total


def _consent(client: Client, item: Json) -> None:
    client.post(
        f"/evidence/{item['id']}/consents",
        {
            "person": "the mentee of this case",
            "scope": "assessment",
            "language": "en",
            "given_on": (utc_now() - timedelta(days=20)).date().isoformat(),
            "how": "written",
        },
    )


def _claim(candidate: Person, walked: Walked, stage: Stage) -> None:
    client = candidate.client
    codes = [str(one["code"]) for one in walked.indicators]
    stage.say(f"{candidate.name} claims all {len(codes)} indicators and rates themself")
    with stage.counting("claims", len(codes)) as counted:
        for number, code in enumerate(codes):
            # Indicators shown in three client cases take one item of each.
            items = walked.items[:3] if code in ("3a", "7m", "10d") else [_item(walked, number)]
            for evidence_id, file_id, one in items:
                client.post(
                    f"/evidence/{evidence_id}/claims",
                    {
                        "indicator": code,
                        "reason": f"{one.title} shows how I work on {code}: {one.note}",
                        "file_id": file_id,
                        **_place(one, number),
                    },
                )
            counted()
    path = f"/portfolios/{walked.portfolio_id}/self-assessment"
    version = cast(int, client.get(path)["version"])
    client.put(path, {"ratings": {code: {"rating": 2} for code in codes}}, version=version)


def _validate(referent: Person, candidate: Person, walked: Walked, stage: Stage) -> None:
    """Have a referent who assesses nothing here sign for what the scheme asks of them."""
    codes = [str(one["code"]) for one in walked.indicators]
    asked: dict[str, list[str]] = {}
    for code in ("15a", "15b"):
        asked.setdefault(_item(walked, codes.index(code))[0], []).append(code)
    for evidence_id, named in asked.items():
        request = candidate.client.post(
            f"/evidence/{evidence_id}/validation-requests", {"indicators": cast(Json, named)}
        )
        path = f"/validations/{request['id']}"
        referent.client.post(f"{path}/acceptance")
        seen = referent.client.get(path)
        referent.client.post(
            f"{path}/signature",
            {
                "statement": "I have worked with this mentor and know the work shown.",
                "holds": True,
                "named": seen["named"],
            },
        )
    stage.say(f"{referent.name}, who will not assess, validates the evidence for 15a and 15b")


def _item(walked: Walked, number: int) -> tuple[str, str, Material]:
    return walked.items[number % len(walked.items)]


def _place(one: Material, number: int) -> Json:
    if one.media_type.startswith("image/"):
        return {"box": {"x": 0.1 * (number % 5), "y": 0.25, "width": 0.5, "height": 0.5}}
    if one.pages is not None:
        return {"page": 1 + number % one.pages}
    if one.milliseconds is not None:
        begin = 1000 * (number % max(1, one.milliseconds // 1000 - 5))
        return {"from_ms": begin, "to_ms": begin + 5000}
    return {}


def _submit(candidate: Person, walked: Walked, stage: Stage) -> None:
    path = f"/portfolios/{walked.portfolio_id}"
    report = candidate.client.get(f"{path}/readiness")
    if not report["ready"]:
        raise DemoFailed(f"Not ready: {report['unmet']}")
    snapshot = cast(Json, candidate.client.post(f"{path}/submission")["snapshot"])
    walked.snapshot_root = str(snapshot["root"])
    stage.say(f"{candidate.name} submits; sealed under {walked.snapshot_root[:16]}…")


def _assess(cast_: Cast, walked: Walked, stage: Stage, *, bruno: int, chloe: int) -> None:
    stage.say("Two referents rate, blind to one another: one by one, and all in one request")
    path = f"/portfolios/{walked.portfolio_id}"
    for person in (cast_.bruno, cast_.chloe):
        cast_.officer.client.post(f"{path}/assignments", {"referent_id": person.id})
    one, two = _accepted(cast_.bruno, walked), _accepted(cast_.chloe, walked)
    _rate_one_by_one(cast_.bruno.client, one, bruno, stage)
    _rate_at_once(cast_.chloe.client, two, chloe)
    for person, assessment in ((cast_.bruno, one), (cast_.chloe, two)):
        person.client.post(
            f"/assessments/{assessment}/finalisation",
            {"comment": "A consistent file; the recordings were the most telling evidence."},
        )
    _interview(cast_, walked, stage)
    verification = cast_.vera.client.get(f"{path}/verification")
    if verification["required"]:
        cast_.vera.client.post(f"{path}/verification", {"outcome": "confirmed"})
        stage.say(f"Drawn for verification ({verification['rule']}); {cast_.vera.name} confirms")


def _accepted(referent: Person, walked: Walked) -> str:
    queue = list(referent.client.pages("/assessments"))
    mine = next(one for one in queue if one["portfolio_id"] == walked.portfolio_id)
    referent.client.post(f"/assessments/{mine['id']}/acceptance")
    return str(mine["id"])


def _judgements(assessment: Json) -> dict[str, list[Json]]:
    content = cast(Json, cast(Json, assessment["snapshot"])["content"])
    found: dict[str, list[Json]] = {}
    for claim in _list(content["claims"]):
        judgement: Json = {"claim_id": claim["id"], "verdict": "accepted"}
        found.setdefault(str(claim["indicator"]), []).append(judgement)
    return found


def _ratings(assessment: Json, usual: int) -> Iterator[tuple[str, int, Json]]:
    judged = _judgements(assessment)
    for one in _list(assessment["ratings"]):
        code = str(one["indicator"])
        body: Json = {
            "rating": usual,
            "comment": f"{code}: seen in the evidence named.",
            "judgements": cast(list[object], judged[code]),  # type: ignore[dict-item]
        }
        yield code, cast(int, one["version"]), body


def _rate_one_by_one(client: Client, id_: str, usual: int, stage: Stage) -> None:
    assessment = client.get(f"/assessments/{id_}")
    rated = list(_ratings(assessment, usual))
    with stage.counting("ratings", len(rated)) as counted:
        for code, version, body in rated:
            client.put(f"/assessments/{id_}/ratings/{code}", body, version=version)
            counted()


def _rate_at_once(client: Client, id_: str, usual: int) -> None:
    assessment = client.get(f"/assessments/{id_}")
    ratings: Json = {code: body for code, _, body in _ratings(assessment, usual)}
    client.put(
        f"/assessments/{id_}/ratings",
        {"ratings": ratings},
        version=cast(int, assessment["version"]),
    )


def _interview(cast_: Cast, walked: Walked, stage: Stage) -> None:
    path = f"/portfolios/{walked.portfolio_id}/interview"
    plan = cast_.bruno.client.get(f"{path}/plan")
    asked = {str(code) for group in plan.values() for code in cast(list[str], group)}
    touched = {one["competence"] for one in walked.indicators if one["code"] in asked}
    for one in walked.indicators:
        if one["competence"] not in touched:
            touched.add(one["competence"])
            asked.add(str(one["code"]))
    cast_.bruno.client.post(
        path,
        {
            "held_at": utc_now().isoformat(),
            "minutes": 60,
            "summary": "All competences were touched; the answers bear the ratings out.",
            "answers": {code: {"minute": number % 60} for number, code in enumerate(sorted(asked))},
        },
    )
    read = cast_.chloe.client.get(path)
    cast_.chloe.client.post(f"{path}/confirmation", version=cast(int, read["version"]))
    drawn = ", ".join(cast(list[str], plan["drawn"]))
    stage.say(f"Interview on {len(asked)} indicators ({drawn or 'none'} drawn by lot), confirmed")


def _refused_to_assessor(assessor: Person, walked: Walked, stage: Stage) -> None:
    try:
        assessor.client.post(f"/portfolios/{walked.portfolio_id}/decision", {"outcome": "granted"})
    except Problem as problem:
        stage.say(f"{assessor.name}, who assessed, is refused the decision ({problem.kind})")
    else:
        raise DemoFailed("An assessor could decide.")


def _decide(decider: Person, walked: Walked, body: Json, stage: Stage) -> None:
    path = f"/portfolios/{walked.portfolio_id}"
    result = decider.client.get(f"{path}/result")
    decision = decider.client.post(f"{path}/decision", body)
    signed = decider.client.post(f"/decisions/{decision['id']}/signatures")
    walked.certificate_number = str(signed["certificate_number"] or "")
    stage.say(
        f"The rules say {result['outcome']}; {decider.name} decides {decision['outcome']} and signs"
    )


def _list(value: object) -> list[Json]:
    return cast(list[Json], value)

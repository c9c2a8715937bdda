"""Settings: from the environment, by name, at the edge."""

from __future__ import annotations

import pytest

from app.kit.settings import Settings

REQUIRED = {
    "MENTORCERT_DATABASE_URL": "postgresql://app@db/x",
    "MENTORCERT_WORKER_DATABASE_URL": "postgresql://worker@db/x",
    "MENTORCERT_S3_ENDPOINT": "http://store",
    "MENTORCERT_S3_ACCESS_KEY": "key",
    "MENTORCERT_S3_SECRET_KEY": "very secret",
}


def test_every_setting_has_a_variable_of_its_name() -> None:
    settings = Settings.read({**REQUIRED, "MENTORCERT_ISSUER": "Certifiers"})
    assert settings.database_url == "postgresql://app@db/x"
    assert settings.issuer == "Certifiers"
    assert settings.s3_bucket == "mentorcert"


def test_variables_of_others_are_left_alone() -> None:
    assert Settings.read({**REQUIRED, "ISSUER": "x", "HOME": "y"}).issuer == "MENTORCERT"


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_setting_is_named(name: str) -> None:
    given = {key: value for key, value in REQUIRED.items() if key != name}
    with pytest.raises(ValueError, match=name.removeprefix("MENTORCERT_").lower()):
        Settings.read(given)


def test_an_unknown_default_is_named() -> None:
    with pytest.raises(ValueError, match="colour"):
        Settings.read(REQUIRED, colour="red")


def test_numbers_are_numbers() -> None:
    assert Settings.read({**REQUIRED, "MENTORCERT_MAX_BODY_BYTES": "10"}).max_body_bytes == 10
    with pytest.raises(ValueError, match="ten"):
        Settings.read({**REQUIRED, "MENTORCERT_MAX_BODY_BYTES": "ten"})


def test_the_environment_outranks_the_caller() -> None:
    given = {**REQUIRED, "MENTORCERT_ISSUER": "A"}
    assert Settings.read(given, issuer="B").issuer == "A"
    assert Settings.read(REQUIRED, issuer="B").issuer == "B"


def test_changed_settings_leave_the_first_ones_as_they_were() -> None:
    first = Settings.read(REQUIRED)
    assert first.changed(issuer="B", s3_bucket=None).issuer == "B"
    assert first.changed(s3_bucket=None).s3_bucket == first.s3_bucket
    assert first.issuer == "MENTORCERT"


def test_secrets_are_not_shown() -> None:
    settings = Settings.read(
        {**REQUIRED, "MENTORCERT_OWNER_DATABASE_URL": "postgresql://owner:hush@db/x"}
    )
    assert "very secret" not in repr(settings)
    assert "hush" not in repr(settings)

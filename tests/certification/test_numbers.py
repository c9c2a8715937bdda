"""Certificate numbers survive paper, telephones and hurried typing."""

from __future__ import annotations

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.certification.numbers import (
    MistypedNumber,
    certificate_number,
    check_digits,
    is_well_formed,
    normalise,
)

FORMAT = "MC-{letter}-{year}-{serial:06d}-{check:02d}"
NUMBERS = st.builds(
    lambda letter, year, serial: certificate_number(
        FORMAT, letter=letter, year=year, serial=serial
    ),
    st.sampled_from(string.ascii_uppercase),
    st.integers(2000, 2999),
    st.one_of(st.integers(1, 9_999), st.integers(1, 999_999_999)),
)


def test_a_number_tells_level_year_and_serial_and_ends_in_check_digits() -> None:
    number = certificate_number(FORMAT, letter="S", year=2026, serial=123)

    # M=22, C=12, S=28: 98 - 221228202600012300 mod 97.
    assert number == "MC-S-2026-000123-33"


def test_the_check_digits_are_those_that_bank_accounts_use() -> None:
    # The IBAN GB82 WEST 1234 5698 7654 32, its country and check digits moved to the end.
    assert check_digits("WEST12345698765432GB") == 82


def test_a_serial_beyond_six_digits_makes_a_longer_number() -> None:
    number = certificate_number(FORMAT, letter="M", year=2031, serial=1_234_567)

    assert number.startswith("MC-M-2031-1234567-")
    assert normalise(number) == number


@pytest.mark.parametrize(
    "typed",
    [
        "mc-s-2026-000123-33",
        "MCS202600012333",
        "  MC S 2026 000 123 33\n",
        "MC–S–2026–000123–33",
        "MC\u2011S\u20112026\u2011000123\u201133",
        "MC−S−2026−000123−33",
        "MC - S - 2026 - 000123 - 33",
        "MC\u00a0S\u00a02026\u00a0000123\u00a033",
    ],
)
def test_people_may_type_a_number_their_own_way(typed: str) -> None:
    assert normalise(typed) == "MC-S-2026-000123-33"
    assert not is_well_formed(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "MC-S-2026-000123-94",
        "MC-S-2026-000123",
        "MC-ſ-2026-000123-33",
        "MC-S-2026-000123-3٣",
        "MC-S-2026-000123-33/..",
        "MC-S-2026-000123-33\0",
        "MC" + "-" * 100 + "S202600012333",
    ],
)
def test_a_mistyped_number_is_refused_and_shown_back(typed: str) -> None:
    with pytest.raises(MistypedNumber) as refused:
        normalise(typed)

    assert refused.value.status == 422
    assert refused.value.members == {"typed": typed[:64]}
    assert not is_well_formed(typed)


@given(NUMBERS)
def test_every_number_made_is_found_again(number: str) -> None:
    assert is_well_formed(number)
    assert normalise(number.replace("-", "").lower()) == number


@given(NUMBERS, st.data())
def test_every_single_wrong_character_is_noticed(number: str, data: st.DataObject) -> None:
    at = data.draw(st.sampled_from([i for i, letter in enumerate(number) if letter != "-"]))
    wrong = data.draw(st.sampled_from(string.ascii_letters + string.digits) | st.characters())
    # Only plain small letters are forgiven: upper() turns ſ into S as well.
    assume(not (wrong.isascii() and wrong.upper() == number[at]))
    mistyped = number[:at] + wrong + number[at + 1 :]

    assert not is_well_formed(mistyped)
    if wrong.isalnum():
        with pytest.raises(MistypedNumber):
            normalise(mistyped)


@given(NUMBERS, st.data())
def test_every_pair_of_neighbours_that_changed_places_is_noticed(
    number: str, data: st.DataObject
) -> None:
    bare = number.replace("-", "")
    at = data.draw(st.integers(0, len(bare) - 2))
    assume(bare[at] != bare[at + 1])
    mistyped = bare[:at] + bare[at + 1] + bare[at] + bare[at + 2 :]

    with pytest.raises(MistypedNumber):
        normalise(mistyped)


@pytest.mark.parametrize(
    ("number_format", "letter", "serial"),
    [
        ("MC-{letter}-{year}-{serial:06d}", "S", 1),
        ("MC-{check:02d}-{letter}-{year}-{serial:06d}", "S", 1),
        ("MENTOR-{letter}-{year}-{serial:06d}-{check:02d}", "S", 1),
        (FORMAT, "s", 1),
        (FORMAT, "", 1),
        (FORMAT, "S", 0),
        (FORMAT, "S", 10**9),
    ],
)
def test_a_number_that_nobody_could_check_is_never_made(
    number_format: str, letter: str, serial: int
) -> None:
    with pytest.raises(ValueError, match=r"number"):
        certificate_number(number_format, letter=letter, year=2026, serial=serial)

"""What a token looks like, and what is kept of it."""

from __future__ import annotations

import hashlib
import string
import zlib

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from app.kit.db import Sessions
from app.people.tokens import is_well_formed, new_token, token_hash
from app.work import ENTER_TENANT
from tests import make
from tests.make import Person

CHARACTERS = string.ascii_letters + string.digits + "-_"
BASE_62 = string.digits + string.ascii_letters


def test_a_token_has_256_random_bits_and_a_checksum() -> None:
    token = new_token()
    assert len(token) == 3 + 43 + 6
    assert token.startswith("mc_")
    assert is_well_formed(token)


def test_no_two_tokens_are_alike() -> None:
    assert len({new_token() for _ in range(1000)}) == 1000


def test_the_checksum_is_a_crc_32_in_base_62() -> None:
    token = new_token()
    number = 0
    for digit in token[-6:]:
        number = number * 62 + BASE_62.index(digit)
    assert number == zlib.crc32(token[3:-6].encode())


@given(place=st.integers(3, 51), other=st.sampled_from(CHARACTERS))
def test_one_mistyped_character_is_always_noticed(place: int, other: str) -> None:
    token = new_token()
    if token[place] == other:
        return
    assert not is_well_formed(token[:place] + other + token[place + 1 :])


@given(st.text())
def test_words_are_no_tokens(words: str) -> None:
    assert not is_well_formed(words)


def test_digits_of_other_scripts_do_not_count_as_digits() -> None:
    token = new_token()
    assert not is_well_formed(token[:-1] + "٣")


def test_only_the_hash_of_a_token_is_kept(amira: Person, sessions: Sessions) -> None:
    asked = {"name": "laptop", "scopes": ["people:read"], "expires_at": make.soon()}
    answer = amira.post("/tokens", asked, idempotency_key="k")
    issued, secret = answer.json()["id"], answer.json()["token"]
    with sessions() as session:
        session.execute(ENTER_TENANT, {"tenant": str(amira.tenant.id)})
        rows = session.execute(text("SELECT t.hash, t::text FROM api_token t")).all()
        kept = session.execute(
            text("SELECT convert_from(a.body, 'UTF8'), a::text FROM idempotent_answer a")
        ).all()
    assert hashlib.sha256(secret.encode()).digest() in [row[0] for row in rows]
    assert {token_hash(secret), token_hash(amira.token)} < {row[0] for row in rows}
    assert [issued in row[0] for row in kept] == [True]
    for words in (secret, secret.encode().hex(), amira.token, amira.token.encode().hex()):
        assert all(words not in row[1] for row in [*rows, *kept])
    assert secret not in kept[0][0]


def test_a_token_is_shown_once_and_listed_without_its_secret(amira: Person) -> None:
    asked = {"name": "laptop", "scopes": ["people:read"], "expires_at": make.soon()}
    issued = amira.post("/tokens", asked)
    assert issued.status_code == 201
    secret = issued.json()["token"]
    assert amira.with_token(secret).get("/me").json()["id"] == str(amira.id)
    listed = amira.get("/tokens")
    assert issued.json()["id"] in [one["id"] for one in listed.json()]
    assert secret not in listed.text

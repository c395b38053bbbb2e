"""API keys: how settings write them, how one is recognised, how a new one is made."""

from __future__ import annotations

import hashlib

import pytest

from shelfwatch.service.keys import Keyring, new_key, parse_keys, plain_key

PLAIN = "correct-horse-battery"
DIGEST = "sha256:" + hashlib.sha256(PLAIN.encode()).hexdigest()


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        (PLAIN, "key1"),
        (DIGEST, "key1"),
        (f"phone={PLAIN}", "phone"),
        (f"till.2={DIGEST}", "till.2"),
        (f" {PLAIN} ", "key1"),
    ],
)
def test_a_key_is_found_however_it_is_written(entry: str, name: str) -> None:
    ring = Keyring(parse_keys(f"{entry},another-callers-key"))
    found = ring.find(PLAIN)
    assert found is not None
    assert found.name == name
    for wrong in (PLAIN + "x", PLAIN[:-1], PLAIN.upper(), entry + "x", "", DIGEST, DIGEST.removeprefix("sha256:")):
        assert ring.find(wrong) is None


def test_padding_is_part_of_a_key() -> None:
    padded = "b3BlbiBzZXNhbWUgbm93IQ=="
    assert Keyring(parse_keys(padded)).find(padded) is not None
    named = Keyring(parse_keys(f"phone={padded}")).find(padded)
    assert named is not None
    assert named.name == "phone"


def test_only_digests_are_kept() -> None:
    (key,) = parse_keys(PLAIN)
    assert PLAIN not in repr(vars(key))
    assert repr(key) == "ApiKey(name='key1')"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("short", "key1 is too weak"),
        (f"{PLAIN},phone=short", "phone is too weak"),
        ("a" * 40, "key1 is too weak"),
        ("sha256:1234", "64 hex digits"),
        ("sha256:" + "g" * 64, "64 hex digits"),
        (f"{PLAIN},{PLAIN}", "key1 and key2 are the same"),
        (f"a={PLAIN},b={DIGEST}", "a and b are the same"),
        (f"a={PLAIN},a=another-callers-key", "two API keys are named a"),
        (f"key2={PLAIN},another-callers-key", "two API keys are named key2"),
    ],
)
def test_weak_broken_and_doubled_keys_are_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as refused:
        parse_keys(text)
    assert PLAIN not in str(refused.value)
    assert "short" not in str(refused.value)


def test_a_client_on_the_same_machine_finds_a_plain_key() -> None:
    assert plain_key(f"{DIGEST},phone={PLAIN},another-callers-key") == PLAIN
    assert plain_key(DIGEST) == plain_key("") == ""


def test_a_new_key_opens_with_its_entry() -> None:
    key, entry = new_key("phone")
    assert len(key) > 40
    assert key not in entry
    found = Keyring(parse_keys(entry)).find(key)
    assert found is not None
    assert found.name == "phone"
    assert new_key()[0] != new_key()[0]
    assert new_key()[1].startswith("sha256:")
    assert parse_keys(key)  # strong enough to be written in plain, too


@pytest.mark.parametrize("name", ["", "a b", "a=b", "a,b", "é", "x" * 33])
def test_a_name_that_settings_cannot_hold_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="1 to 32"):
        new_key(name)

"""Names in addresses."""

from __future__ import annotations

from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfwatch.service.names import still_coded


@given(st.text(min_size=1), st.text(min_size=1))
def test_any_two_names_come_back_apart(store: str, bay: str) -> None:
    try:
        sent = f"/stores/{quote(store, safe='')}/bays/{quote(bay, safe='')}".encode()
    except UnicodeEncodeError:  # half a surrogate pair is no text
        return
    _, _, first, _, second = still_coded(sent + b"?limit=1").split("/")
    assert (unquote(first), unquote(second)) == (store, bay)


@pytest.mark.parametrize(("raw", "path"), [(b"/a%2fb", "/a%2Fb"), (b"/a%2525", "/a%2525"), (b"/%41%C3%A9", "/Aé")])
def test_only_slashes_and_percents_stay_coded(raw: bytes, path: str) -> None:
    assert still_coded(raw) == path

"""Reading: pages, histories, what stores look like now."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import text

from audits.memories import NOON, Memory
from shelfwatch.audits.bays import Expectations, set_expectations
from shelfwatch.audits.cursors import Cursor
from shelfwatch.audits.errors import InvalidError, NotFoundError
from shelfwatch.audits.ids import new_id
from shelfwatch.audits.read import Filter, Page, get_audit, get_bay, history, list_audits, list_bays, list_stores
from shelfwatch.audits.remove import delete as remove
from shelfwatch.audits.tables import Alert


def minutes(page: Page) -> list[int]:
    return [(audit.taken_at - NOON) // timedelta(minutes=1) for audit in page.items]


def test_pages_are_newest_first_and_miss_nothing(memory: Memory) -> None:
    for number, minute in enumerate([3, 1, 4, 1, 5, 9, 2, 6, 5, 3]):
        memory.record(number, minutes=minute)
    seen: list[str] = []
    order: list[int] = []
    cursor = None
    while True:
        page = list_audits(memory.database, Filter(), limit=3, cursor=cursor)
        seen += [audit.id for audit in page.items]
        order += minutes(page)
        if len(seen) == 3:
            memory.record(99, minutes=30)  # what comes meanwhile moves nothing
        cursor = page.next_cursor
        if cursor is None:
            break
    assert order == [9, 6, 5, 5, 4, 3, 3, 2, 1, 1]
    assert len(set(seen)) == 10


def test_a_key_finds_the_audit_that_it_has_made(memory: Memory) -> None:
    made = [memory.record(0, bay=bay, key="phone-7/1") for bay in ("x", "y")]
    memory.record(1, bay="x")

    def found(**which: object) -> list[str]:
        return [audit.id for audit in list_audits(memory.database, Filter(**which)).items]  # type: ignore[arg-type]

    assert found(store=made[0].store, bay="x", idempotency_key="phone-7/1") == [made[0].id]
    assert found(store=made[0].store, bay="y", idempotency_key="phone-7/1") == [made[1].id]
    assert found(store=made[0].store, bay="x", idempotency_key="phone-7/2") == []
    remove(memory.database, made[0].id)
    assert found(store=made[0].store, bay="x", idempotency_key="phone-7/1") == []
    for wrong in ({"store": "A"}, {}, {"store": "A", "bay": "x", "idempotency_key": "line\0"}):
        with pytest.raises(InvalidError, match="idempotency_key"):
            Filter(**{"idempotency_key": "phone-7/1", **wrong})  # type: ignore[arg-type]


def test_a_page_that_is_just_full_is_the_last(memory: Memory) -> None:
    for number in range(3):
        memory.record(number)
    assert list_audits(memory.database, Filter(), limit=3).next_cursor is None


def test_lists_are_narrowed(memory: Memory) -> None:
    for number, (store, bay) in enumerate([("A", "x"), ("A", "y"), ("B", "x"), ("A", "x")]):
        memory.record(number, store=store, bay=bay, minutes=number)

    def found(**which: object) -> list[int]:
        return minutes(list_audits(memory.database, Filter(**which)))  # type: ignore[arg-type]

    assert found() == [3, 2, 1, 0]
    assert found(store="A") == [3, 1, 0]
    assert found(store="A", bay="x") == [3, 0]
    assert found(store="B", bay="y") == found(store="C") == []
    assert found(since=NOON + timedelta(minutes=1), until=NOON + timedelta(minutes=3)) == [2, 1]
    assert found(store="A", since=(NOON + timedelta(minutes=1)).replace(tzinfo=None)) == [3, 1]
    assert found(store=" A ", bay="x\0") == found(store="\0") == []
    assert found(since=datetime.min, until=datetime.max) == [3, 2, 1, 0]
    with pytest.raises(InvalidError, match=r"^bay: "):
        found(bay="x")
    with pytest.raises(InvalidError, match=r"^until: "):
        found(until=datetime.min.replace(tzinfo=timezone(timedelta(hours=1))))


@pytest.mark.parametrize(
    "cursor", ["", "x", "AAAA", "A" * 31 + "=", "é", "f" * 32, str(Cursor(NOON, new_id()))[:-1] + "!"]
)
def test_a_cursor_that_is_not_ours_is_refused(memory: Memory, cursor: str) -> None:
    with pytest.raises(InvalidError, match=r"^cursor: "):
        list_audits(memory.database, Filter(), cursor=cursor)


def test_a_cursor_says_where_it_was_made() -> None:
    made = Cursor(NOON + timedelta(microseconds=1), new_id())
    assert Cursor.parse(str(made)) == made


@pytest.mark.parametrize("limit", [0, 201, -1])
def test_a_limit_has_limits(memory: Memory, limit: int) -> None:
    with pytest.raises(InvalidError, match=r"^limit: "):
        list_audits(memory.database, Filter(), limit=limit)


@pytest.mark.parametrize("audit_id", ["", "1", "' OR 1=1", new_id()])
def test_an_audit_that_is_not_there(memory: Memory, audit_id: str) -> None:
    with pytest.raises(NotFoundError):
        get_audit(memory.database, audit_id)


def test_a_history_is_oldest_first(memory: Memory) -> None:
    for number in (2, 0, 1, 3):
        memory.record(number, minutes=number, facings=number, gaps=3 - number, fill_rate=number / 4)
    memory.record(9, bay="Milk")
    whole = history(memory.database, "Berlin 1", "Cereal")
    assert [(point.facings, point.gaps, point.fill_rate) for point in whole.points] == [
        (0, 3, 0.0), (1, 2, 0.25), (2, 1, 0.5), (3, 0, 0.75)
    ]  # fmt: skip
    assert whole.points[0].to_json()["taken_at"] == "2026-03-01T12:00:00.000000Z"
    assert not whole.truncated
    newest = history(memory.database, "Berlin 1", "Cereal", limit=2)
    assert [point.facings for point in newest.points] == [2, 3]
    assert newest.truncated
    middle = history(memory.database, "Berlin 1", "Cereal", NOON + timedelta(minutes=1), NOON + timedelta(minutes=2))
    assert [point.facings for point in middle.points] == [1]
    with pytest.raises(NotFoundError):
        history(memory.database, "Berlin 1", "Wine")


def test_the_emptiest_bay_comes_first(memory: Memory) -> None:
    memory.record(1, bay="Full", fill_rate=0.9, facings=9)
    memory.record(2, bay="Empty", fill_rate=0.2, facings=1)
    memory.record(3, bay="Thin", fill_rate=0.95, facings=3)
    set_expectations(memory.database, "Berlin 1", "Thin", Expectations(expected_facings=6, min_fill_rate=0.5))
    set_expectations(memory.database, "Berlin 1", "New", Expectations())
    memory.record(4, bay="Elsewhere", store="Ulm", fill_rate=0.1)
    bays = list_bays(memory.database, "Berlin 1")
    assert [(bay.bay, bay.stock) for bay in bays] == [("Empty", 0.2), ("Thin", 0.5), ("Full", 0.9), ("New", None)]
    assert bays[1].to_json()["min_fill_rate"] == 0.5
    assert get_bay(memory.database, "Berlin 1", "Thin") == bays[1]
    assert list_bays(memory.database, " Berlin 1") == bays
    for name in ("Paris", "", "\0"):
        with pytest.raises(NotFoundError):
            list_bays(memory.database, name)
    with pytest.raises(NotFoundError):
        get_bay(memory.database, "Berlin 1", "Elsewhere")


def test_stores_sum_up_their_bays(memory: Memory) -> None:
    memory.record(1, bay="a", fill_rate=0.9, minutes=5)
    memory.record(2, bay="b", fill_rate=0.4)
    audit = memory.record(3, store="Ulm", fill_rate=None)
    with memory.database.write() as session:
        bay_id = session.scalars(
            text("SELECT bay_id FROM audits WHERE store_id = (SELECT id FROM stores WHERE name = 'Ulm')")
        ).one()
        for kind, status in (("gaps", "open"), ("facings", "acknowledged"), ("fill_rate", "resolved")):
            session.add(
                Alert(
                    bay_id=str(bay_id), kind=kind, status=status, threshold=1, value=2, since=NOON, opened_at=NOON,
                    audit_id=audit.id,
                )
            )  # fmt: skip
    berlin, ulm = list_stores(memory.database)
    assert (berlin.store, berlin.bays, berlin.worst_fill_rate, berlin.open_alerts) == ("Berlin 1", 2, 0.4, 0)
    assert berlin.latest_taken_at == NOON + timedelta(minutes=5)
    assert (ulm.store, ulm.worst_fill_rate, ulm.open_alerts) == ("Ulm", None, 2)
    assert ulm.to_json()["latest_taken_at"] == "2026-03-01T12:00:00.000000Z"
    assert get_bay(memory.database, "Ulm", "Cereal").open_alerts == 2


def test_lists_walk_an_index(memory: Memory) -> None:
    """The plan, not the time: no list sorts or reads more rows than it shows."""
    memory.record(1)
    database = memory.database
    plans: list[str] = []
    explain = "EXPLAIN QUERY PLAN " if database.embedded else "EXPLAIN "
    newest = "SELECT id FROM audits WHERE {} deleted_at IS NULL ORDER BY taken_at DESC, id DESC LIMIT 51"
    after = "(taken_at, id) < (SELECT taken_at, id FROM audits LIMIT 1) AND"
    with database.read() as session:
        if not database.embedded:
            session.execute(text("SET enable_seqscan = off"))  # with one row, a scan is the best plan
            session.execute(text("SET enable_bitmapscan = off"))  # and so it is where other tests' rows are remembered
        for where in ("", after, "store_id = (SELECT id FROM stores) AND", "bay_id = (SELECT id FROM bays) AND"):
            rows = session.execute(text(explain + newest.format(where))).all()
            plans.append("\n".join(str(row[-1]) for row in rows))
    for plan, index in zip(plans, ("newest", "newest", "store", "bay"), strict=True):
        assert (f"ix_audits_{index}" if database.embedded else "ix_audits_") in plan  # of one row, any index is as good
        assert "TEMP B-TREE" not in plan
        assert "Sort" not in plan


@pytest.mark.parametrize(
    "faults",
    [{"expected_facings": -1}, {"min_fill_rate": 1.1}, {"min_fill_rate": float("nan")}, {"alert_after": 0}],
)
def test_expectations_have_limits(faults: dict[str, float]) -> None:
    with pytest.raises(InvalidError, match=f"^{next(iter(faults))}: "):
        Expectations(**faults)  # type: ignore[arg-type]


def test_each_bay_of_a_store_shows_its_newest_audits(memory: Memory) -> None:
    for number in range(4):
        memory.record(number, minutes=-number, facings=10 - number)
    memory.record(5, bay="Tea")
    gone = memory.record(6, minutes=9)
    remove(memory.database, gone.id)
    bays = {bay.bay: bay for bay in list_bays(memory.database, "Berlin 1", trend=3)}
    assert [point.facings for point in bays["Cereal"].trend or []] == [8, 9, 10]
    assert len(bays["Tea"].to_json()["trend"]) == 1
    assert [bay.trend for bay in list_bays(memory.database, "Berlin 1")] == [None, None]
    for wrong in (-1, 51):
        with pytest.raises(InvalidError, match="trend"):
            list_bays(memory.database, "Berlin 1", trend=wrong)

"""The editing core of a review, imported by itself: commands, undo without end, and what lies under a point."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import App

FIRST = [10, 10, 30, 30, "product"]
SECOND = [50, 40, 70, 60, "product"]


def core(app: App, script: str) -> Any:
    """Run a script with the editing core; `edits` holds two boxes of a photo of 100 × 80 pixels."""
    return app.page.evaluate(
        """async () => {
            const { Edits, tidy, pulled } = await import("/static/js/edit.js");
            const { handleAt, idsWithin, boxUnder } = await import("/static/js/hit.js");
            const edits = new Edits({ width: 100, height: 80 }, [
                { box: [10, 10, 30, 30], label: "product", source: 0 },
                { box: [50, 40, 70, 60], label: "product", source: 1 },
            ]);
            const boxes = () => edits.list.map(({ box, label }) => [...box, label]);
            const lib = { tidy, pulled, handleAt, idsWithin, boxUnder };
        """
        + script
        + "}"
    )


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("edits.add([5, 70, 1, 60], 'jar')", [FIRST, SECOND, [1, 60, 5, 70, "jar"]]),
        ("edits.move([0, 1], { x: 500, y: -7 })", [[40, 3, 60, 23, "product"], [80, 33, 100, 53, "product"]]),
        ("edits.reshape(1, [70, 60, 65, 90])", [FIRST, [65, 60, 70, 80, "product"]]),
        ("edits.relabel([0], 'tag')", [[10, 10, 30, 30, "tag"], SECOND]),
        ("edits.remove([0])", [SECOND]),
        ("edits.copy(edits.pick([1]), { x: 2, y: 2 })", [FIRST, SECOND, [52, 42, 72, 62, "product"]]),
        ("edits.replace([{ box: [1, 2, 3, 4], label: 'jar', source: 1 }])", [[1, 2, 3, 4, "jar"]]),
    ],
)
def test_each_command_is_undone_and_redone(app: App, command: str, expected: list[Any]) -> None:
    before, after, undone, redone, dirty = core(
        app,
        f"const all = [boxes()]; const states = [edits.dirty]; {command}; all.push(boxes()); states.push(edits.dirty);"
        "edits.undo(); all.push(boxes()); states.push(edits.dirty); edits.redo(); all.push(boxes());"
        "return [...all, states];",
    )
    assert after == expected
    assert undone == before != after
    assert redone == after
    assert dirty == [False, True, False]


def test_undo_has_no_end_and_nudges_in_a_row_are_one_step(app: App) -> None:
    steps, after, start, dirty, saved, again = core(
        app,
        """
        for (let turn = 0; turn < 1500; turn += 1) edits.move([0], { x: turn % 2 ? 1 : -1, y: 0 });
        for (let turn = 0; turn < 20; turn += 1) edits.move([0], { x: 1, y: 0 }, "nudge");
        const steps = edits.past.length;
        const after = boxes()[0];
        edits.markSaved();
        const dirty = edits.dirty;
        edits.move([0], { x: 1, y: 0 }, "nudge");  // what was saved is not changed any more
        const again = edits.dirty;
        while (edits.canUndo) edits.undo();
        return [steps, after, boxes()[0], dirty, edits.saved !== null, again];
        """,
    )
    assert steps == 1501
    assert after[:4] == [30, 10, 50, 30]
    assert start[:4] == [10, 10, 30, 30]
    assert (dirty, saved, again) == (False, True, True)


def test_a_command_that_changes_nothing_leaves_no_step(app: App) -> None:
    assert core(
        app,
        "edits.move([0], { x: 0, y: 0 }); edits.relabel([0], 'product');"
        "edits.remove([9]); edits.replace(edits.detections);"
        "return [edits.past.length, edits.dirty];",
    ) == [0, False]


def test_boxes_stay_in_the_photo_and_have_a_size(app: App) -> None:
    assert core(
        app, "return [lib.tidy([-5, 90, 200, 90], edits.size), lib.tidy([99.97, 3, 100, 3.2], edits.size)]"
    ) == [[0, 79, 100, 80], [99, 3, 100, 4]]


def test_what_is_under_a_point(app: App) -> None:
    handles, inside, small, framed = core(
        app,
        """
        const box = [10, 10, 30, 30];
        const points = [[8, 8], [20, 9], [31, 11], [31, 20], [30, 31], [20, 30], [9, 31], [10, 20]];
        edits.add([12, 12, 16, 16], "jar");
        return [points.map(([x, y]) => lib.handleAt(box, { x, y }, 3)), lib.handleAt(box, { x: 20, y: 20 }, 30),
            lib.boxUnder(edits.boxes.values(), { x: 14, y: 14 }, new Set()).label,
            lib.idsWithin(edits.boxes.values(), [0, 0, 40, 40])];
        """,
    )
    assert handles == ["nw", "n", "ne", "e", "se", "s", "sw", "w"]
    assert inside is None, "a box can always be moved by its middle"
    assert small == "jar"
    assert framed == [0, 2]

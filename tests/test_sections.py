"""Pages that several commands write."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.usefixtures("scripts_on_the_path")


def test_a_section_is_replaced_in_its_place() -> None:
    from sections import marked, replaced

    page = replaced(replaced("# Page\n\nmine\n", "make a", "## A\n\n1"), "make b", "## B")
    again = replaced(page, "make a", "## A\n\n2\n")
    assert again == f"# Page\n\nmine\n\n{marked('make a', '## A' + chr(10) * 2 + '2')}\n{marked('make b', '## B')}"
    assert replaced(again, "make a", "## A\n\n2") == again


def test_a_page_written_afresh_keeps_the_sections_of_others() -> None:
    from sections import carried_over, replaced

    old = replaced(replaced("# Page\n\nold\n", "make a", "## A"), "make b", "## B")
    assert carried_over(old, "# Page\n\nnew\n") == old.replace("old", "new")
    assert carried_over("# Page\n\nold\n", "# Page\n\nnew\n") == "# Page\n\nnew\n"


def test_an_empty_page_begins_with_the_section() -> None:
    from sections import marked, replaced

    assert replaced("", "make a", "## A") == marked("make a", "## A")

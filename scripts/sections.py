"""Pages that several commands write: each owns its marked section and leaves those of the others alone."""

from __future__ import annotations

import re

MARKED = re.compile(r"<!-- made by (?P<name>[a-z -]+) -->\n.*?\n<!-- end of (?P=name) -->\n", re.DOTALL)


def marked(name: str, text: str) -> str:
    """`text` as the section that belongs to the command `name`."""
    return f"<!-- made by {name} -->\n{text.strip()}\n<!-- end of {name} -->\n"


def replaced(page: str, name: str, text: str) -> str:
    """`page` with `text` for the section of `name`, at the end where it had none."""
    section = marked(name, text)
    for found in MARKED.finditer(page):
        if found["name"] == name:
            return page[: found.start()] + section + page[found.end() :]
    return f"{page.rstrip()}\n\n{section}".lstrip()


def carried_over(old: str, new: str) -> str:
    """The page `new`, which somebody else wrote afresh, with the marked sections that `old` ended with."""
    return "\n".join([new, *(found[0] for found in MARKED.finditer(old))])

"""The diagrams in docs/architecture.md are held to the code: modules, imports, functions, and Mermaid's own form."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from shelfwatch.cli import COMMANDS
from support import ROOT

PACKAGE = ROOT / "src" / "shelfwatch"
PAGE = ROOT / "docs" / "architecture.md"

NODE = re.compile(r'(\w+)(\[\("|\[")([^"]+)("\)\]|"\])')
ARROW = re.compile(r"(\w+) (-->|-\. [^.|]+ \.->)(?:\|([^|]+)\|)? (\w+)")
CLOSED_BY = {'["': '"]', '[("': '")]'}
RESERVED = {"end", "graph", "subgraph", "class", "click", "style", "linkStyle", "classDef", "direction", "default"}


@dataclass(frozen=True)
class Diagram:
    """One Mermaid block: its kind is what its first line, a comment, says."""

    kind: str
    lines: tuple[str, ...]

    @property
    def nodes(self) -> dict[str, str]:
        """Labels by id."""
        found = [NODE.fullmatch(line) for line in self.lines]
        return {match[1]: match[3] for match in found if match}

    @property
    def arrows(self) -> list[tuple[str, str, str]]:
        """From, shape and to."""
        found = [ARROW.fullmatch(line) for line in self.lines]
        return [(match[1], match[2], match[4]) for match in found if match]

    def modules(self) -> dict[str, str]:
        """Module or package, without `shelfwatch.`, by id; from the first line of a label."""
        return {node: module_of(label.split("<br/>")[0]) for node, label in self.nodes.items()}


def module_of(path: str) -> str:
    """`service.app` for `service/app.py`, `shelf` for `shelf/`; it must exist below the package."""
    assert (PACKAGE / path).exists(), f"docs/architecture.md shows {path}, which is not there"
    return path.removesuffix(".py").strip("/").replace("/", ".")


def diagrams() -> list[Diagram]:
    blocks = re.findall(r"^```mermaid\n(.+?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    found = []
    for block in blocks:
        first, second, *lines = block.splitlines()
        assert first.startswith("%% "), f"a diagram begins with its kind, not with {first!r}"
        assert second in {"flowchart TB", "flowchart LR"}
        found.append(Diagram(first.removeprefix("%% "), tuple(line.strip() for line in lines)))
    return found


def of_kind(kind: str) -> list[Diagram]:
    return [diagram for diagram in diagrams() if diagram.kind == kind]


@cache
def imports() -> frozenset[tuple[str, str]]:
    """Every import within the package, as pairs of modules without `shelfwatch.`; those inside functions included."""
    files = {dotted(file): file for file in PACKAGE.rglob("*.py")}
    found = set()
    for module, file in files.items():
        for node in ast.walk(ast.parse(file.read_text())):
            targets: list[str] = []
            if isinstance(node, ast.Import):
                targets = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{file} has a relative import, which this test does not follow"
                names = [f"{node.module}.{alias.name}" for alias in node.names]
                targets = [name if name.removeprefix("shelfwatch.") in files else str(node.module) for name in names]
            for target in targets:
                if target.startswith("shelfwatch."):
                    found.add((module, target.removeprefix("shelfwatch.")))
    return frozenset(found)


def dotted(file: Path) -> str:
    return ".".join(file.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


def test_the_page_has_each_level() -> None:
    kinds = [diagram.kind for diagram in diagrams()]
    assert kinds[:3] == ["context", "containers", "imports: packages"]
    assert kinds.count("imports: modules") == 3
    assert kinds[-1] == "data"


@pytest.mark.parametrize("number", range(len(diagrams())))
def test_mermaid_can_draw_it(number: int) -> None:
    """A small part of Mermaid's grammar, which every renderer understands; arrows use what is declared before."""
    diagram = diagrams()[number]
    declared: set[str] = set()
    used: set[str] = set()
    for line in diagram.lines:
        if node := NODE.fullmatch(line):
            assert node[1] not in declared, f"{node[1]} is declared twice"
            assert node[1] not in RESERVED
            assert node[4] == CLOSED_BY[node[2]], line
            assert not set(node[3].replace("<br/>", "")) & set("<>#;`"), f"not safe in a label: {line}"
            declared.add(node[1])
        else:
            arrow = ARROW.fullmatch(line)
            assert arrow, f"neither node nor arrow: {line}"
            assert not set(arrow[3] or "") & set('()[]{}"<>#;`'), f"not safe on an arrow: {line}"
            assert {arrow[1], arrow[4]} <= declared, f"not declared: {line}"
            used |= {arrow[1], arrow[4]}
    assert declared == used, f"alone in its diagram: {declared - used}"
    assert len(diagram.arrows) == len(set(diagram.arrows))


def test_packages_are_all_there_and_arrows_are_their_imports() -> None:
    (diagram,) = of_kind("imports: packages")
    modules = diagram.modules()
    top = {file.stem for file in PACKAGE.iterdir() if file.suffix == ".py" or (file / "__init__.py").exists()}
    assert set(modules.values()) == top - {"__init__"}
    drawn = {(modules[a], modules[b]) for a, shape, b in diagram.arrows if shape == "-->"}
    made = {(a.split(".")[0], b.split(".")[0]) for a, b in imports()}
    assert drawn == {(a, b) for a, b in made if a != b and b in top}


def test_what_commands_load_by_name_is_dotted() -> None:
    (diagram,) = of_kind("imports: packages")
    dotted_arrows = {(a, b) for a, shape, b in diagram.arrows if shape != "-->"}
    assert dotted_arrows == {("cli", place.split(":")[0].split(".")[1]) for place in COMMANDS.values()}


@pytest.mark.parametrize("diagram", of_kind("imports: modules"), ids=lambda diagram: next(iter(diagram.nodes)))
def test_modules_exist_and_arrows_are_their_imports(diagram: Diagram) -> None:
    modules = diagram.modules()
    assert all(node == module.replace(".", "_") for node, module in modules.items())
    assert all(shape == "-->" for _, shape, _ in diagram.arrows)
    shown = set(modules.values())
    packages = {module for module in shown if (PACKAGE / module.replace(".", "/")).is_dir()}

    def node_of(module: str) -> str | None:
        """The box that stands for a module: its own, or that of its package."""
        inside = [package for package in packages if f"{module}.".startswith(f"{package}.")]
        return module if module in shown else next(iter(inside), None)

    made = {(node_of(a), node_of(b)) for a, b in imports()}
    drawn = {(modules[a], modules[b]) for a, _, b in diagram.arrows}
    assert drawn == {(a, b) for a, b in made if a and b and a != b}


def test_each_step_of_a_photo_is_a_function_or_class_of_its_module() -> None:
    (diagram,) = of_kind("data")
    for label in diagram.nodes.values():
        path, _, name = label.partition(" · ")
        if path.startswith("ui/"):
            assert re.search(
                rf"^export (?:async )?(?:function|class) {name}\b", (ROOT / path).read_text(), re.MULTILINE
            )
            continue
        body = ast.parse((PACKAGE / path).read_text()).body
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        assert name in {node.name for node in body if isinstance(node, kinds)}, f"{path} has no {name}"


def test_files_and_threads_that_the_text_names_exist() -> None:
    text = PAGE.read_text()
    for path in re.findall(r"`((?:tests|infra|ui|service|audits|inference)/[\w./-]+)`", text):
        assert (ROOT / path).exists() or (PACKAGE / path).exists(), f"{path} is not there"
    code = "".join(file.read_text() for file in PACKAGE.rglob("*.py"))
    table = text.split("| thread |")[1].split("\n\n")[0]
    for name in re.findall(r"`([a-z-]+)`", "".join(row.split("|")[1] for row in table.splitlines()[2:])):
        assert f'"{name}"' in code, f"no thread is called {name}"

# ruff: noqa: INP001, T201 - a script
"""The size and the shape of the source: `make measure`, or `python tools/measure.py --root OTHER_TREE` to compare.

Counts modules and their lines, functions and their parameters, imports that go up the layers of the import contracts
in this tree's pyproject.toml, and circles: packages side by side that import each other.
"""

import argparse
import ast
import math
import statistics
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import grimp

HERE = Path(__file__).resolve().parents[1]
MANY = 6


@dataclass(frozen=True, slots=True)
class Layers:
    """One contract: layers from the highest to the lowest, each with the modules that share it (`container.name`)."""

    container: str
    layers: tuple[tuple[str, ...], ...]


def packages(root: Path) -> dict[str, Path]:
    """Import name → folder of every package of the workspace."""
    return {path.name: path for path in sorted(root.glob("*/*/src/*")) if any(path.glob("*.py"))}


def functions(tree: ast.Module) -> Iterator[tuple[int, int]]:
    """Number of parameters (without self and cls) and of lines of every function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            named = [one.arg for one in given if one.arg not in {"self", "cls"}]
            yield len(named), (node.end_lineno or node.lineno) - node.lineno + 1


def layer_contracts(pyproject: Path) -> list[Layers]:
    """The contracts of type `layers`, an optional layer `(name)` as `name`."""
    contracts = tomllib.loads(pyproject.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    return [
        Layers(
            container,
            tuple(tuple(name.strip(" ()") for name in layer.replace(":", "|").split("|")) for layer in one["layers"]),
        )
        for one in contracts
        if one["type"] == "layers"
        for container in one.get("containers", [""])
    ]


def upward(graph: grimp.ImportGraph, contract: Layers) -> Iterator[tuple[str, str]]:
    """Imports from a lower layer to a higher one, module by module."""
    placed = {
        f"{contract.container}.{name}" if contract.container else name: height
        for height, names in enumerate(reversed(contract.layers))
        for name in names
    }
    for importer, imported in direct_imports(graph):
        low, high = layer_of(importer, placed), layer_of(imported, placed)
        if low is not None and high is not None and low < high:
            yield importer, imported


def layer_of(module: str, placed: Mapping[str, int]) -> int | None:
    """The height of the layer a module lies in."""
    while module:
        if module in placed:
            return placed[module]
        module = module.rpartition(".")[0]
    return None


def direct_imports(graph: grimp.ImportGraph) -> Iterator[tuple[str, str]]:
    """Importer and imported, of our own modules."""
    for module in sorted(graph.modules):
        for imported in sorted(graph.find_modules_directly_imported_by(module)):
            yield module, imported


def circles(graph: grimp.ImportGraph) -> list[tuple[str, ...]]:
    """Groups of modules or packages side by side in one package of which each reaches every other by imports."""
    parents = sorted({module.rpartition(".")[0] for module in graph.modules if "." in module})
    return [group for parent in parents for group in _knots(*_among(graph, parent))]


def _among(graph: grimp.ImportGraph, parent: str) -> tuple[list[str], set[tuple[str, str]]]:
    children = sorted(graph.find_children(parent))
    depth = parent.count(".") + 2
    inside = (
        (a.split("."), b.split("."))
        for a, b in direct_imports(graph)
        if a.startswith(f"{parent}.") and b.startswith(f"{parent}.")
    )
    return children, {(".".join(a[:depth]), ".".join(b[:depth])) for a, b in inside if a[:depth] != b[:depth]}


def _knots(nodes: list[str], edges: set[tuple[str, str]]) -> Iterator[tuple[str, ...]]:
    reach = {node: {node} for node in nodes}
    grew = True
    while grew:
        grew = False
        for a, b in edges:
            before = len(reach[a])
            reach[a] |= reach[b]
            grew = grew or len(reach[a]) > before
    seen: set[str] = set()
    for node in nodes:
        group = {other for other in nodes if other in reach[node] and node in reach[other]}
        if len(group) > 1 and node not in seen:
            seen |= group
            yield tuple(sorted(group))


@dataclass(frozen=True, slots=True)
class Sizes:
    """What one package holds. Lines are those of the file, blank ones and comments with them."""

    modules: tuple[int, ...]
    functions: tuple[int, ...]
    crowded: int
    """Functions with more than six parameters; `crowded_roots` of these are in an `app.py`, where parts are joined."""
    crowded_roots: int

    def row(self, name: str) -> str:
        """A line of the table."""
        lines, lengths = self.modules or (0,), self.functions or (0,)
        shape = f"{statistics.median(lines):7.0f} {percentile(lines):5} {max(lines):8}"
        rest = f"{len(self.functions):10} {statistics.median(lengths):7.0f} {percentile(lengths):5}"
        return f"{name:22} {len(self.modules):7} {sum(lines):7} {shape} {rest} {self.crowded:8} ({self.crowded_roots})"


def percentile(sizes: Sequence[int], part: float = 0.9) -> int:
    """The smallest size that at least `part` of them do not exceed."""
    return sorted(sizes)[max(0, math.ceil(len(sizes) * part) - 1)]


def measured(folder: Path) -> Sizes:
    """The sizes of one package. Empty modules (`__init__.py`) are left out."""
    modules: list[int] = []
    lengths: list[int] = []
    crowded = roots = 0
    for path in sorted(folder.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if not text.strip():
            continue
        modules.append(len(text.splitlines()))
        for parameters, lines in functions(ast.parse(text)):
            lengths.append(lines)
            crowded += parameters > MANY
            roots += parameters > MANY and path.name == "app.py"
    return Sizes(tuple(modules), tuple(lengths), crowded, roots)


def together(parts: Iterable[Sizes]) -> Sizes:
    """One for all."""
    known = list(parts)
    return Sizes(
        tuple(line for one in known for line in one.modules),
        tuple(line for one in known for line in one.functions),
        sum(one.crowded for one in known),
        sum(one.crowded_roots for one in known),
    )


def main() -> None:
    """Print the tables."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--root", type=Path, default=HERE, help="the tree to measure (default: this one)")
    root: Path = asked.parse_args().root.resolve()
    folders = packages(root)
    if not folders:
        asked.error(f"--root {root}: no package is at */*/src/")
    sizes = {name: measured(folder) for name, folder in folders.items()}
    print(f"{'package':22} modules   lines  median   p90  longest  functions  median   p90 over {MANY} (in app.py)")
    for name, one in sizes.items():
        print(one.row(name))
    print(together(sizes.values()).row("all"))
    sys.path[:0] = [str(folder.parent) for folder in folders.values()]
    graph = grimp.build_graph(*folders, cache_dir=None)
    arrows = [pair for contract in layer_contracts(HERE / "pyproject.toml") for pair in upward(graph, contract)]
    knots = circles(graph)
    print(f"\nimports up the layers: {len(arrows)}")
    for importer, imported in arrows:
        print(f"  {importer} -> {imported}")
    print(f"circles: {len(knots)}")
    for group in knots:
        print(f"  {' '.join(group)}")


if __name__ == "__main__":
    main()

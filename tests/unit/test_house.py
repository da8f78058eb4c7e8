"""The rules of the house, read from the source: who may import whom, and what is public."""

import ast
import importlib
from importlib.util import find_spec
from pathlib import Path

import pytest

PACKAGES = ("gradcert", "gradcert_oracle", "gradcert_implementations", "gradcert_reports")


def _modules(package: str) -> dict[str, Path]:
    found = find_spec(package)
    assert found is not None
    assert found.origin is not None
    root = Path(found.origin).parent
    return {
        ".".join((package, *path.relative_to(root).with_suffix("").parts)): path
        for path in sorted(root.rglob("*.py"))
    }


MODULES = {name: path for package in PACKAGES for name, path in _modules(package).items()}
"""Every module of the house; a package's own module ends in ``.__init__``."""


def _tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text())


def _imported(module: str) -> set[str]:
    """Return the dotted names a module imports anywhere in it, each ``from`` name included."""
    names = set()
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively; the rules read absolute names"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _imported_packages(package: str) -> set[str]:
    inside = (module for module in MODULES if module.partition(".")[0] == package)
    return {name.partition(".")[0] for module in inside for name in _imported(module)}


LAYERS: list[set[str]] = [
    {"gradcert.core"},
    {"gradcert.generation", "gradcert.isolation"},
    {"gradcert.checks"},
    {"gradcert.diagnosis"},
    {"gradcert.engine"},
    {"gradcert.api"},
    {"gradcert.suite", "gradcert.audit", "gradcert.campaign"},
    {"gradcert.cli"},
    {"gradcert.plugin", "gradcert.__main__"},
]
"""The rooms of the suite, the lowest first: a room imports from those below it, and from itself."""


def _room(name: str) -> str:
    """Return the room of the suite that a dotted name is in; empty for gradcert itself."""
    parts = name.split(".")
    known = set().union(*LAYERS)
    return ".".join(parts[:2]) if ".".join(parts[:2]) in known else ""


def _height(room: str) -> int:
    return next(height for height, rooms in enumerate(LAYERS) if room in rooms)


def test_every_module_of_the_suite_is_in_a_room() -> None:
    inside = {module for module in MODULES if module.partition(".")[0] == "gradcert"}
    assert {module for module in inside if not _room(module)} == {"gradcert.__init__"}
    assert {_room(module) for module in inside} - {""} == set().union(*LAYERS)


@pytest.mark.parametrize("module", [module for module in MODULES if _room(module)])
def test_a_room_of_the_suite_imports_only_from_the_rooms_below_it(module: str) -> None:
    ours = _room(module)
    rooms = {_room(name) for name in _imported(module) if name.startswith("gradcert.")} - {ours, ""}
    assert {room for room in rooms if _height(room) >= _height(ours)} == set()


ARROWS = ["model", "text", "html", "files", "audits", "searches"]
"""The rooms of the reports, the lowest first: a module loads those below it, and its own room."""


def _loaded(module: str) -> set[str]:
    """Return the rooms of the reports that are imported as soon as a module is."""
    names = [node.module or "" for node in _tree(module).body if isinstance(node, ast.ImportFrom)]
    return {name.split(".")[1] for name in names if name.startswith("gradcert_reports.")}


@pytest.mark.parametrize("room", ARROWS)
def test_a_room_of_the_reports_loads_only_the_rooms_below_it(room: str) -> None:
    inside = [name for name in MODULES if name.split(".")[:2] == ["gradcert_reports", room]]
    assert inside
    above = set(ARROWS[ARROWS.index(room) + 1 :])
    assert {name: _loaded(name) & above for name in inside} == {name: set() for name in inside}


def test_only_one_module_uses_what_hypothesis_does_not_publish() -> None:
    private = {
        module
        for module in MODULES
        if any(name.startswith("hypothesis.internal") for name in _imported(module))
    }
    assert private == {"gradcert.generation._hypothesis"}


def test_the_face_imports_the_other_three_rooms() -> None:
    assert set(PACKAGES) <= _imported_packages("gradcert")


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        ("gradcert_implementations", {"gradcert_oracle", "gradcert", "gradcert_reports"}),
        (
            "gradcert_oracle",
            {"gradcert", "gradcert_implementations", "gradcert_reports"}
            | {"hypothesis", "pytest", "torch", "jax"},
        ),
        (
            "gradcert_reports",
            {"gradcert", "gradcert_implementations", "gradcert_oracle", "numpy", "flint"},
        ),
    ],
)
def test_a_room_never_imports_what_it_must_be_independent_of(
    package: str, forbidden: set[str]
) -> None:
    assert not _imported_packages(package) & forbidden


TALKING = ("conversation", "drained", "last_words")
"""How a program is talked with."""

FITTING = ("parametric", "reading", "simple_numbers")
"""What the flaws share that leave numbers open: it reads answers, and computes no gradient."""

INTERFACE = {
    f"gradcert_implementations.{module}" for module in ("interface", "names", "catalogue", *FITTING)
}

ADAPTERS = {m for m in MODULES if m.startswith("gradcert_implementations.adapters.")}

SUBJECTS = [
    module
    for module in MODULES
    if module.startswith("gradcert_implementations.")
    and module.rpartition(".")[2]
    not in ("__init__", "catalogue", "errors", "importing", "loading", "names", *TALKING)
    and module.rpartition(".")[2] not in ("options", "lifted", "plain_terms", *FITTING)
    and module not in ADAPTERS
    and not module.startswith("gradcert_implementations.interface.")
]


PARTS = {module for module in SUBJECTS if module.endswith("_losses")}
"""Each has the losses of one built-in."""


def _homes(module: str) -> set[str]:
    """Return the modules of ours from which a module imports."""
    return {name.rpartition(".")[0] for name in _imported(module) if name.startswith("gradcert")}


@pytest.mark.parametrize("module", SUBJECTS)
def test_an_implementation_imports_the_interface_and_no_other_implementation(module: str) -> None:
    homes = _homes(module)
    assert homes
    assert homes <= INTERFACE | ADAPTERS | (PARTS if module not in PARTS else set())


def test_the_losses_of_a_built_in_are_imported_by_that_one_only() -> None:
    importing = {part: [one for one in SUBJECTS if part in _homes(one)] for part in PARTS}
    assert len(PARTS) == 3
    assert [len(found) for found in importing.values()] == [1, 1, 1]


def _defined(tree: ast.Module) -> set[str]:
    names = set()
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
            case ast.ClassDef(name=name):
                names.add(name)
            case ast.Assign(targets=targets):
                found = (node for target in targets for node in ast.walk(target))
                bound = (n for n in found if isinstance(n, ast.Name))
                names |= {name.id for name in bound if isinstance(name.ctx, ast.Store)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
    return names


def _used(tree: ast.Module) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _reexported(module: str, tree: ast.Module) -> set[str]:
    """Return what a package's own module takes from its submodules, or exports lazily."""
    package, _, last = module.rpartition(".")
    if last != "__init__":
        return set()
    lazy = [node for node in tree.body if isinstance(node, ast.If)]
    nodes = [*tree.body, *(node for block in lazy for node in block.body)]
    return {
        alias.asname or alias.name
        for node in nodes
        if isinstance(node, ast.ImportFrom)
        if node not in tree.body or (node.module or "").startswith(f"{package}.")
        for alias in node.names
    }


@pytest.mark.parametrize("module", MODULES)
def test_all_names_exactly_what_a_module_defines_for_others(module: str) -> None:
    tree = _tree(module)
    public = {name for name in _defined(tree) if not name.startswith("_")}
    assigned = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and node.value is not None
        and "__all__" in ast.unparse(node).partition("=")[0]
    ]
    assert len(assigned) == 1, f"{module} needs one __all__"
    names, taken = set(assigned[0]), _reexported(module, tree)
    assert len(names) == len(assigned[0])
    assert public | (taken - _used(tree)) <= names <= public | taken


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_a_package_exports_can_be_had_from_it(package: str) -> None:
    module = importlib.import_module(package)
    assert [name for name in module.__all__ if getattr(module, name, None) is None] == []


@pytest.mark.parametrize("module", MODULES)
def test_every_module_says_what_it_is(module: str) -> None:
    assert ast.get_docstring(_tree(module))

"""The order of the code: which folder imports which, what the core needs, how large the rule layer is."""

import subprocess
import sys
from pathlib import Path

import house
import pytest
import update_docs

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"


FILES = house.files_now()
GRAPH = house.imports(FILES)
COUNTS = house.count(FILES)


# Imports --------------------------------------------------------------------------------------------------------------


def test_imports_inside_functions_and_of_submodules_are_found():
    known = ["yetbetter.a", "yetbetter.b", "yetbetter.b.c", "yetbetter.d"]
    text = "from yetbetter.b import c\ndef f():\n    import yetbetter.a\n    from yetbetter.d import thing\n"
    assert house.imported(text, known) == {"yetbetter.a", "yetbetter.b.c", "yetbetter.d"}


def test_every_folder_of_the_library_has_a_place_in_the_order():
    assert {house.folder_of(module) for module in GRAPH} == set(house.ORDER)


def test_no_folder_imports_one_above_it():
    assert house.upward(GRAPH) == []


def test_an_import_that_runs_upward_is_seen():
    graph = {"yetbetter.stats.a": {"yetbetter.study.b"}, "yetbetter.study.b": {"yetbetter.errors"}}
    assert house.upward(graph | {"yetbetter.errors": set()}) == ["yetbetter.stats.a imports yetbetter.study.b"]


def test_no_modules_import_each_other_in_a_circle():
    assert house.circles(GRAPH) == []


def test_a_circle_is_seen():
    assert house.circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]


def test_only_programs_that_make_tables_load_pandas():
    texts = house.modules(FILES)
    loading = {module for module, text in texts.items() if "import pandas" in text}
    assert loading
    programs = {path: text for path, text in FILES.items() if Path(path).parent == SCRIPTS.relative_to(ROOT)}
    for path, text in programs.items():
        found = house.imported(text, texts)
        found = found.union(*(house.reachable(GRAPH, module) for module in found))
        assert not found & loading or "write_table" in text, f"{path} loads pandas and makes no table"


# The core -------------------------------------------------------------------------------------------------------------

REFUSE = """
import importlib, sys

class OnlyNumPy:
    def find_spec(self, name, path=None, target=None):
        package = name.partition(".")[0]
        if package not in sys.stdlib_module_names and package not in ("numpy", "yetbetter"):
            raise ImportError(f"the core must not need {package}")

sys.meta_path.insert(0, OnlyNumPy())
sys.path.insert(0, sys.argv[1])
importlib.import_module(f"yetbetter.{sys.argv[2]}")
"""


@pytest.mark.parametrize("module", house.flat_modules(FILES))
def test_every_core_module_imports_with_the_standard_library_and_numpy_alone(module):
    done = subprocess.run([sys.executable, "-c", REFUSE, SCRIPTS, module], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_core_has_at_most_14_modules():
    assert COUNTS["modules flat in the library"] <= 14


# Names ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", house.ONCE)
def test_a_name_means_one_thing(name):
    assert len(house.definitions(FILES)[name]) <= 1, house.definitions(FILES)[name]


# Sizes ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "most"),
    [
        ("Snakefile, lines", 60),
        ("common*.smk, files", 1),
        ("common*.smk, lines", 120),
        ("common*.smk, functions", 6),
        ("all Snakemake code, lines", 1700),
    ],
)
def test_the_rule_layer_stays_small(row, most):
    assert COUNTS[row] <= most


def test_the_docs_have_the_tables_of_the_registries_as_they_are():
    for name in update_docs.PAGES:
        text = (update_docs.ROOT / name).read_text(encoding="utf-8")
        assert update_docs.with_tables(text) == text, f"{name}: python tools/update_docs.py"

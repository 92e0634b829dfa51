"""Data sets: the registry of adapters, which say where a data set's problems come from.

To add a public data set, write its module (see `public`) and add its line to ADAPTERS.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType

from yetbetter.data import gsm8k, hendrycks_math, humaneval, ifeval, mbpp, oasst1, own_files, pocket_world, public
from yetbetter.errors import UserError
from yetbetter.tasks import CHECKS, TASKS


@dataclass(frozen=True)
class Adapter:
    """All that is known of a data set's origin.

    rule: the rule of data.smk that makes its problems: make_pocket_problems, import_problems (from the study's own
        files), or import_dataset (a public data set, from its published files).
    terms: whose terms hold for the questions, a sentence for exported training data.
    check_entry(key, dataset, entry, module): raises UserError, starting with `key`, for a config entry of this adapter
        that is wrong. dataset: its name in the config.
    module: of a public data set, see `public`.
    own_keys: keys of the config entry that other adapters do not have, each with its JSON schema.
    has_levels: its problems have a difficulty, so tables and figures have rows by level.
    tasks: what its problems may be, names in `tasks.TASKS`.
    checks: the ways in which its right answers can be checked in addition to a judge (`fpr`, names in `tasks.CHECKS`).
    random_order: its training problems are in random order; the first so many are a random choice.
    published: the paper prints results for it.
    """

    rule: str
    terms: str
    check_entry: Callable[[str, str, dict, ModuleType | None], None]
    module: ModuleType | None = None
    own_keys: dict[str, dict] = field(default_factory=dict)
    has_levels: bool = True
    tasks: tuple[str, ...] = ("math",)
    checks: tuple[str, ...] = ()
    random_order: bool = True
    published: bool = False


ADAPTERS = {
    "pocket": Adapter(
        rule="make_pocket_problems",
        terms="The questions are made by the workflow itself (MIT licence).",
        check_entry=pocket_world.check_entry,
        own_keys={"world": pocket_world.WORLD},
        tasks=("math", "code", "instructions"),
        checks=("exact", "tests"),
    ),
    "gsm8k": Adapter(
        rule="import_dataset",
        terms="The questions are GSM8K's (openai/grade-school-math, MIT licence).",
        check_entry=public.check_entry,
        module=gsm8k,
        own_keys={"data_dir": public.DATA_DIR},
        has_levels=False,
        published=True,
    ),
    "math": Adapter(
        rule="import_dataset",
        terms="The questions are those of MATH (Hendrycks et al. 2021, MIT licence).",
        check_entry=public.check_entry,
        module=hendrycks_math,
        own_keys={"data_dir": public.DATA_DIR, "functional_dir": hendrycks_math.FUNCTIONAL_DIR},
        published=True,
    ),
    "mbpp": Adapter(
        rule="import_dataset",
        terms="The questions are MBPP's (Austin et al. 2021, CC-BY-4.0 licence).",
        check_entry=public.check_entry,
        module=mbpp,
        own_keys={"data_dir": public.DATA_DIR, "humaneval_dir": humaneval.HUMANEVAL_DIR},
        tasks=("code",),
        checks=("tests",),
        has_levels=False,
    ),
    "oasst1": Adapter(
        rule="import_dataset",
        terms="The questions are OpenAssistant's (Köpf et al. 2023, Apache-2.0 licence).",
        check_entry=public.check_entry,
        module=oasst1,
        own_keys={"data_dir": public.DATA_DIR, "ifeval_dir": ifeval.IFEVAL_DIR},
        tasks=("instructions",),
        has_levels=False,
    ),
    "files": Adapter(
        rule="import_problems",
        terms="The questions come from the study's own files; their terms are known to whoever brought them.",
        check_entry=own_files.check_entry,
        own_keys={"files": own_files.FILES},
        tasks=("math", "code", "instructions"),
        checks=("tests",),
        random_order=False,
    ),
}


def public_adapters() -> list[str]:
    """Names of the adapters whose data sets are published files."""
    return [name for name, adapter in ADAPTERS.items() if adapter.module]


def check_source(key: str, dataset: str, entry: dict) -> None:
    """UserError, starting with `key`, for a data set's config entry that does not fit its adapter."""
    adapter = ADAPTERS[entry["adapter"]]
    for own in dict.fromkeys(own for other in ADAPTERS.values() for own in other.own_keys):
        if own in entry and own not in adapter.own_keys:
            others = " or ".join(name for name, other in ADAPTERS.items() if own in other.own_keys)
            raise UserError(f"{key}.{own}: only for adapter {others}, it is {entry['adapter']!r}")
    check_task(key, entry, adapter)
    adapter.check_entry(key, dataset, entry, adapter.module)


def check_task(key: str, entry: dict, adapter: Adapter) -> None:
    """The adapter has problems of the entry's task; the task has its `answer` and its `fpr`."""
    task, fpr = TASKS[entry["task"]], entry["fpr"]
    allowed = {"task": adapter.tasks, "answer": task.conventions, "fpr": task.checks}
    owner = {"task": f"adapter {entry['adapter']}", "answer": f"task {entry['task']}", "fpr": f"task {entry['task']}"}
    for name, values in allowed.items():
        if entry[name] not in values:
            raise UserError(
                f"{key}.{name}: {entry[name]!r} does not go with {owner[name]} (allowed: {', '.join(values)})"
            )
    if CHECKS[fpr].run and fpr not in adapter.checks:
        having = " or ".join(name for name, other in ADAPTERS.items() if fpr in other.checks)
        raise UserError(f"{key}.fpr: {fpr!r} needs {CHECKS[fpr].problems}, which only adapter {having} has")

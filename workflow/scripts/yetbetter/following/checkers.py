"""IFEval's checkers, those of lm-eval 0.4.13 (Apache-2.0, Google), offline and with repeatable verdicts.

The package is installed without what it depends on (envs/instructions.txt). Only its modules of IFEval are loaded: the
package itself would load forty others. The checkers use `random` and langdetect, which is random as well: both are
seeded before each text.
"""

import functools
import importlib
import json
import logging
import random
import sys
from importlib import metadata
from pathlib import Path
from types import ModuleType

from yetbetter.errors import UserError
from yetbetter.following.constraints import Constraints
from yetbetter.following.followed import Followed
from yetbetter.following.repairs import repaired

VERSION = "0.4.13"
PACKAGES = ("lm_eval", "lm_eval.tasks", "lm_eval.tasks.ifeval")
# The package that holds NLTK's data, and where.
DATA_PACKAGE, DATA = "llama-index-core", "llama_index/core/_static/nltk_cache"
INSTALL = "`make environment-instructions environment-vllm` installs what is missing (envs/instructions.txt)"


@functools.cache
def load_checkers() -> "Checkers":
    """Raises UserError, in one line, if a package or NLTK's punkt_tab is missing. Uses no network."""
    try:
        version = metadata.version("lm-eval")
        import immutabledict  # noqa: F401
        import langdetect
        import nltk
    except (metadata.PackageNotFoundError, ImportError) as error:
        missing = getattr(error, "name", None) or "lm-eval"
        raise UserError(f"IFEval's checkers: the package {missing} is not installed; {INSTALL}") from None
    if version != VERSION:
        raise UserError(f"IFEval's checkers: lm-eval is {version}, the pinned one is {VERSION}; {INSTALL}")
    # Without the data the checkers' modules would try to download them.
    if (data := find_data()) is not None and data not in nltk.data.path:
        nltk.data.path.insert(0, data)
    try:
        nltk.data.find("tokenizers/punkt_tab/english/")
    except LookupError:
        raise UserError(f"IFEval's checkers: NLTK's punkt_tab is not installed; {INSTALL}") from None
    program = load_modules(Path(metadata.distribution("lm-eval").locate_file("")))
    # They report every text whose language is not recognised.
    logging.getLogger("lm_eval.tasks.ifeval.instructions").setLevel(logging.CRITICAL)
    return Checkers(program, langdetect)


def find_data() -> str | None:
    """The folder of NLTK's data that envs/instructions.txt installs."""
    try:
        folder = Path(metadata.distribution(DATA_PACKAGE).locate_file(DATA))
    except metadata.PackageNotFoundError:
        return None
    return str(folder) if folder.is_dir() else None


def load_modules(packages: Path) -> ModuleType:
    """lm_eval.tasks.ifeval.utils, without what the packages around it would load. packages: site-packages."""
    before = {name: sys.modules.get(name) for name in PACKAGES}
    for name in PACKAGES:
        sys.modules[name] = ModuleType(name)
        sys.modules[name].__path__ = [str(packages.joinpath(*name.split(".")))]
    try:
        return importlib.import_module("lm_eval.tasks.ifeval.utils")
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def is_replaced(given, read) -> bool:
    """Whether a checker reads an argument as another one: a number that it cannot count to is drawn again, text in the
    place of a list is taken for a list of letters. Words may be sorted, or trimmed at their ends."""
    if isinstance(given, int | float) and isinstance(read, int | float):
        return given != read
    return isinstance(read, list) and not isinstance(given, list)


class Checkers:
    """program: lm-eval's functions. langdetect: the package. Not safe in threads: seeds are global."""

    def __init__(self, program: ModuleType, langdetect: ModuleType):
        self.program, self.langdetect = program, langdetect
        self.registry = program.instructions_registry
        self.official = dict(self.registry.INSTRUCTION_DICT)
        self.repairs = repaired(self.official, langdetect)

    def require(self, constraints: Constraints, where: str) -> None:
        """UserError, starting with `where`, for an instruction that the checkers do not know, or its arguments."""
        for name, kwargs in zip(constraints.names, constraints.kwargs, strict=True):
            if name not in self.official:
                raise UserError(f"{where}: instruction {name!r}, which IFEval's checkers do not know")
            checker = self.official[name](name)
            try:
                checker.build_description(**kwargs)
                read = checker.get_instruction_args() or {}
                checker.check_following("A text.")
            # What a wrong argument raises differs between the checkers.
            except Exception as error:
                reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
                raise UserError(f"{where}: instruction {name!r} with {json.dumps(kwargs)}: {reason}") from None
            for key, value in read.items():
                if key not in kwargs:  # the checker would draw it at random
                    raise UserError(f"{where}: instruction {name!r}: no {key!r} in its kwargs")
                if is_replaced(kwargs[key], value):
                    found = f"{key} is {json.dumps(kwargs[key])}, which the checker would not use"
                    raise UserError(f"{where}: instruction {name!r}: {found}")

    def check(self, constraints: Constraints, text: str) -> Followed:
        """Whether the text follows each instruction. A checker may raise for a text that it cannot read."""
        official = self.follow(constraints, text)
        mended = official
        if self.repairs.keys() & set(constraints.names):
            self.registry.INSTRUCTION_DICT = self.official | self.repairs
            try:
                mended = self.follow(constraints, text)
            finally:
                self.registry.INSTRUCTION_DICT = self.official
        return Followed(*official, *mended)

    def follow(self, constraints: Constraints, text: str) -> tuple[tuple[bool, ...], tuple[bool, ...]]:
        """(strict, loose), by the present registry."""
        asked = self.program.InputExample(0, list(constraints.names), constraints.prompt, constraints.kwargs)
        state = random.getstate()
        random.seed(0)
        self.langdetect.DetectorFactory.seed = 0
        try:
            strict = self.program.test_instruction_following_strict(asked, text)
            loose = self.program.test_instruction_following_loose(asked, text)
        finally:
            random.setstate(state)
        return tuple(map(bool, strict.follow_instruction_list)), tuple(map(bool, loose.follow_instruction_list))

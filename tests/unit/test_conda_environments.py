"""What `--sdm conda` makes of envs/*.yaml holds all that the programs of the rules import."""

import ast
import re
import sys
from itertools import product
from pathlib import Path

import pytest
import yaml

from yetbetter.generation.engines import ENGINES

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"
# Of rules whose environment is that of their model's engine: environment -> the engine's module, which is loaded later.
MODULES = {engine.tool: engine.module for engine in ENGINES.values()}
ASKING = ("sample_solutions", "judge_solutions", "evaluate_model")
# Programs that start a process which loads SymPy.
GRADING = ["grade_solutions", "select_solutions", "score_model", "evaluate_model"]
FOLLOWING = ("yetbetter/following/checkers.py",)
WEBASSEMBLY = ("yetbetter/execution/webassembly.py", "yetbetter/execution/wasm_host.py")
# Later imports that no program comes to in an environment: an endpoint formats its chats itself, and models are asked,
# looked up in the hub's cache and downloaded elsewhere than in `analysis`.
NEVER = {
    ("openai", "yetbetter/generation/prompts.py", "transformers"),
    ("analysis", "yetbetter/generation/prompts.py", "transformers"),
    ("analysis", "yetbetter/generation/chat_format.py", "transformers"),
    *product(("openai", "analysis"), ("yetbetter/generation/loading.py",), ("safetensors", "torch", "transformers")),
    ("analysis", "yetbetter/training/shapes.py", "huggingface_hub"),
    ("analysis", "yetbetter/data/downloads.py", "huggingface_hub"),
    # Only on machines where bubblewrap does not work; there it is installed by hand.
    *product(("analysis", "deepspeed", "vllm"), WEBASSEMBLY, ("wasmtime",)),
    # Only for answers to instructions; installed by `pip install --no-deps -r envs/instructions.txt`.
    *product(("analysis", "deepspeed", "vllm"), FOLLOWING, ("immutabledict", "langdetect", "nltk")),
}
# Package of a module, where its name is another or it always comes along with that package.
PACKAGES = {
    "yaml": "pyyaml",
    "PIL": "pillow",
    "matplotlib": "matplotlib-base",
    "markupsafe": "jinja2",
    "huggingface_hub": "transformers",
    "pyarrow": "datasets",
}


def rules() -> set[tuple[str, str]]:
    """(program, environment) of every rule that has an environment; a model at an endpoint is not a target."""
    pairs = set()
    for file in sorted((ROOT / "workflow" / "rules").glob("*.smk")):
        for rule in re.split(r"^ *(?:use )?rule ", file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            found = re.search(r"^ +conda:\n +(.+)$", rule, re.MULTILINE)
            if found is None:
                continue
            (program,) = set(re.findall(r"workflow/scripts/(\w+)\.py", rule))
            named = re.findall(r"envs/(\w+)\.yaml", found[1])
            pairs |= {(program, environment) for environment in named or MODULES}
    return pairs - {("evaluate_model", "openai")}


def packages_of(environment: str) -> set[str]:
    """Names of the packages that an environment's file lists, in lower case."""
    listed = yaml.safe_load((ROOT / "envs" / f"{environment}.yaml").read_text(encoding="utf-8"))["dependencies"]
    lines = [line for entry in listed for line in (entry["pip"] if isinstance(entry, dict) else [entry])]
    return {re.match(r"[\w.-]+", line)[0].lower() for line in lines}


def imports_of(program: str, environment: str) -> dict[str, str]:
    """Third-party module -> a file that imports it, of all files that a program may load in an environment."""
    found, files, seen = {}, [SCRIPTS / f"{program}.py"], set()
    files += [SCRIPTS / "yetbetter" / "grading" / "symbolic.py"] if program in GRADING else []
    files += files_of(MODULES[environment]) if program in ASKING else []
    while files:
        file = files.pop()
        if file in seen:
            continue
        seen.add(file)
        name = file.relative_to(SCRIPTS).as_posix()
        for module in imported(file):
            if module.startswith("yetbetter"):
                files += files_of(module)
                continue
            package = module.split(".")[0]
            if package not in sys.stdlib_module_names and (environment, name, package) not in NEVER:
                found.setdefault(package, name)
    return found


def imported(file: Path) -> list[str]:
    """Modules that a file imports, at its top or later; of `from package import name` also package.name."""
    modules = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return modules


def files_of(module: str) -> list[Path]:
    """The file of one of the library's modules; none for a name inside a module."""
    path = SCRIPTS / module.replace(".", "/")
    return [file for file in (path.with_suffix(".py"), path / "__init__.py") if file.exists()]


def test_rules_are_read():
    assert {("check_claims", "analysis"), ("finetune_model", "deepspeed"), ("judge_solutions", "vllm")} <= rules()
    assert imports_of("check_claims", "analysis")["yaml"] == "yetbetter/claims/rules.py"


@pytest.mark.parametrize(("program", "environment"), sorted(rules()))
def test_the_environment_of_a_rule_names_what_its_program_imports(program, environment):
    named = packages_of(environment)
    imports = imports_of(program, environment)
    missing = {module: file for module, file in imports.items() if not {module, PACKAGES.get(module)} & named}
    assert missing == {}, f"envs/{environment}.yaml"

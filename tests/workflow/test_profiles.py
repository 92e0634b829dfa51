"""What the profiles must agree on, and which rules never become jobs of a cluster."""

import re

import yaml
from conftest import ROOT

PROFILES = ["profiles/default", "workflow/profiles/slurm", "workflow/profiles/workstation"]
QUICK = r"(?:draw|tabulate|import|fetch|digest|export|make|forecast)(?:_\w+)?|check_claims"


def test_profiles_rerun_by_the_same_rules():
    triggers = [yaml.safe_load((ROOT / name / "config.yaml").read_text())["rerun-triggers"] for name in PROFILES]
    assert triggers == [["mtime", "params", "input"]] * len(PROFILES)


def test_the_link_is_the_slurm_profile():
    assert (ROOT / "slurm").readlink().as_posix() == "workflow/profiles/slurm"


def test_downloads_imports_tables_and_figures_run_where_snakemake_runs():
    snakefile = (ROOT / "Snakefile").read_text()
    local = set(re.findall(r"^    (\w+),$", snakefile.split("localrules:")[1].split("\n\n\n")[0], re.MULTILINE))
    quick = set()
    for file in (ROOT / "workflow/rules").glob("*.smk"):
        for rule in re.split(r"^(?=\s*rule \w+:)", file.read_text(), flags=re.MULTILINE):
            if found := re.match(rf"\s*rule ({QUICK}):", rule):
                quick.add(found[1])
                local |= {found[1]} if "localrule: True" in rule else set()
    assert quick and quick <= local

"""What was run: read from the sidecars that programs write with their results."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.records import read_json
from yetbetter.report import wording
from yetbetter.report.sheets import Column, Field, Sheet, make_sheet, numeric
from yetbetter.report.study import ReportedStudy

# Where sidecars are: stage, pattern below it, what one of them describes.
STAGES = (
    ("downloads", "**/*.json", "download"),
    ("problems", "*/*.about.json", "split"),
    ("solutions", "*/*/*.about.json", "block"),
    ("judgements", "*/*.about.json", "pool"),
    ("models", "*/*/*/*/*/*/about.json", "finetuning"),
    ("evaluations", "*/*/*/*/*/about.json", "evaluation"),
)


def read_sidecars(results: str | Path) -> dict[str, list[dict]]:
    """By stage, in the order of their paths, each with its `place` in the stage; other files are left out."""
    return {stage: list(find_sidecars(Path(results) / stage, pattern)) for stage, pattern, _ in STAGES}


def find_sidecars(folder: Path, pattern: str) -> Iterator[dict]:
    for path in sorted(folder.glob(pattern)):
        try:
            found = read_json(path)
        except UserError:  # a file that a running job has not finished
            continue
        if isinstance(found, dict) and isinstance(found.get("versions"), dict):
            yield found | {"place": path.relative_to(folder)}


def programs_sheet(sidecars: dict[str, list[dict]]) -> Sheet:
    columns = [
        Column(name, kind)
        for name, kind in zip(
            ("stage", "program", "results", "hours", "tokens", "hosts", "first", "last"),
            ("text", "text", "number", "number", "number", "text", "text", "text"),
            strict=True,
        )
    ]
    rows = []
    for stage, _, noun in STAGES:
        for program in sorted({found.get("program", "") for found in sidecars[stage]}):
            own = [found for found in sidecars[stage] if found.get("program", "") == program]
            seconds, tokens = total(own, "seconds"), total(own, "completion_tokens")
            dates = dates_of(own)
            rows.append(
                [
                    Field(stage.replace("_", " ")),
                    Field(program),
                    numeric(len(own), f"{len(own):,} {noun}{'s' if len(own) > 1 else ''}"),
                    numeric(round(seconds / 3600, 4), wording.duration(seconds) if seconds else ""),
                    numeric(tokens, f"{tokens:,.0f}" if tokens else ""),
                    Field(wording.joined(distinct(own, "host"))),
                    Field(dates[0] if dates else "not recorded"),
                    Field(dates[-1] if dates else "not recorded"),
                ]
            )
    return make_sheet("programs.csv", columns, rows)


def versions_sheet(sidecars: dict[str, list[dict]]) -> Sheet:
    """Versions of Python and packages, and the stages that used them: two rows if stages differ."""
    used: dict[tuple[str, str], list[str]] = {}
    for stage, found in sidecars.items():
        for sidecar in found:
            for package, version in sidecar["versions"].items():
                stages = used.setdefault((package, str(version)), [])
                if stage not in stages:
                    stages.append(stage)
    rows = [
        [Field(package), Field(version), Field(wording.joined(stages))]
        for (package, version), stages in sorted(used.items())
    ]
    return make_sheet("versions.csv", [Column(name) for name in ("package", "version", "used by")], rows)


def splits_sheet(sidecars: dict[str, list[dict]]) -> Sheet:
    """The splits' hashes, and the stages whose results were made from them: two rows if stages differ."""
    found_in: dict[tuple[str, str, str], list[str]] = {}
    for stage, found in sidecars.items():
        for sidecar in found:
            for split, value in hashes_of(sidecar, stage).items():
                stages = found_in.setdefault((sidecar["place"].parts[0], split, str(value)), [])
                if stage not in stages:
                    stages.append(stage)
    rows = [
        [Field(dataset), Field(split), Field(value[:16], value), Field(wording.joined(stages))]
        for (dataset, split, value), stages in sorted(found_in.items())
    ]
    return make_sheet("splits.csv", [Column(name) for name in ("data set", "split", "hash", "found in")], rows)


def hashes_of(sidecar: dict, stage: str) -> dict[str, str]:
    """The hash of each split that a result was made from, as its sidecar has it; pools are of the training split."""
    if stage == "problems":
        return {sidecar["place"].name.removesuffix(".about.json"): sidecar["hash"]} if "hash" in sidecar else {}
    if "problems_hash" in sidecar:
        return {"train": sidecar["problems_hash"]}
    return sidecar.get("problems_hashes", {})


def models_sheet(study: ReportedStudy, sidecars: dict[str, list[dict]]) -> Sheet:
    """The models that the part uses; content: the digest or revision that samples and finetunings recorded."""
    drawn = {
        found["pool"].get("model_name"): found["pool"].get("model")
        for found in sidecars["solutions"]
        if isinstance(found.get("pool"), dict)
    }
    trained = {found.get("arguments", {}).get("model"): found.get("model_identity") for found in sidecars["models"]}
    columns = ["model", "parameters", "from", "revision", "content", "engine", "role"]
    rows = []
    for name, entry in study.config["models"].items():
        identity = drawn.get(name) or trained.get(entry["path"])
        roles = roles_of(study, name)
        if roles:
            rows.append(
                [
                    Field(name),
                    numeric(entry.get("parameters"), wording.number(entry.get("parameters"), 0)),
                    Field(entry["path"]),
                    Field(entry.get("revision", "")),
                    Field(str(identity or "")),
                    Field(entry.get("engine", "transformers")),
                    Field(wording.joined(roles)),
                ]
            )
    kinds = ["text", "number", *["text"] * 5]
    return make_sheet("models.csv", [Column(*pair) for pair in zip(columns, kinds, strict=True)], rows)


def roles_of(study: ReportedStudy, model: str) -> list[str]:
    roles = [
        role for role, source in (("weak", study.weak), ("strong", study.strong)) if study.model_of(source) == model
    ]
    further = [
        source
        for source, entry in study.config["sources"].items()
        if source not in (study.weak, study.strong) and model in [draw["model"] for draw in entry.get("draws", [])]
    ]
    roles += [f"draws for {wording.joined(further)}"] if further and not roles else []
    targets = {target for entry in study.config["experiments"].values() for target in entry["targets"]}
    roles += ["target"] if model in targets else []
    return roles + (["judge"] if study.config.get("judge", {}).get("model") == model else [])


def find_commit() -> str:
    """Of the repository that this file is in; empty if it is in none, or git is missing."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--abbrev=12", "--dirty"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return found.stdout.strip() if found.returncode == 0 else ""


def distinct(sidecars: list[dict], key: str) -> list[str]:
    return sorted({str(found[key]) for found in sidecars if found.get(key)})


def total(sidecars: list[dict], key: str) -> float:
    return sum(found[key] for found in sidecars if isinstance(found.get(key), int | float))


def dates_of(sidecars: list[dict]) -> list[str]:
    """Days on which results were written, oldest first; older results do not say."""
    return sorted({str(found["written"])[:10] for found in sidecars if found.get("written")})

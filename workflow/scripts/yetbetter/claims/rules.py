"""The claims as the rules file states them (workflow/claims.yaml), spelled out comparison by comparison."""

import re
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import yaml

from yetbetter.errors import UserError
from yetbetter.measures.metrics import METRICS
from yetbetter.records import open_text

GREATER, LESS, AT_MOST, SIMILAR, SAME_SIGN = RELATIONS = ("greater", "less", "at_most", "similar", "same_sign")
AXES = ("dataset", "budget", "source", "target", "benchmark")
CLAIM_KEYS = {"number", "name", "sentence", "comparisons", "not_run", "ours"}
COMPARISON_KEYS = {"metric", "is", "by", "of", "than", "at", "rather_than", "as", "each", "scale", "optional"}


@dataclass(frozen=True)
class Term:
    """One arm of a comparison, by roles, and its weight in the difference; `roles` holds (axis, role) pairs."""

    weight: float
    roles: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Comparison:
    """A difference between arms, and what the claim says about it.

    contrasts: one sum of weighted terms; two for same_sign. margin: in the difference's unit. unit: `points`,
    `solutions` or `percent`; percent is tested as a ratio.
    """

    metric: str
    relation: str
    contrasts: tuple[tuple[Term, ...], ...]
    margin: float
    unit: str
    optional: bool
    place: str

    @property
    def about_models(self) -> bool:
        return any(axis == "target" for axis, _ in self.contrasts[0][0].roles)

    @property
    def in_percent(self) -> bool:
        return self.unit == "percent"


@dataclass(frozen=True)
class Claim:
    """ours: if the claim is not the paper's, the source roles one of which a study assigns to have it tested."""

    number: int
    name: str
    sentence: str
    comparisons: tuple[Comparison, ...]
    not_run: str = ""
    ours: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rules:
    """margins: the file's values, replaced by those of the config; stand_ins: {group: {role: role}}."""

    claims: tuple[Claim, ...]
    margins: dict[str, float]
    stand_ins: dict[str, dict[str, str]]


def read_rules(
    path: str | Path, margins: dict[str, float] | None = None, further: tuple[str, ...] = ("student",)
) -> Rules:
    """The rules file; UserError, naming file, claim and key, if it cannot be read as such.

    margins: they replace the file's own. further: the targets that play the role of this name.
    """
    with open_text(path) as file:
        try:
            content = yaml.safe_load(file)
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
            raise UserError(f"{path}: not YAML ({' '.join(str(error).split())})") from None
    shapes = {"margins": dict, "claims": list, "stand_ins": dict}
    if not isinstance(content, dict) or any(not isinstance(content.get(key), kind) for key, kind in shapes.items()):
        raise UserError(f"{path}: must hold {', '.join(shapes)}, as workflow/claims.yaml does")
    margins = content["margins"] | (margins or {})
    claims = []
    for entry in content["claims"]:
        where = f"{path}: claim {entry.get('number', '?')}"
        check_keys(entry, CLAIM_KEYS, where)
        comparisons = [
            found for stated in entry.get("comparisons", []) for found in spell_out(stated, margins, further, where)
        ]
        if bool(comparisons) == bool(entry.get("not_run")):
            raise UserError(f"{where}: needs either comparisons or the reason under not_run")
        words = {key: entry[key] for key in ("number", "name", "sentence")}
        ours = tuple(entry.get("ours", ()))
        claims.append(Claim(**words, comparisons=tuple(comparisons), not_run=entry.get("not_run", ""), ours=ours))
    return Rules(tuple(claims), margins, content["stand_ins"])


def check_keys(entry: dict, allowed: set[str], where: str) -> None:
    for key in entry:
        if key not in allowed:
            raise UserError(f"{where}: unknown key {key!r} (allowed: {', '.join(sorted(allowed))})")


def spell_out(stated: dict, margins: dict[str, float], further: tuple[str, ...], where: str) -> list[Comparison]:
    """One comparison for each combination of `each`."""
    check_keys(stated, COMPARISON_KEYS, where)
    if stated["is"] not in RELATIONS:
        raise UserError(f"{where}: is: {stated['is']!r} (allowed: {', '.join(RELATIONS)})")
    if stated["metric"] not in METRICS:
        raise UserError(f"{where}: metric: {stated['metric']!r} (allowed: {', '.join(METRICS)})")
    margin = stated.get("by")
    if margin is not None and margin not in margins:
        raise UserError(f"{where}: by: {margin!r} (allowed: {', '.join(margins)})")
    if (stated["is"] in (AT_MOST, SIMILAR)) and margin is None:
        raise UserError(f"{where}: {stated['is']!r} needs a margin under `by`")
    percent = stated.get("scale") == "percent" or bool(margin and margin.endswith("_percent"))
    each = dict(stated.get("each", {}))
    if each.get("target") == ["further"]:
        each["target"] = list(further)
    comparisons = []
    for roles in product(*each.values()):
        place = dict(zip(each, roles, strict=True))
        comparisons.append(
            Comparison(
                metric=stated["metric"],
                relation=stated["is"],
                contrasts=tuple(contrasts_of(stated, place)),
                margin=margins[margin] if margin else 0.0,
                unit="percent" if percent else METRICS[stated["metric"]].unit,
                optional=stated.get("optional", False),
                place=in_words(stated, place),
            )
        )
    return comparisons


def contrasts_of(stated: dict, place: dict):
    pairs = [(stated["of"], stated["than"])]
    if stated["is"] == SAME_SIGN:
        pairs.append((stated["as"]["of"], stated["as"]["than"]))
    spots = [(1.0, stated.get("at", {}))]
    if "rather_than" in stated:
        spots.append((-1.0, stated["rather_than"]))
    for of, than in pairs:
        yield tuple(
            Term(sign * weight, in_order(place | spot | arm))
            for sign, spot in spots
            for weight, arm in ((1.0, of), (-1.0, than))
        )


def in_order(roles: dict) -> tuple[tuple[str, str], ...]:
    return tuple((axis, roles[axis]) for axis in AXES if axis in roles)


def in_words(stated: dict, place: dict) -> str:
    """The comparison in words, by roles: 'weak - strong: harder, low, student'."""

    def name(roles: dict) -> str:
        return " ".join(roles.values())

    text = f"{name(stated['of'])} - {name(stated['than'])}"
    if "rather_than" in stated:
        text += f", {name(stated['at'])} - {name(stated['rather_than'])}"
    if "as" in stated:
        text += f", as {name(stated['as']['of'])} - {name(stated['as']['than'])}"
    spot = ", ".join(place.values())
    return re.sub("_", " ", f"{text}: {spot}" if spot else text)

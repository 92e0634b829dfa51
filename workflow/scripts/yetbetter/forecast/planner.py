"""The plan: what every allocation of every budget is expected to give, which is best, and how sure that is.

What is maximised is coverage, the share of all training questions with a correct solution. Distinct correct solutions
and the size of the training set are beside it. The recommendation keeps to the reference, the strong model with the
whole budget, unless the pilot settles that another allocation covers more: a pilot sometimes shows a lead by chance.
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from yetbetter.forecast.allocations import Allocation, allocations_of, curve_counts, rules_of
from yetbetter.forecast.by_group import ByGroup, allocate
from yetbetter.forecast.estimates import prices_of
from yetbetter.forecast.pilots import ModelPilot
from yetbetter.forecast.plan_tables import CURVES, LEAST
from yetbetter.forecast.stopping import stopping_allocations
from yetbetter.generation.engines import engine_of
from yetbetter.stats.coverage_forecast import Comparison, Difference, Forecast, join_intervals
from yetbetter.stats.mixed_forecast import MixedPilot, difference_between
from yetbetter.stats.unseen import Distinct, forecast_distinct
from yetbetter.study.budgets import flops

SURE = 0.975  # chance of being ahead from which a choice counts as settled


@dataclass(frozen=True)
class Expected:
    """An allocation and what it gives: shares of all questions; distinct: solutions per question of the split."""

    allocation: Allocation
    coverage: tuple[float, float, float]
    distinct: tuple[float, float, float]


class Planner:
    """config: a checked config. pilots: of the models to choose from, on the same questions of one data set."""

    def __init__(self, config: dict, dataset: str, pilots: list[ModelPilot], name: str = "the config", seed: int = 0):
        self.config, self.dataset, self.name, self.seed = config, dataset, name, seed
        self.pilots = {pilot.model: pilot for pilot in pilots}
        self.models = list(self.pilots)
        self.questions = config["datasets"][dataset]["splits"]["train"]
        compared = [config["sources"][config["comparison"][role]]["draws"][0]["model"] for role in ("weak", "strong")]
        self.pair = tuple(compared) if len(set(compared) & set(self.models)) == 2 else None
        self.fixed = allocations_of(config, self.models, name, self.pair)
        self.looked_at = stopping_allocations(self.fixed, {model: pilot.counts for model, pilot in self.pilots.items()})
        self.grouped = self.by_group()
        self.allocations = [*self.fixed, *self.grouped, *self.looked_at]

    def by_group(self) -> dict[Allocation, ByGroup]:
        """By level and by subject, where that gives groups to both models of the pair, for the whole budget each."""
        found = {}
        for first in (one for one in self.fixed if self.pair and one.model == self.pair[0] and one.share == 1):
            own = [one for one in self.fixed if (one.budget, one.match, one.share) == (first.budget, first.match, 1)]
            samples = {model: one.samples for model in self.pair for one in own if one.model == model}
            pilots = {model: self.pilots[model].counts for model in self.pair}
            for by, groups in self.pilots[self.pair[0]].groups.items() if len(samples) == len(self.pair) else ():
                made = allocate(pilots, groups, samples, self.seed)
                if made:
                    names = [(one, tuple(g for g, model in made.model_of.items() if model == one)) for one in self.pair]
                    draws = tuple(samples.items())
                    found[Allocation(first.budget, first.match, draws, by=by, groups=tuple(names))] = made
        return found

    def reference(self, budget: str) -> str:
        """The model that others are compared with: the budget's own, else the compared strong one, else the first."""
        compared = self.config["sources"][self.config["comparison"]["strong"]]["draws"][0]["model"]
        wanted = [self.config["budgets"][budget]["model"], compared]
        return next((model for model in wanted if model in self.pilots), self.models[0])

    @cached_property
    def lines(self) -> list[tuple[str, str, str, list[tuple[int, int]]]]:
        """(match, reference, model, its counts along the budget), once for each reference that budgets have."""
        found = {}
        for budget, entry in self.config["budgets"].items():
            for rule in rules_of(entry, self.models, self.config):
                for model in self.models:
                    place = rule, entry["model"], model
                    found.setdefault(place, curve_counts(self.config, rule, model, budget))
        return [(*place, counts) for place, counts in found.items()]

    @cached_property
    def counts(self) -> dict[str, list[int]]:
        """model -> every k that is forecast."""
        wanted: dict[str, set[int]] = {model: {1} for model in self.models}
        for allocation in self.allocations:
            for model, samples in allocation.draws:
                wanted[model].add(samples)
        for _, _, model, counts in self.lines:
            wanted[model].update(samples for _, samples in counts)
        return {model: sorted(counts) for model, counts in wanted.items()}

    @cached_property
    def coverage(self) -> dict[str, Forecast]:
        return {model: pilot.counts.forecast(self.counts[model]) for model, pilot in self.pilots.items()}

    @cached_property
    def distinct(self) -> dict[str, Distinct]:
        return {
            model: forecast_distinct(pilot.counts.samples, pilot.multiplicities, self.counts[model], self.seed)
            for model, pilot in self.pilots.items()
        }

    def of(self, model: str, samples: int) -> int:
        return self.counts[model].index(samples)

    @cached_property
    def mixed(self) -> MixedPilot:
        most = max(samples for one in self.fixed for _, samples in one.draws if one.share == 1)
        return MixedPilot(*(self.pilots[model].counts for model in self.pair), most)

    @cached_property
    def leads(self) -> dict[tuple[Allocation, Allocation], tuple[float, float, float]]:
        """(middle, low, high) of every mix minus each of its models with the whole budget."""
        alone = {(one.budget, one.match, one.model): one for one in self.fixed if one.share == 1}
        mixes = [one for one in self.fixed if one.is_mix]
        pairs = [(mix, alone[mix.budget, mix.match, model]) for mix in mixes for model in self.pair]
        found = self.mixed.leads([(self.as_mix(mix), self.as_mix(one)) for mix, one in pairs]) if pairs else []
        return dict(zip(pairs, found, strict=True))

    @cached_property
    def mixes(self) -> dict[Allocation, tuple[float, float, float]]:
        """Coverage of the mixes, with its interval.

        Beyond the pilot the estimate is that of each model alone plus the mix's lead over it, in the mean of both:
        what a profile's middle is wrong by, it is for the mix and for one model alike.
        """
        mixes = [one for one in self.allocations if one.is_mix]
        found = self.mixed.coverage([self.as_mix(one) for one in mixes]) if mixes else []
        coverage = {}
        for mix, (estimate, low, high) in zip(mixes, found, strict=True):
            if self.mixed.unbiased(self.as_mix(mix)) is None:
                leads = {one: lead[0] for (first, one), lead in self.leads.items() if first == mix}
                sums = [self.expect(one).coverage[0] + lead for one, lead in leads.items()]
                estimate = min(max(sum(sums) / len(sums), low), high)
            coverage[mix] = estimate, low, high
        return coverage

    def as_mix(self, allocation: Allocation) -> tuple[int, int]:
        """Samples of the pair's models."""
        drawn = dict(allocation.draws)
        return drawn.get(self.pair[0], 0), drawn.get(self.pair[1], 0)

    def expect(self, allocation: Allocation) -> Expected:
        if allocation.by:  # no estimate of distinct solutions
            return Expected(allocation, self.grouped[allocation].coverage, (math.nan,) * 3)
        # A solution that both models of a mix find is counted twice.
        parts = [(self.distinct[model], self.of(model, samples)) for model, samples in allocation.draws]
        distinct = (sum(getattr(found, end)[at] for found, at in parts) for end in ("estimate", "low", "high"))
        if allocation.is_mix:
            coverage = self.mixes[allocation]
        else:
            found, at = self.coverage[allocation.model], self.of(*allocation.draws[0])
            coverage = found.estimate[at], found.low[at], found.high[at]
        if allocation.stop_after:
            distinct = coverage  # a question has one solution, or none
        share = allocation.share
        return Expected(
            allocation, *(tuple(share * float(value) for value in values) for values in (coverage, distinct))
        )

    def differences(self, pairs: list[tuple[Allocation, Allocation]]) -> list[Difference]:
        """First minus second of every pair, in shares of all questions."""
        found: dict[tuple[Allocation, Allocation], Difference] = {}
        for first, second in pairs:
            if first.is_mix or second.is_mix or first.by or second.by:
                found[first, second] = self.difference_of_mix(first, second)
        by_models: dict[tuple[str, str], list[tuple[Allocation, Allocation]]] = {}
        for first, second in pairs:
            if (first, second) not in found:
                by_models.setdefault((first.model, second.model), []).append((first, second))
        for models, some in by_models.items():
            sides = [self.scaled([pair[side] for pair in some]) for side in (0, 1)]
            comparison = Comparison(*(self.pilots[model].counts for model in models), self.seed)
            found |= dict(zip(some, comparison.differences(*sides), strict=True))
        return [found[pair] for pair in pairs]

    def difference_of_mix(self, first: Allocation, second: Allocation) -> Difference:
        estimate = self.expect(first).coverage[0] - self.expect(second).coverage[0]
        if first.by and self.is_whole(second):
            return self.grouped[first].ahead[second.model]
        if second.by and self.is_whole(first):
            lead = self.grouped[second].ahead[first.model]
            return Difference(-lead.estimate, -lead.high, -lead.low, 1 - lead.chance)
        if (first, second) in self.leads:
            return difference_between(estimate, *self.leads[first, second][1:])
        if (second, first) in self.leads:
            _, low, high = self.leads[second, first]
            return difference_between(estimate, -high, -low)
        # As if both were independent, which makes the interval too wide rather than too narrow.
        return join_intervals(*(self.expect(one).coverage for one in (first, second)), 0.0)

    def is_whole(self, one: Allocation) -> bool:
        """Whether one model of the pair has the whole budget, for all questions."""
        return one.model in self.pair and one.share == 1 and not one.stop_after

    def scaled(self, allocations: list[Allocation]) -> Forecast:
        """The forecasts of one model's allocations, in shares of all questions."""
        forecast = self.coverage[allocations[0].model]
        places = [self.of(one.model, one.samples) for one in allocations]
        shares = np.array([one.share for one in allocations])
        cut = {key: getattr(forecast, key)[places] * shares for key in ("estimate", "low", "high")}
        return replace(forecast, counts=forecast.counts[places], by_family={}, **cut)

    def costs(self, allocation: Allocation) -> dict[str, float]:
        """Sums over the models; a number that is unknown of one is unknown."""
        if allocation.stop_after:
            costs = self.costs_of(allocation.model, self.looked_at[allocation])
            kept = self.expect(allocation).coverage[0] * self.questions
            return costs | {"kept": kept, "false_positives": kept * self.pilots[allocation.model].false_positives}
        if allocation.by:
            made = self.grouped[allocation]
            parts = [self.costs_of(model, samples * made.shares[model]) for model, samples in allocation.draws]
            for part, (model, samples) in zip(parts, allocation.draws, strict=True):
                pilot = self.pilots[model]
                part["kept"] = self.questions * samples * made.right[model] / pilot.counts.samples
                part["false_positives"] = part["kept"] * pilot.false_positives
            return {key: sum(part[key] for part in parts) for key in parts[0]}
        parts = [self.costs_of(model, samples * allocation.share) for model, samples in allocation.draws]
        return {key: sum(part[key] for part in parts) for key in parts[0]}

    def costs_of(self, model: str, per_question: float) -> dict[str, float]:
        pilot, entry = self.pilots[model], self.config["models"][model]
        drawn = per_question * self.questions
        right = drawn * float(pilot.counts.right.mean()) / pilot.counts.samples
        tokens = drawn * pilot.tokens
        operations = flops(entry.get("parameters", 0), tokens)
        read, written = prices_of(entry)
        assumed, endpoint = self.config["forecast"], engine_of(entry).is_endpoint
        speed = assumed["peak_flops"] * assumed["utilisation"]["sampling"]
        gpus = entry["resources"]["gpu"]
        return {
            "kept": right,
            "false_positives": right * pilot.false_positives,
            "tokens": tokens,
            "flops": operations,
            "gpu_hours": 0.0 if endpoint else operations / speed / 3600,
            "gpu_hours_measured": drawn * pilot.seconds * gpus / 3600 if gpus else math.nan,
            "dollars": (read * drawn * pilot.prompt_tokens + written * tokens) / 1e6,
        }

    # Tables -----------------------------------------------------------------------------------------------------------

    def pilot_rows(self) -> list[dict]:
        """A row per model and family of the forecast."""
        return [
            {
                "dataset": self.dataset,
                "model": model,
                "questions": len(pilot.counts.right),
                "samples": pilot.counts.samples,
                "solved": float((pilot.counts.right > 0).mean()),
                "pass_at_1": float(pilot.counts.right.mean() / pilot.counts.samples),
                "tokens_per_solution": pilot.tokens,
                "seconds_per_sample": pilot.seconds,
                "false_positive_rate": pilot.false_positives,
                "checked": pilot.checked,
                "family": family,
                "weight": weight,
            }
            for model, pilot in self.pilots.items()
            for family, weight in self.coverage[model].weights.items()
        ]

    def curve_rows(self) -> list[dict]:
        """Coverage, and distinct solutions per question, along the budget, all questions being drawn from."""
        rows = []
        for rule, reference, model, counts in self.lines:
            for metric, found in (("coverage", self.coverage[model]), ("distinct", self.distinct[model])):
                for place, samples in counts:
                    at = self.of(model, samples)
                    values = {"value": found.estimate[at], "low": found.low[at], "high": found.high[at]}
                    where = (self.dataset, rule, reference, place, model, samples, metric)
                    rows.append(dict(zip(CURVES[:7], where, strict=True)) | {k: float(v) for k, v in values.items()})
        return rows

    def allocation_rows(self) -> list[dict]:
        """A row per allocation, the recommended one of each budget and rule being marked."""
        groups: dict[tuple[str, str], list[Allocation]] = {}
        for allocation in self.allocations:
            groups.setdefault((allocation.budget, allocation.match), []).append(allocation)
        references = {
            place: next(one for one in some if one.model == self.reference(place[0])) for place, some in groups.items()
        }
        pairs = [(one, references[one.budget, one.match]) for one in self.allocations]
        against = dict(zip(self.allocations, self.differences(pairs), strict=True))
        best, rivals = {}, {}
        for place, some in groups.items():
            # Stopping early needs a sampler that does; pools are drawn whole. So it is offered, not recommended.
            some = [one for one in some if not one.stop_after]
            ahead = [one for one in some if one == references[place] or is_settled(against[one])]
            best[place] = choose_allocation([self.expect(one) for one in ahead]).allocation
            others = [self.expect(one) for one in some if one.model != best[place].model]
            rivals[place] = choose_allocation(others).allocation if others else None
        contests = [(best[place], rival) for place, rival in rivals.items() if rival]
        leads = dict(zip([first for first, _ in contests], self.differences(contests), strict=True))
        return [
            self.allocation_row(one, against[one], one == best[one.budget, one.match], leads.get(one), references)
            | {"rival": rivals[one.budget, one.match].model if one in leads else ""}
            for one in self.allocations
        ]

    def allocation_row(
        self, one: Allocation, against: Difference, recommended: bool, lead: Difference | None, references: dict
    ) -> dict:
        expected = self.expect(one)
        reference = references[one.budget, one.match]
        alone = one == reference
        return {
            "dataset": self.dataset,
            "budget": one.budget,
            "match": one.match,
            "model": one.model,
            "draws": " ".join(f"{model}:{samples}" for model, samples in one.draws),
            "samples": one.samples,
            "share": one.share,
            "stop_after": one.stop_after or "",
            "groups": "; ".join(f"{model}: {', '.join(groups)}" for model, groups in one.groups),
            "looked_at": self.mean_samples(one),
            **dict(zip(("coverage", "low", "high"), expected.coverage, strict=True)),
            "reference": reference.model,
            "difference": math.nan if alone else against.estimate,
            "difference_low": math.nan if alone else against.low,
            "difference_high": math.nan if alone else against.high,
            "chance_ahead": math.nan if alone else against.chance,
            **dict(zip(("distinct", "distinct_low", "distinct_high"), expected.distinct, strict=True)),
            **self.costs(one),
            "recommended": "yes" if recommended else "",
            "lead": math.nan if lead is None else lead.estimate,
            "lead_low": math.nan if lead is None else lead.low,
            "lead_high": math.nan if lead is None else lead.high,
            "settled": "" if lead is None else "yes" if is_settled(lead) else "no",
            "questions_to_settle": self.questions_to_settle(lead) if lead else math.nan,
        }

    def mean_samples(self, one: Allocation) -> float:
        """Samples per question, in the mean of all questions that are drawn from."""
        if one.by:
            return sum(samples * self.grouped[one].shares[model] for model, samples in one.draws)
        return self.looked_at.get(one, one.samples)

    def questions_to_settle(self, lead: Difference) -> float:
        """Pilot questions that would settle a lead of this size, if intervals shrink with their root; NaN if it is.

        The lead may be the rival's. Infinite if none of LEAST is expected.
        """
        if is_settled(lead):
            return math.nan
        if abs(lead.estimate) < LEAST:
            return math.inf
        questions = len(next(iter(self.pilots.values())).counts.right)
        reach = lead.estimate - lead.low if lead.estimate > 0 else lead.high - lead.estimate
        return math.ceil(questions * (reach / lead.estimate) ** 2)


def is_settled(lead: Difference) -> bool:
    """Whether the pilot shows that the first is ahead: the 95 % interval is above 0."""
    return lead.chance >= SURE


def choose_allocation(expected: list[Expected]) -> Expected:
    """That of the highest expected coverage; of equal ones that with more distinct solutions."""
    return max(expected, key=lambda one: (round(one.coverage[0], 9), one.distinct[0]))

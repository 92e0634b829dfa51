"""The registry of checks of right answers: how a false positive is found (a data set's `fpr`)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from yetbetter.pocket.reasoning import check_reasoning
from yetbetter.tasks import code
from yetbetter.tasks.task import Options, Solution
from yetbetter.verdicts import CORRECT, GRADER_ERROR, INVALID, UNREADABLE, VALID


@dataclass(frozen=True)
class Check:
    """note: shown with a data set in the report; empty: nothing is checked.

    keys: of a problem, that it needs. problems: which problems these are, for a message.
    run(answers, options): VALID, INVALID or UNREADABLE of each right answer (text, problem), in order. None: a judge is
    asked, or nobody.
    """

    note: str = ""
    keys: tuple[str, ...] = ()
    problems: str = ""
    run: Callable[[Iterable[tuple[str, dict]], Options], Iterator[str]] | None = None


def run_exact(answers: Iterable[tuple[str, dict]], options: Options) -> Iterator[str]:
    return (check_reasoning(text, problem["program"]) for text, problem in answers)


def run_hidden_tests(answers: Iterable[tuple[str, dict]], options: Options) -> Iterator[str]:
    """UNREADABLE for problems without hidden tests, and where the tests fail by themselves."""
    places: list[bool] = []

    def solutions() -> Iterator[Solution]:
        known, reference = None, None
        for text, problem in answers:
            places.append(bool(problem.get("hidden_tests")))
            if places[-1]:
                # Some have megabytes of tests: those of one problem are kept, whose answers mostly come together.
                if problem is not known:
                    reference = code.reference_with(problem, "hidden_tests", f"problem {problem['problem']!r}")
                    known = problem
                yield Solution(problem["problem"], 0, text, reference)

    found = (row["verdict"] for rows in code.grade(solutions(), options, code.HIDDEN_LIMITS) for row in rows)
    number = 0
    for verdict in found:
        while not places[number]:
            yield UNREADABLE
            number += 1
        yield VALID if verdict == CORRECT else UNREADABLE if verdict == GRADER_ERROR else INVALID
        number += 1
    yield from (UNREADABLE for _ in places[number:])


CHECKS = {
    "exact": Check(
        note="reasoning checked exactly",
        keys=("program",),
        problems="problems that are programs over their quantities",
        run=run_exact,
    ),
    "tests": Check(
        note="right answers run on hidden tests",
        problems="problems with hidden tests",
        run=run_hidden_tests,
    ),
    "judge": Check(note="reasoning judged"),
    "none": Check(),
}

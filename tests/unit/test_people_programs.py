"""The programs for people's labels: which solutions are offered, which labels are taken, who differs from whom."""

import html
import json
import re
from types import SimpleNamespace

import pytest
from people_support import SEED, Pool, flawed, refusal, run, sound

from configs import completed, pocket_study
from yetbetter.judging.judgements import choose_judged
from yetbetter.judging.labels import Label, digest_of_shown, read_labelled_solutions
from yetbetter.judging.samples import Sample
from yetbetter.records import read_json, read_rows, write_rows
from yetbetter.selection.offered import TOGETHER, Offer, OfferedArm, Solution, sort_for
from yetbetter.study.people import People
from yetbetter.study.study import Study


def data_of(path) -> dict:
    """What a page holds."""
    [text] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', path.read_text(), re.DOTALL)
    return json.loads(text)


@pytest.fixture
def pool(tmp_path) -> Pool:
    return Pool(tmp_path)


def numbers(row: dict) -> tuple[int, int]:
    a, b = re.findall(r"\d+", row["question"])
    return int(a), int(b)


# What is offered ------------------------------------------------------------------------------------------------------


def test_all_right_answers_of_all_arms_are_offered_once(pool):
    run("annotate_solutions", *pool.annotate())
    items = data_of(pool.folder / "ann.html")["items"]
    expected = {
        digest_of_shown(row["question"], row["answer"], text(*numbers(row)))
        for row in read_rows(pool.problems)
        for text in (sound, flawed)
    }
    # se's solutions are texts of wc's.
    assert {item["shown"] for item in items} == expected and len(items) == 24


def test_the_choice_is_that_of_the_judged_rate(pool):
    run("annotate_solutions", *pool.annotate("--samples", 5, arms=("wc:2",)))
    samples = [
        Sample(row["model"], row["problem"], row["sample"], row["verdict"])
        for row in (one | {"model": "wc"} for one in read_rows(next((pool.folder / "verdicts/wc").glob("*.jsonl"))))
        if row["sample"] < 2
    ]
    chosen = {(one.problem, one.sample) for one in choose_judged(samples, 5, SEED)}
    texts = {row["problem"]: numbers(row) for row in read_rows(pool.problems)}
    found = {
        (item["problem"], int(item["steps"][0] == flawed(*texts[item["problem"]]).split(". ")[0] + "."))
        for item in data_of(pool.folder / "ann.html")["items"]
    }
    assert found == chosen and len(found) == 5


def test_more_samples_keep_what_fewer_offered_and_questions_limit_an_arm(pool):
    offered = {}
    for samples in (3, 6):
        run("annotate_solutions", *pool.annotate("--samples", samples))
        offered[samples] = {item["shown"] for item in data_of(pool.folder / "ann.html")["items"]}
    assert offered[3] < offered[6]
    run("annotate_solutions", *pool.annotate(arms=("wc:3@2",)))
    found = {item["problem"] for item in data_of(pool.folder / "ann.html")["items"]}
    assert found == {"hard/train/0", "hard/train/1"}


def test_an_arm_that_lacks_labels_comes_first_and_offers_more(pool):
    pool.write("se", [row["problem"] for row in read_rows(pool.problems)], [[f"{n}. Because."] for n in range(12)])
    run("annotate_solutions", *pool.annotate("--samples", 3, arms=("wc:3", "se:1+7")))
    items = data_of(pool.folder / "ann.html")["items"]
    of_se = ["Because." in item["steps"][-1] for item in items]
    assert len(items) == 10 and sum(of_se) == 7
    assert sorted(item["choice"]["samples"] for item in items) == [3] * 6 + [7] * 4
    # In groups larger than this page, so the order is by annotator; without them the arm comes first.
    found = [Solution(f"p{n}", f"{n:016x}", "q", "a", "t", (("wc", n),), Offer(n + 40, 50)) for n in range(30)]
    found += [Solution(f"q{n}", f"{n:016x}", "q", "a", "t", (("se", n),), Offer(n, 50)) for n in range(40)]
    assert {one.samples[0][0] for one in sort_for("ann", found, 0)[:40]} == {"se"}


def test_a_page_says_nothing_about_models_or_arms(pool):
    run("annotate_solutions", *pool.annotate())
    data = data_of(pool.folder / "ann.html")
    assert set(data) == {"study", "dataset", "annotator", "allowed", "items", "labels"}
    keys = {"problem", "shown", "question", "answer", "steps", "choice", "notes"}
    assert all(set(item) == keys for item in data["items"])
    text = html.unescape((pool.folder / "ann.html").read_text())
    assert "questions-0" not in text and not re.search(r"\b(wc|se)\b", json.dumps(data))


def test_annotators_have_orders_of_their_own_and_read_the_same_solutions_first():
    solutions = [Solution(f"p{n}", f"{n:016x}", "q", "a", "t", (("wc", n),), Offer(n % 30, 50)) for n in range(90)]
    ann, ben = (sort_for(name, solutions, 0) for name in ("ann", "ben"))
    assert ann != ben and ann == sort_for("ann", reversed(solutions), 0)
    for end in range(TOGETHER, 90, TOGETHER):
        assert set(ann[:end]) == set(ben[:end])
    # Whoever stops has read the start of every choice.
    assert max(one.offer.place for one in ann[:TOGETHER]) == 6
    alone = Solution("p", "f" * 16, "q", "a", "t", (("wc", 0),), None)
    assert sort_for("ann", [alone, *solutions], 0)[-1] == alone


def test_what_is_labelled_already_is_on_the_page_even_if_it_is_not_chosen(pool):
    label = pool.label(4, flawed(6, 16), "flawed", 1)
    write_rows(pool.folder / "L.jsonl", [label, label | {"shown": "0" * 16}])
    run("annotate_solutions", *pool.annotate("--samples", 1, "--labels", pool.folder / "L.jsonl", arms=("se:1@1",)))
    data = data_of(pool.folder / "ann.html")
    assert [item["problem"] for item in data["items"]] == ["hard/train/0", "hard/train/4"]
    # One of a text that has changed is left out.
    assert data["labels"] == [label] and data["items"][1]["choice"] == {"samples": 50, "seed": SEED}


@pytest.mark.parametrize(
    ("arms", "expected"),
    [
        (("wc",), "--arms 'wc': must be MODEL:SAMPLES, at least one sample"),
        (("wc:3,wc:1",), "--arms: 'wc' is given twice"),
        (("wc:3@0",), "--arms 'wc:3@0': must be MODEL:SAMPLES,…, then @QUESTIONS and +LABELS"),
        (("wc:3+x",), "--arms 'wc:3+x': must be MODEL:SAMPLES,…"),
        (("xl:3",), "--arms xl:3: no block of 'xl' is given"),
    ],
)
def test_arms_that_make_no_sense_are_refused(pool, arms, expected):
    assert expected in refusal("annotate_solutions", *pool.annotate(arms=arms))


def test_arms_whose_intervals_are_wide_are_told_how_many_labels_they_need(tmp_path, monkeypatch):
    people = People(Study(completed(pocket_study())))
    wildcards = SimpleNamespace(dataset="hard")
    assert people.arms(wildcards) == ["se:1", "wc:3", "se:10", "wc:30"]
    monkeypatch.chdir(tmp_path)
    columns = ("dataset", "budget", "source", "target", "method", "simulated", "labelled", "labels_needed")
    lines = [
        *("hard,low,wc,,people alone,0,50,180", "hard,low,wc,,judge alone,0,,", "hard,high,wc,,people alone,0,50,9000"),
        *("hard,low,se,,people alone,0,50,40", "easy,low,se,,people alone,0,50,70"),
        *("hard,low,wc,student,people alone,0,0,90", "hard,high,se,,people alone,1,50,70"),
    ]
    (tmp_path / "results/pocket/tables").mkdir(parents=True)
    (tmp_path / "results/pocket/tables/false_positives.csv").write_text("\n".join([",".join(columns), *lines]) + "\n")
    assert people.arms(wildcards) == ["se:1", "wc:3+180", "se:10", "wc:30+500"]


def test_an_arm_is_written_as_it_is_read():
    for text in ("se:1", "se:5,wc:15@1800", "se:1+30", "wc:2@7+9"):
        assert str(OfferedArm.parse(text)) == text


# What is taken --------------------------------------------------------------------------------------------------------


def test_labels_are_collected_with_the_samples_that_have_the_text(pool):
    first = [pool.label(0, sound(2, 4)), pool.label(1, flawed(3, 7), "flawed", 1)]
    second = [pool.label(1, flawed(3, 7), annotator="ben") | {"choice": None}]
    write_rows(pool.folder / "ann.jsonl", first)
    write_rows(pool.folder / "ben.jsonl", second)
    run("collect_labels", *pool.collect(ann=pool.folder / "ann.jsonl", ben=pool.folder / "ben.jsonl"))
    alike, differing = sorted(read_labelled_solutions(pool.folder / "labels.jsonl"), key=lambda one: one.problem)
    assert (alike.samples, alike.label, alike.solution) == ((("wc", 0), ("se", 0)), "sound", sound(2, 4))
    assert (differing.labels, differing.label) == ({"ann": "flawed", "ben": "sound"}, None)
    assert differing.first_wrong_steps == {"ann": 1, "ben": None}
    assert differing.choice == {"samples": 50, "seed": SEED}


def test_labels_of_texts_that_have_changed_are_refused(pool):
    write_rows(pool.folder / "ann.jsonl", [pool.label(0, sound(2, 4)), pool.label(2, flawed(4, 10))])
    pool.change_text("wc", 7, "The answer is 28, I am sure.")
    message = refusal("collect_labels", *pool.collect(ann=pool.folder / "ann.jsonl"))
    assert "ann.jsonl:2: question, answer, text or verdict of a solution of 'hard/train/2' has changed" in message
    problems = read_rows(pool.problems)
    problems[0]["question"] += " Think!"
    write_rows(pool.problems, problems)
    message = refusal("collect_labels", *pool.collect(ann=pool.folder / "ann.jsonl"))
    assert "ann.jsonl:1 (and 1 more)" in message


@pytest.mark.parametrize("word", ["ann", "=f", "ann="])
def test_a_file_of_labels_needs_an_annotator(pool, word):
    options = pool.collect()
    options.insert(options.index("--labels") + 1, word)
    assert f"--labels {word!r}: must be ANNOTATOR=FILE" in refusal("collect_labels", *options)


def test_the_agreement_is_written_and_the_page_shows_what_differs(pool):
    labels = {
        "ann": [pool.label(n, sound(n + 2, 3 * n + 4)) for n in range(6)],
        "ben": [pool.label(n, sound(n + 2, 3 * n + 4), annotator="ben") for n in range(5)],
        "decided": [pool.label(1, sound(3, 7), annotator="decided")],
    }
    for number in (1, 2):
        labels["ben"][number] |= {"label": "flawed", "first_wrong_step": 2}
    for name, rows in labels.items():
        write_rows(pool.folder / f"{name}.jsonl", rows)
    run("collect_labels", *pool.collect(**{name: pool.folder / f"{name}.jsonl" for name in labels}))
    run("compare_annotators", *pool.compare())
    found = read_json(pool.folder / "agreement.json")
    assert (found["solutions"], found["labelled_by_several"]) == (6, 5) and set(found["annotators"]) == {"ann", "ben"}
    assert found["pairs"][0]["agreement"]["value"] == pytest.approx(0.6)
    page = data_of(pool.folder / "differences.html")
    assert page["annotator"] == "decided" and page["labels"] == labels["decided"]
    assert {item["problem"]: item["notes"] for item in page["items"]} == {
        f"hard/train/{number}": ["ann: sound", "ben: flawed, step 2"] for number in (1, 2)
    }
    settled = {one.problem: one.label for one in read_labelled_solutions(pool.folder / "labels.jsonl")}
    assert settled["hard/train/1"] == "sound" and settled["hard/train/2"] is None


def test_a_label_knows_what_it_is_of():
    assert Label("ann", "p", "0" * 16, "sound", None, None, "f:1").item == ("p", "0" * 16)

"""Two studies side by side: joined by role, refused in one line if there is nothing to compare with."""

import shutil

import pytest
import report_support
from headless import Browser, needs_browser

from yetbetter.errors import UserError
from yetbetter.report.joined import agree
from yetbetter.report.two_studies import differing, read_results, translate
from yetbetter.study.folders import check_other, name_of
from yetbetter.tables import read_table


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    return report_support.make_study(tmp_path_factory.mktemp("here") / "first", "first", rows=5)


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """A study of another family of models on another data set, worse by nine points on WC data."""
    folder = tmp_path_factory.mktemp("there") / "second"
    return report_support.make_study(folder, "second", shift=-0.09, rows=5, wc="small", se="large", hard="math")


def compare(here, there, folder, figure=True):
    drawn = ("--figure-pdf", folder / "c.pdf", "--figure-png", folder / "c.png") if figure else ()
    return report_support.run(
        *("compare_studies", "--here", here, "--there", there, "--comparison", folder / "comparison.csv"),
        *("--claims", folder / "claims.csv", *drawn),
        *("--template", "workflow/report/compare.html.j2", "--page", folder / "compare.html"),
    )


@pytest.fixture(scope="module")
def compared(here, there, tmp_path_factory):
    folder = tmp_path_factory.mktemp("compared")
    done = compare(here, there, folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_models_and_data_sets_of_the_same_role_correspond(compared):
    rows = read_table(compared / "comparison.csv").rows
    [lead] = [row for row in rows if row["table"] == "differences" and row["target"] == "student"]
    assert (lead["source"], lead["baseline"], lead["dataset"]) == ("wc", "se", "hard")
    assert float(lead["here"]) == pytest.approx(0.032) and float(lead["there"]) == pytest.approx(-0.058)
    assert float(lead["difference"]) == pytest.approx(0.09) and lead["overlap"] == "no"
    assert {row["table"] for row in rows} == {"finetuned", "differences", "data_quality", "arms"}


def test_intervals_that_meet_are_said_to_overlap(compared):
    rows = [row for row in read_table(compared / "comparison.csv").rows if row["table"] == "finetuned"]
    assert {(row["source"], row["overlap"]) for row in rows} == {("se", "yes"), ("wc", "no")}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("reproduced", "reproduced", "yes"),
        ("reproduced", "contradicted", "no"),
        ("inconclusive", "contradicted", "open"),
        ("not run", "not run", "open"),
    ],
)
def test_verdicts_agree_disagree_or_decide_nothing(one, other, expected):
    assert agree(one, other) == expected


def test_claims_are_side_by_side(compared):
    rows = read_table(compared / "claims.csv").rows
    assert [row["agree"] for row in rows] == ["yes", "yes", "open", "open"]
    assert rows[0]["effect_here"] == rows[0]["effect_there"] == "3.2"


def test_the_same_folders_give_the_same_page_and_figure(here, there, compared, tmp_path):
    compare(here, there, tmp_path)
    for path in sorted(compared.iterdir()):
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def test_a_study_that_does_not_describe_itself_is_joined_by_its_names(here, tmp_path):
    twin = shutil.copytree(here, tmp_path / "twin")
    (twin / "tables" / "study.json").unlink()
    done = compare(here, twin, tmp_path, figure=False)
    assert done.returncode == 0, done.stderr
    assert "0 only here, 0 only there" in done.stdout
    assert "names are taken as they stand" in (tmp_path / "compare.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ("nothing", "holds no tables"),
        ("", "is not a results folder"),
        (7, "is not a results folder"),
        ("here", "own folder"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(here, tmp_path, other, expected):
    other = {"nothing": str(tmp_path), "here": str(here)}.get(other, other)
    with pytest.raises(UserError, match=expected) as error:
        check_other(other, here)
    assert "\n" not in str(error.value)


def test_a_study_is_named_by_its_folder(tmp_path):
    assert name_of(tmp_path / "results" / "pocket") == "pocket"
    assert name_of(tmp_path / "results" / "pocket" / "study") == "pocket-study"


def test_settings_that_differ_are_reported_by_their_keys():
    here, there = {"a": {"b": 1, "c": 2}, "d": [1]}, {"a": {"b": 1, "c": 3}, "e": "x"}
    assert list(differing(here, there)) == [("a.c", "2", "3"), ("d", "[1]", ""), ("e", "", "x")]


@needs_browser
def test_a_browser_shows_the_comparison_also_on_a_phone(compared, tmp_path):
    browser = Browser(tmp_path)
    try:
        for width in (1200, 360):
            browser.open(compared / "compare.html", width=width)
            assert browser.errors() == [] and browser.requests() == []
            assert browser.run("document.documentElement.scrollWidth") == width
        assert browser.save("#claims a[download]").startswith(b"#,claim,first,second")
    finally:
        browser.close()


def test_a_name_with_several_roles_goes_by_the_one_in_the_comparison(here, there):
    one, other = read_results(here), read_results(there)
    one.config["claims"]["sources"] = {"price_strong": "pricey"}
    other.config["claims"]["sources"] = {"price_strong": "large"}
    renamed = translate(one, other)
    assert renamed["source"] == {"small": "wc", "large": "se"} == renamed["baseline"]
    assert renamed["target"] == {"small": "wc", "large": "se"} and renamed["dataset"] == {"math": "hard"}

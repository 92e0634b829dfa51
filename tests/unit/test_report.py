"""The report: numbers in words, the same page from the same tables, and how a real browser shows it."""

import re

import pytest
import report_support
from headless import Browser, needs_browser

from yetbetter.records import write_json
from yetbetter.report import provenance, wording
from yetbetter.report.captions import find_kind, tell_numbers
from yetbetter.report.study import ReportedStudy
from yetbetter.tables import Table


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return report_support.make_study(tmp_path_factory.mktemp("study") / "small", rows=20_000)


@pytest.fixture(scope="module")
def page(study):
    done = report_support.write_report(study, study / "report.html")
    assert done.returncode == 0, done.stderr
    return study / "report.html"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("browser"))
    yield browser
    browser.close()


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (wording.points(0.032, 0.004, 0.061), "+3.2 points [+0.4, +6.1]"),
        (wording.points(-0.0004), "0.0 points"),
        (wording.points(""), ""),
        (wording.percent(0.412), "41.2 %"),
        (wording.scientific(1.209e10), "1.21 × 10¹⁰"),
        (wording.number(-1234.5, 0), "−1,234"),
        (wording.count(1, "seed"), "one seed"),
        (wording.count(1000, "problem"), "1,000 problems"),
        (wording.joined(["a", "b", "c"]), "a, b and c"),
        (wording.interval("", 1), ""),
    ],
)
def test_numbers_are_written_in_one_way(written, text):
    assert written.replace(wording.NARROW, " ") == text


def test_a_figure_belongs_to_the_longest_kind_that_its_name_starts_with():
    kinds = ["coverage", "coverage_trend", "training"]
    assert find_kind("coverage_trend_hard", kinds) == ("coverage_trend", ["hard"])
    assert find_kind("training_easy_low_se", kinds) == ("training", ["easy", "low", "se"])
    assert find_kind("another", kinds) == ("another", [])


def test_a_figure_of_an_experiment_is_known_by_its_name():
    kinds, experiments = ["data_quality", "experiment"], ["mix", "mix_sweep"]
    assert find_kind("mix_sweep_hard", kinds, experiments) == ("experiment", ["mix_sweep", "hard"])
    assert find_kind("data_quality_mix_sweep_hard", kinds, experiments) == ("data_quality", ["mix_sweep", "hard"])
    assert find_kind("data_quality_hard", kinds, experiments) == ("data_quality", ["hard"])


def test_a_caption_carries_the_numbers_of_its_figure(page):
    text = page.read_text(encoding="utf-8").replace(wording.NARROW, " ")
    written = "hard, low budget, student: WC 41.2 %, SE 38.0 %, +3.2 points [+0.4, +6.1]"
    assert written in text and "on 1,000 test problems, one seed." in text


def test_the_figure_of_an_experiment_carries_its_title_and_the_numbers_of_its_sources(page):
    text = page.read_text(encoding="utf-8").replace(wording.NARROW, " ")
    assert "<h3>Number- against compute-matched · hard</h3>" in text
    assert "Budget low – student: SE 38.0 %; WC 41.2 % (+3.2 points [+0.4, +6.1])." in text
    assert "In brackets the lead over SE data, on 1,000 test problems, one seed." in text
    assert "Budget low – coverage SE 33.0 % [29.0, 37.0], WC 50.0 % [46.0, 54.0]." in text


def test_an_experiment_without_se_data_is_told_against_its_first_source_and_brackets_only_if_there_are_some():
    place = {"dataset": "talk", "budget": "low", "target": "student", "benchmark": "test", "metric": "pass@1"}
    place |= {"level": "all"}
    values = [
        place | {"source": source, "seed": seed, "value": value, "problems": 60}
        for source, value in (("se-none", 0.425), ("wc-none", 0.342))
        for seed in ("0", "all")
    ]
    lead = {"source": "wc-none", "baseline": "se-none", "difference": -0.083, "low": -0.283, "high": 0.117}
    experiment = {"sources": ["se-none", "wc-none"], "targets": ["student"], "budgets": ["low"]}
    sources = {name: {"draws": [{"model": name[:2]}]} for name in ("se", "wc", "se-none", "wc-none")}
    config = {"comparison": {"weak": "wc", "strong": "se"}, "sources": sources, "experiments": {"talking": experiment}}
    config |= {"budgets": {"low": {}}, "models": {"se": {}, "wc": {}, "student": {}}}

    def told(differences: list[dict]) -> str:
        tables = {"finetuned": Table("f.csv", values), "differences": Table("d.csv", differences)}
        lines = tell_numbers(ReportedStudy({"config": config}, tables), "experiment", ["talking", "talk"])
        return " ".join(lines).replace(wording.NARROW, " ")

    assert "se-none 42.5 %; wc-none 34.2 % (−8.3 points [−28.3, +11.7])." in told([place | lead])
    assert "In brackets the lead over se-none data, on 60 test problems, one seed." in told([place | lead])
    assert "In brackets" not in told([]) and "On 60 test problems" in told([])


def test_claims_come_first_and_what_is_missing_is_reported(page):
    text = page.read_text(encoding="utf-8")
    places = [
        text.index(f'id="{section}"') for section in ("claims", "accuracy", "figures", "compute", "run", "missing")
    ]
    assert places == sorted(places)
    assert "4 of 5 models are finished" in text and "hard/high/from-wc/to-se/seed-0" in text
    assert "would need 2,500 test problems" in text
    assert "1,000 test problems, 1-3 seeds" in text


def test_the_splits_of_the_data_are_shown_with_their_hashes_and_where_they_were_found(page, tmp_path):
    train, test, older = ("1" * 64, "2" * 64, "3" * 64)
    for place, facts in {
        "problems/hard/train": {"hash": train},
        "problems/hard/test": {"hash": test},
        "solutions/hard/wc/questions-000000_samples-0000": {"problems_hash": train},
        "solutions/hard/se/questions-000000_samples-0000": {"problems_hash": older},
        "judgements/hard/wc": {"problems_hash": train},
    }.items():
        write_json(tmp_path / f"{place}.about.json", {"versions": {}} | facts)
    cell = "hard/low/from-wc/to-se/seed-0"
    write_json(tmp_path / "evaluations" / cell / "about.json", {"versions": {}, "problems_hashes": {"test": test}})
    sheet = provenance.splits_sheet(provenance.read_sidecars(tmp_path))
    assert sheet.content.decode().splitlines() == [
        "data set,split,hash,found in",
        f"hard,test,{test},problems and evaluations",
        f'hard,train,{train},"problems, solutions and judgements"',
        f"hard,train,{older},solutions",
    ]
    assert f'data-key="{report_support.HASH}">0123456789abcdef</td>' in page.read_text(encoding="utf-8")


def test_the_same_tables_give_the_same_page(study, page, tmp_path):
    report_support.write_report(study, tmp_path / "again.html")
    assert (tmp_path / "again.html").read_bytes() == page.read_bytes()


def test_nothing_in_the_page_names_a_host_but_links_to_read(page):
    text = re.sub(r"base64,[A-Za-z0-9+/=]+", "", page.read_text(encoding="utf-8"))
    assert set(re.findall(r"https?://[^\s\"'<)]+", text)) == {"https://arxiv.org/abs/2408.16737"}
    assert "default-src 'none'" in text


def test_a_part_without_claims_cells_or_figures_has_a_page(study, tmp_path):
    done = report_support.run(
        *(
            "write_report",
            "--description",
            study / "tables" / "study.json",
            "--tables",
            "--figures",
            "--results",
            tmp_path,
        ),
        *(
            "--template",
            "workflow/report/page.html.j2",
            "--output",
            tmp_path / "r.html",
        ),
    )
    assert done.returncode == 0, done.stderr
    assert 'id="claims"' not in (tmp_path / "r.html").read_text(encoding="utf-8")


@needs_browser
def test_a_browser_opens_it_without_errors_or_requests(browser, page):
    browser.open(page)
    assert browser.run("document.title") == "small · Yet Better"
    assert browser.errors() == [] and browser.requests() == []
    assert browser.run("[...document.images].every((image) => image.naturalWidth > 0)")
    assert (
        browser.run("document.querySelector('#claims b').nextSibling.nextSibling.textContent")
        == report_support.SENTENCE
    )


WIDE = "[...document.querySelectorAll('details.file')].find((fold) => fold.textContent.includes('wide.csv'))"
FIRST = "[...document.querySelectorAll('#wide tbody tr')].map((line) => line.cells[0].textContent)"


def open_wide(browser, page) -> None:
    browser.open(page)
    browser.run(f"(() => {{ const fold = {WIDE}; fold.id = 'wide'; }})()")
    browser.click("#wide summary")


@needs_browser
def test_a_click_on_a_heading_sorts_and_another_turns_it_round(browser, page):
    open_wide(browser, page)
    browser.click("#wide th button")
    assert browser.run(FIRST) == [str(number) for number in range(50)]
    browser.click("#wide th button")
    assert browser.run(FIRST)[:2] == ["19999", "19998"]
    assert browser.run("document.querySelector('#wide th').ariaSort") == "descending"
    browser.click("#accuracy th:nth-child(7) button")
    leads = browser.run("[...document.querySelectorAll('#accuracy tbody tr')].map((line) => line.cells[6].textContent)")
    assert leads == ["−4.0", "+3.2"]


@needs_browser
def test_twenty_thousand_rows_are_sorted_searched_and_paged_quickly(browser, page):
    open_wide(browser, page)
    sort = "(() => { const start = performance.now(); document.querySelector('#wide th:nth-child(2) button').click();"
    assert browser.run(f"{sort} return performance.now() - start; }})()") < 2000
    assert browser.run("document.querySelectorAll('#wide tbody tr').length") == 50
    browser.click("#wide .controls button:nth-of-type(2)")
    assert browser.run("document.querySelector('#wide .controls [role=status]').textContent") == "51–100 of 20,000"
    browser.run(
        "(() => { const field = document.querySelector('#wide input'); field.value = '<i>É 19997';"
        " field.dispatchEvent(new Event('input')); })()"
    )
    # Found among numbers of other columns too; every row that is shown holds both words.
    shown = browser.run("[...document.querySelectorAll('#wide tbody tr')].map((line) => line.textContent)")
    assert shown and all("<i>é</i>" in line and "19997" in line for line in shown)


@needs_browser
def test_a_table_is_saved_byte_for_byte(browser, study, page):
    open_wide(browser, page)
    assert browser.save("#wide a[download]") == (study / "tables" / "wide.csv").read_bytes()


@needs_browser
def test_without_scripts_it_is_read_and_its_tables_are_saved(browser, page):
    browser.ask("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(page)
        assert browser.run("document.querySelectorAll('#accuracy tbody tr').length") == 2
        assert browser.run("document.querySelectorAll('th button').length") == 0
        assert browser.save("#compute a[download]").startswith(b"data set,budget,source,samples per question")
    finally:
        browser.ask("Emulation.setScriptExecutionDisabled", value=False)


@needs_browser
def test_the_keyboard_reaches_the_tables(browser, page):
    browser.open(page)
    browser.run("document.querySelector('#accuracy .scroll').focus()")
    browser.press("Tab")
    browser.press("Enter")
    assert browser.run("document.querySelector('#accuracy th').ariaSort") == "ascending"


@needs_browser
def test_a_phone_need_not_scroll_sideways(browser, page):
    browser.open(page, width=360, height=740)
    browser.run("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    assert browser.run("document.documentElement.scrollWidth") == 360


@needs_browser
def test_on_paper_no_table_is_wider_than_the_page(browser, page):
    browser.open(page, width=720)  # what is left of A4 between its margins
    browser.ask("Emulation.setEmulatedMedia", media="print")
    wide = "[...document.querySelectorAll('table')].filter((table) => table.offsetWidth > document.body.clientWidth)"
    assert browser.run(f"{wide}.length") == 0
    browser.ask("Emulation.setEmulatedMedia", media="")
    paper = browser.paper()
    assert paper.startswith(b"%PDF") and 2 <= len(re.findall(rb"/Type\s*/Page\b", paper)) <= 6


@needs_browser
@pytest.mark.parametrize("dark", [False, True])
def test_text_contrasts_with_its_ground(browser, page, dark):
    browser.open(page, dark=dark)
    low = browser.run("""(() => {
      const light = (colour) => {
        const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255);
        const [r, g, b] = parts.map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const ground = (found) => {
        const colour = getComputedStyle(found).backgroundColor;
        return colour === "rgba(0, 0, 0, 0)" && found.parentElement ? ground(found.parentElement) : colour;
      };
      return [...document.querySelectorAll("p, td, th, dd, dt, a, .verdict, figcaption")].map((found) => {
        const pair = [light(getComputedStyle(found).color), light(ground(found))].sort((a, b) => b - a);
        return [(pair[0] + 0.05) / (pair[1] + 0.05), found.className || found.tagName];
      }).filter(([contrast]) => contrast < 4.5);
    })()""")
    assert low == []

"""The page on which people label solutions, in a real browser: keys, reload, files, phones, and hostile texts."""

import json
import re

import pytest
from headless import Browser, needs_browser
from people_support import DATASET, SEED, STUDY, TEMPLATE, Pool, flawed, run, sound

from yetbetter.judging.labels import digest_of_shown, read_labelled_solutions, read_labels
from yetbetter.records import read_rows, write_rows
from yetbetter.report.annotation import Item, embeddable, write_annotation

HOSTILE = {
    "markup": '</script><script>window.hit = 1</script><img src=x onerror="window.hit = 1"><!-- <b>bold</b> &lt;',
    "scripts": "${window.hit = 1} {{ 7 * 7 }} {% raw %} javascript:window.hit=1 \\u003cb\\u003e ]]> \u2028 \u2029",
    "long": "1 + 1 = 2, " * 9_300 + "the end.",
    "right to left": "The answer is \u202e24 ton si ti\u202c 42. \u2066x\u2069 \u200f\u200b \u05d0\u05d1\u05d2 42",
    "control": "bell \x07 escape \x1b[31m del \x7f tag \U000e0041",
    "surrogate": "half \ud83d of a smile",
    "stacked": "Z" + "\u0301\u0320" * 400 + "algo",
    "blank": " \n\t\n ",
    "many lines": "\n".join(f"Line {number}." for number in range(1_000)),
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("browser"))
    yield browser
    browser.close()


@pytest.fixture
def page(tmp_path, browser):
    """A page with 24 or 36 solutions in a browser that has not seen it, guidelines closed."""
    pool = Pool(tmp_path, 18)
    run("annotate_solutions", *pool.annotate())
    pool.page = tmp_path / "ann.html"
    browser.open(pool.page)
    forget(browser)
    browser.open(pool.page)
    browser.press("Enter")
    return pool


def forget(browser) -> None:
    """What this browser keeps; a page that is left keeps nothing more."""
    browser.run("localStorage.clear()")


def write_page(path, items, labels=(), annotator="ann"):
    write_annotation(path, TEMPLATE, STUDY, DATASET, annotator, items, labels)
    return path


def item(text: str, number: int = 0) -> Item:
    return Item(f"p{number}", digest_of_shown("Q?", "4", text), "Q?", "4", text, {"samples": 50, "seed": SEED})


def text_of(browser, name: str) -> str:
    return browser.run(f"document.getElementById({json.dumps(name)}).textContent")


def labels_in(browser) -> list[dict]:
    """The labels that the page would save."""
    return [json.loads(line) for line in browser.save("#save").decode().splitlines()]


def shown(browser) -> str:
    """The steps, a line each; marks of what cannot be seen in brackets."""
    of_node = "node.className === 'mark' ? `⟦${node.textContent}⟧` : node.textContent"
    of_step = f"[...step.childNodes].map((node) => {of_node}).join('')"
    return browser.run(f"[...document.querySelectorAll('#steps .text')].map((step) => {of_step}).join('\\n')")


@needs_browser
def test_thirty_labels_by_keys_survive_a_reload_and_come_back_from_a_file(browser, page, tmp_path):
    given = {}

    def label(number: int) -> None:
        is_flawed = "*" in shown(browser).split("\n")[0]
        given[browser.run("items[at].shown")] = "cannot tell" if number % 10 == 9 else ("sound", "flawed")[is_flawed]
        for key in "c" if number % 10 == 9 else "f1" if is_flawed else "s":
            browser.press(key)

    for number in range(17):
        label(number)
    browser.open(page.page)
    assert text_of(browser, "count") == "17 of 36 labelled" and text_of(browser, "place") == "Solution 18 of 36"
    for number in range(17, 30):
        label(number)
    saved = browser.save("#save")
    (tmp_path / "ann.jsonl").write_bytes(saved)
    found = read_labels(tmp_path / "ann.jsonl", STUDY, SEED, DATASET, "ann")
    assert {one.shown: one.label for one in found} == given and len(given) == 30
    assert {one.first_wrong_step for one in found if one.label == "flawed"} == {1}
    assert "Saved: 30 labels in small-hard-ann.jsonl" in text_of(browser, "message")
    browser.run("say('')")
    browser.press("e")
    assert text_of(browser, "message").startswith("Saved: 30 labels")
    # On another device.
    forget(browser)
    browser.open(page.page)
    assert text_of(browser, "count") == "0 of 36 labelled"
    load(browser, tmp_path / "ann.jsonl")
    assert text_of(browser, "message") == "ann.jsonl: 30 labels, 30 new, 0 replaced."
    assert browser.save("#save") == saved
    assert browser.errors() == [] and browser.requests() == []
    run("collect_labels", *page.collect(ann=tmp_path / "ann.jsonl"))
    assert len(read_labelled_solutions(tmp_path / "labels.jsonl")) == 30


def load(browser, path) -> None:
    browser.run("document.getElementById('message').textContent = ''")
    browser.choose_file("#load", path)
    look = "find('message').textContent ? done() : setTimeout(look, 5)"
    browser.run(f"new Promise((done) => {{ const look = () => {look}; look(); }})")


@needs_browser
def test_guidelines_come_first_and_no_key_labels_behind_them(browser, page):
    forget(browser)
    browser.open(page.page)
    assert browser.run("find('guidelines').open")
    for key in "sfc1":
        browser.press(key)
    assert text_of(browser, "count") == "0 of 36 labelled"
    browser.press("Enter")
    browser.press("s")
    assert text_of(browser, "count") == "1 of 36 labelled"
    browser.press("g")
    browser.press("s")
    assert text_of(browser, "count") == "1 of 36 labelled"
    browser.open(page.page)
    assert not browser.run("find('guidelines').open")


@needs_browser
def test_undo_takes_back_one_label_after_another_even_after_a_reload(browser, page):
    first = browser.run("items[0].shown")
    for key in "ssc":
        browser.press(key)
    browser.press("ArrowLeft")
    browser.press("ArrowLeft")
    browser.press("ArrowLeft")
    browser.press("c")
    assert browser.run("state.labels[keyOf(items[0])].label") == "cannot tell"
    browser.open(page.page)
    browser.press("u")
    assert browser.run("state.labels[keyOf(items[0])].label") == "sound" and browser.run("items[at].shown") == first
    for _ in range(3):
        browser.press("u")
    assert text_of(browser, "count") == "0 of 36 labelled"
    browser.press("u")
    assert text_of(browser, "message") == "Nothing to undo."


@needs_browser
def test_the_first_wrong_step_is_typed_or_tapped_or_left_open(browser, tmp_path):
    text = "\n".join(f"Step {number}." for number in range(1, 13))
    browser.open(write_page(tmp_path / "p.html", [item(text, number) for number in range(7)]))
    forget(browser)
    browser.open(tmp_path / "p.html")
    browser.press("Enter")
    for keys in (["f", "7"], ["f", "1", "2"], ["f", "1", "Enter"], ["f", "0"], ["f", *["ArrowDown"] * 3, "Enter"]):
        for key in keys:
            browser.press(key)
    browser.press("f")
    browser.press("1")
    browser.press("5")
    assert text_of(browser, "ask").startswith("This solution has no step 15.")
    browser.press("Escape")
    assert browser.run("state.labels[keyOf(items[5])] === undefined")
    browser.click("[data-key=f]")
    browser.click("#steps li:nth-child(9)")
    browser.click("#steps li:nth-child(2)")  # not asked for: no effect
    browser.press("s")
    rows = labels_in(browser)
    assert [row["first_wrong_step"] for row in rows] == [7, 12, 1, None, 3, 9, None]
    assert [row["label"] for row in rows] == ["flawed"] * 6 + ["sound"]


@needs_browser
def test_files_with_a_fault_are_refused_and_change_nothing(browser, page, tmp_path):
    good = page.label(0, sound(2, 4))
    lines = json.dumps(good) + "\n" + json.dumps(page.label(1, flawed(3, 7), "flawed", 1)) + "\n"
    faults = {
        lines[:-30]: "line 2: not JSON (a file that is cut off?)",
        lines + json.dumps(good): "line 3: a second label of the text of line 1",
        json.dumps(good | {"study": "other"}): 'line 1: study is "other", on this page small',
        json.dumps(good | {"annotator": "ben"}): 'line 1: annotator is "ben", on this page ann',
        json.dumps(good | {"label": "fine"}): 'line 1: unknown label "fine" (allowed: sound, flawed, cannot tell)',
        json.dumps(good | {"label": "flawed", "first_wrong_step": 9}): "line 1: first_wrong_step is 9",
        "[1]": "line 1: not a label",
    }
    browser.press("s")
    for text, expected in faults.items():
        (tmp_path / "L.jsonl").write_text(text)
        load(browser, tmp_path / "L.jsonl")
        assert text_of(browser, "message") == f"L.jsonl: {expected}. Nothing was loaded."
    assert text_of(browser, "count") == "1 of 36 labelled"
    # Labels of texts that are not here are kept, and saved apart.
    (tmp_path / "L.jsonl").write_text("\ufeff" + json.dumps(good | {"shown": "0" * 16}) + "\r\n" + lines)
    load(browser, tmp_path / "L.jsonl")
    assert text_of(browser, "rest") == "Save 1 of texts that are not on this page"
    assert json.loads(browser.save("#rest"))["shown"] == "0" * 16
    assert all(row["shown"] != "0" * 16 for row in labels_in(browser))
    browser.press("u")
    assert text_of(browser, "count") == "1 of 36 labelled"


@needs_browser
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_text(browser, tmp_path, name):
    text = HOSTILE[name]
    one = Item("</script>" + name, digest_of_shown(text, text, text), text, text, text, None, [f"ann: {text[:50]}"])
    browser.open(write_page(tmp_path / "p.html", [one]), 390, 844)
    forget(browser)
    browser.open(tmp_path / "p.html", 390, 844)
    browser.press("Enter")
    assert browser.errors() == [] and browser.requests() == [] and browser.run("window.hit === undefined")
    assert browser.run("document.querySelectorAll('script').length") == 2
    assert browser.run("document.querySelectorAll('#card img, #card script, #card b:not(#answer)').length") == 0
    # Every step reads as it is written, apart from marks for what cannot be seen.
    [steps] = [one.entry()["steps"]]
    expected = "\n".join(steps)
    seen = re.sub(r"⟦U\+([0-9A-F]{4,6})⟧", lambda found: chr(int(found[1], 16)), shown(browser))
    assert seen.encode("utf-16", "surrogatepass") == expected.encode("utf-16", "surrogatepass")
    hidden = "[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2066-\u2069\U000e0041\ud800-\udfff]"
    assert not re.search(hidden, shown(browser))
    assert browser.run("document.documentElement.scrollWidth") <= 390
    browser.press("c")
    [row] = labels_in(browser)
    assert (row["problem"], row["label"]) == ("</script>" + name, "cannot tell")


def test_no_text_can_leave_the_element_that_holds_the_data():
    text = embeddable({"text": "</script><!--&amp;\u2028\ud800", "key</script>": 1})
    assert text.isascii() and not set("<>&") & set(text)
    assert json.loads(text) == {"text": "</script><!--&amp;\u2028\ud800", "key</script>": 1}


@needs_browser
@pytest.mark.parametrize(("width", "height"), [(1200, 900), (390, 844), (320, 568)])
def test_buttons_fit_on_every_screen_and_label_by_touch(browser, page, width, height):
    browser.open(page.page, width, height)
    assert browser.run("document.documentElement.scrollWidth") <= width
    buttons = "[...document.querySelectorAll('.choices:not([hidden]) button')]"
    boxes = browser.run(f"{buttons}.map((one) => one.getBoundingClientRect().toJSON())")
    assert len(boxes) in (1, 3)
    for box in boxes:
        assert box["height"] >= 44 and box["left"] >= 0 and box["right"] <= width and box["bottom"] <= height
    if browser.run("find('guidelines').open"):
        browser.click("[data-key=g]")
    browser.click("[data-key=s]")
    browser.click("[data-key=c]")
    assert [row["label"] for row in sorted(labels_in(browser), key=lambda row: row["label"])] == [
        "cannot tell",
        "sound",
    ]
    browser.click("[data-key=u]")
    assert text_of(browser, "count") == "1 of 36 labelled"


@needs_browser
def test_labels_of_the_file_are_on_the_page_and_those_of_the_browser_go_before_them(browser, tmp_path):
    pool = Pool(tmp_path)
    write_rows(tmp_path / "L.jsonl", [pool.label(0, sound(2, 4)), pool.label(1, sound(3, 7))])
    run("annotate_solutions", *pool.annotate("--labels", tmp_path / "L.jsonl"))
    browser.open(tmp_path / "ann.html")
    forget(browser)
    browser.open(tmp_path / "ann.html")
    assert text_of(browser, "count") == "2 of 24 labelled"
    browser.run("go(items.findIndex((item) => item.problem === 'hard/train/0' && item.steps.length === 3))")
    browser.press("c")
    browser.open(tmp_path / "ann.html")
    found = {row["problem"]: row["label"] for row in labels_in(browser)}
    assert found == {"hard/train/0": "cannot tell", "hard/train/1": "sound"}


@needs_browser
def test_the_page_of_differences_takes_decisions(browser, tmp_path):
    pool = Pool(tmp_path)
    for name, label in (("ann", "sound"), ("ben", "cannot tell")):
        rows = [pool.label(0, sound(2, 4), label, annotator=name), pool.label(1, sound(3, 7), annotator=name)]
        write_rows(tmp_path / f"{name}.jsonl", rows)
    files = {name: tmp_path / f"{name}.jsonl" for name in ("ann", "ben")}
    run("collect_labels", *pool.collect(**files))
    run("compare_annotators", *pool.compare())
    browser.open(tmp_path / "differences.html")
    forget(browser)
    browser.open(tmp_path / "differences.html")
    browser.press("Enter")
    assert text_of(browser, "count") == "0 of 1 labelled"
    assert browser.run("[...document.querySelectorAll('#notes li')].map((line) => line.textContent).join()") == (
        "ann: sound,ben: cannot tell"
    )
    browser.press("s")
    (tmp_path / "decided.jsonl").write_bytes(browser.save("#save"))
    assert read_rows(tmp_path / "decided.jsonl")[0]["annotator"] == "decided"
    run("collect_labels", *pool.collect(**files, decided=tmp_path / "decided.jsonl"))
    assert {one.label for one in read_labelled_solutions(tmp_path / "labels.jsonl")} == {"sound"}


@needs_browser
def test_a_page_without_solutions_says_so(browser, tmp_path):
    browser.open(write_page(tmp_path / "p.html", []))
    for key in ("Enter", "s", "f", "1", "n", "u", "ArrowRight"):
        browser.press(key)
    assert text_of(browser, "count") == "0 of 0 labelled" and browser.errors() == []

"""Fingerprints differ when settings do; random streams come from identities and from nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yetbetter.identity import differences, fingerprint, model_identity, stream_seed

SETTINGS = {"temperature": 0.7, "top_k": 3, "prompt": "Größe {question}", "stop": ["\n"], "nested": {"a": 1, "b": [2]}}


def test_a_fingerprint_is_sixteen_hexadecimal_digits_that_stay_the_same():
    # Written down: another way to compute it would disown every draft and pool there is.
    assert fingerprint({"a": 1}) == "f9d86028c6e0d64e"
    assert len(fingerprint(SETTINGS)) == 16


def test_the_order_of_settings_makes_no_difference():
    assert fingerprint(SETTINGS) == fingerprint(dict(reversed(SETTINGS.items())))


@pytest.mark.parametrize(
    "changed",
    [
        {"temperature": 0.70001},
        {"top_k": 4},
        {"top_k": "3"},
        {"top_k": None},
        {"prompt": "Größe {question} "},
        {"stop": []},
        {"nested": {"a": 1, "b": [3]}},
        {"new": None},
    ],
)
def test_any_setting_that_differs_changes_the_fingerprint_and_is_reported(changed):
    assert fingerprint(SETTINGS | changed) != fingerprint(SETTINGS)
    found = differences(SETTINGS, SETTINGS | changed)
    assert next(iter(changed)) in found
    assert found.count(";") == 0


def test_all_differences_are_reported_and_nothing_else():
    assert (
        differences({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 5, "d": 4})
        == "b was 2, is 5; c was 3, is not set; d was not set, is 4"
    )
    assert differences(SETTINGS, dict(SETTINGS)) == ""


def test_streams_of_all_samples_of_a_study_differ():
    seeds = {
        stream_seed(seed, model, f"p{problem}", sample)
        for seed in (0, 1)
        for model in ("wc", "se")
        for problem in range(100)
        for sample in range(30)
    }
    assert len(seeds) == 2 * 2 * 100 * 30


@pytest.mark.parametrize(
    ("one", "other"),
    [(("a", "bc"), ("ab", "c")), ((1, 23), (12, 3)), (("1",), (1,)), (("a",), ("a", "")), (("a", "b"), ("b", "a"))],
)
def test_identities_that_look_alike_have_different_streams(one, other):
    assert stream_seed(*one) != stream_seed(*other)


@given(st.lists(st.text() | st.integers()))
def test_a_seed_has_63_bits_and_is_always_the_same(identity):
    assert 0 <= stream_seed(*identity) < 2**63
    assert stream_seed(*identity) == stream_seed(*identity)


def test_a_hub_model_is_its_id_and_revision():
    assert model_identity("google/gemma-2-9b", "abc") == "google/gemma-2-9b@abc"
    assert model_identity("google/gemma-2-9b") == "google/gemma-2-9b@main"


def test_a_model_folder_is_the_content_of_its_files_wherever_it_lies(tmp_path):
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "model.safetensors").write_bytes(b"weights")
        (folder / "config.json").write_text("{}")
    one, two = tmp_path / "one", tmp_path / "two"
    assert model_identity(str(one)) == model_identity(str(two))
    (two / "README.md").write_text("words")
    assert model_identity(str(one)) == model_identity(str(two))
    for file in ("model.safetensors", "config.json"):
        before = model_identity(str(two))
        (two / file).write_bytes(b"other")
        assert model_identity(str(two)) != before

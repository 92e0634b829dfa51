"""What a change makes again: exactly what depends on it. All of it is asked of dry runs on a finished study."""

import pytest

pytestmark = pytest.mark.slow

EXPENSIVE = {"sample_solutions", "grade_solutions", "judge_solutions", "finetune_model", "evaluate_model"}
CELL_RULES = {"finetune_model", "evaluate_model", "score_model"}
PROGRAMS = ("sample_solutions", "grade_solutions", "finetune_model", "evaluate_model", "yetbetter/generation/drawing")
LIBRARY = (
    "yetbetter/drafts",
    "yetbetter/generation/transformers_engine",
    "yetbetter/training/loop",
    "yetbetter/program",
)


def touched(jobs: dict, rule: str, wildcard: str) -> set[str]:
    return {job[wildcard] for job in jobs.get(rule, [])}


def test_a_comment_in_a_program_makes_nothing_expensive_again(finished):
    for name in PROGRAMS + LIBRARY:
        with open(finished.folder / f"workflow/scripts/{name}.py", "a") as file:
            file.write("# A comment.\n")
    assert not EXPENSIVE & set(finished.planned())


def append(finished, module: str, line: str = "# A comment.") -> None:
    with open(finished.folder / f"workflow/scripts/yetbetter/{module}.py", "a") as file:
        file.write(line + "\n")


def test_an_edit_two_imports_away_makes_the_tables_that_rest_on_it_again_and_no_model(finished):
    append(finished, "stats/contrasts")  # tabulate_scores -> accuracy -> contrasts
    planned = set(finished.planned())
    assert {"tabulate_scores", "check_claims"} <= planned and not planned & EXPENSIVE
    assert not planned & {"measure_arm", "tabulate_training"}


def test_an_edit_of_the_core_makes_nothing_again(finished):
    append(finished, "errors")
    assert finished.planned() == {}


def test_resources_make_nothing_again(finished):
    def change(config):
        for entry in config["models"].values():
            entry["resources"] = {"cpus": 2, "mem_mb": 5000, "runtime": 90, "gpu": 1, "gpu_model": "h100"}

    finished.change_config(change)
    assert finished.planned() == {}


def change_prompt(clone, kind: str) -> None:
    prompt = clone.folder / "resources/prompts/pocket.txt"
    (prompt.parent / "other.txt").write_text("Answer. " + prompt.read_text())
    clone.change_config(
        lambda config: config["datasets"]["hard"]["prompts"].update({kind: "resources/prompts/other.txt"})
    )


def test_another_sampling_prompt_draws_every_sample_again_but_leaves_human_data_alone(finished):
    change_prompt(finished, "sampling")
    jobs = finished.planned()
    assert touched(jobs, "sample_solutions", "model") == {"wc", "se"}
    assert "select_human_solutions" not in jobs
    for rule in CELL_RULES:
        assert touched(jobs, rule, "source") == {"wc", "se"}


def test_another_prompt_for_finetuned_models_draws_no_sample(finished):
    change_prompt(finished, "finetuned")
    jobs = finished.planned()
    assert not {"sample_solutions", "grade_solutions", "check_reasoning"} & set(jobs)
    for rule in CELL_RULES:
        assert touched(jobs, rule, "source") == {"wc", "se", "human"}


def test_another_revision_of_a_model_draws_its_samples_alone(finished):
    finished.change_config(lambda config: config["models"]["wc"].update(revision="0123456789abcdef"))
    jobs = finished.planned()
    assert touched(jobs, "sample_solutions", "model") == touched(jobs, "grade_solutions", "model") == {"wc"}
    for rule in CELL_RULES:
        assert touched(jobs, rule, "source") == {"wc"}


def test_another_grader_grades_everything_again_and_draws_nothing(finished):
    finished.change_config(lambda config: config.update(grading={"mode": "lenient"}))
    jobs = finished.planned()
    assert "sample_solutions" not in jobs
    assert touched(jobs, "grade_solutions", "model") == {"wc", "se"}
    # Trained again if verdicts change the data, which a dry run cannot know; human data has no verdicts.
    assert touched(jobs, "finetune_model", "source") == {"wc", "se"}
    assert touched(jobs, "evaluate_model", "source") == {"wc", "se", "human"}


def test_another_temperature_draws_samples_and_answers_again_and_trains_on_human_data_no_more(finished):
    finished.change_config(lambda config: config["sampling"].update(temperature=0.9))
    jobs = finished.planned()
    assert touched(jobs, "sample_solutions", "model") == {"wc", "se"}
    assert touched(jobs, "finetune_model", "source") == {"wc", "se"}
    assert touched(jobs, "evaluate_model", "source") == {"wc", "se", "human"}

"""Every program that loads a model says in one line what is wrong with it, before it samples or trains."""

import copy
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from finetune_support import example, write
from job_support import run_job

import evaluate_model
import finetune_model
import judge_solutions
import sample_solutions
import yetbetter.generation.transformers_engine
import yetbetter.training.loop  # noqa: F401  (imported once, forks have it for nothing)
from configs import check_config
from spoiled import AT_ONCE, ROOT, SPOILED, damage, edit, spoil
from yetbetter.errors import UserError
from yetbetter.generation.model_folder import check_model_folder
from yetbetter.pocket.world import make_problems
from yetbetter.records import write_rows

PROMPT = str(ROOT / "resources" / "prompts" / "pocket.txt")
STUDENT = ROOT / "resources" / "pocket" / "student"
WANTED = ["--temperature=0.7", "--top-k=3", "--max-new-tokens=8", "--batch-size=4"]


def sampling(place: Path, model: Path, *more: str) -> list:
    problems = write_problems(place / "P.jsonl")
    files = [f"--problems={problems}", f"--output={place / 'S.jsonl'}", f"--about={place / 'S.about.json'}"]
    named = [f"--model={model}", "--model-name=x", f"--prompt={PROMPT}", "--seed=0"]
    return [sample_solutions.__file__, *files, "--problems-count=4", "--samples=1", *named, *WANTED, *more]


def judging(place: Path, model: Path, *more: str) -> list:
    row = {"problem": "p", "question": "Ann has 3.", "solution": "So: 3.", "sound": True}
    write_rows(place / "L.jsonl", [row])
    (place / "J.txt").write_text("Question: {question} {solution}\nAnswer:")
    files = [f"--labelled={place / 'L.jsonl'}", f"--agreement={place / 'A.json'}", f"--output={place / 'S.jsonl'}"]
    files += [f"--about={place / 'S.about.json'}", f"--prompt={place / 'J.txt'}", f"--model={model}"]
    return [judge_solutions.__file__, *files, "--max-new-tokens=8", *more]


def evaluating(place: Path, model: Path, *more: str) -> list:
    checkpoint = place / "standard" / "checkpoint-1"
    checkpoint.parent.mkdir()
    checkpoint.symlink_to(model)
    problems = write_problems(place / "V.jsonl")
    line = [f"--models={place / 'standard'}", "--checkpoints=1", f"--validation={problems}", "--cell=x"]
    line += [f"--benchmark=test:{problems}:4:0:0", f"--prompt={PROMPT}", "--answer-format=the_answer_is"]
    files = [f"--output={place / 'S.jsonl'}", f"--choice={place / 'C.json'}", f"--about={place / 'S.about.json'}"]
    return [evaluate_model.__file__, *line, *files, "--max-new-tokens=8", *more]


def finetuning(place: Path, model: Path, *more: str) -> list:
    rows = [example(1, prompt="Question: Ann has 3.\nAnswer:", completion=" Ann has 3. The answer is 3.")]
    data = write(place / "D.jsonl", rows)
    line = [f"--data={data}", f"--model={model}", "--steps=2", "--checkpoints=1", "--batch-size=2"]
    line += ["--learning-rate=1e-3", "--max-length=256", "--precision=float32", f"--output={place / 'S.jsonl'}"]
    return [finetune_model.__file__, *line, *more]


def finetune() -> None:
    finetune_model.finetune(finetune_model.read_job(finetune_model.parse_arguments()))


PROGRAMS = {
    "sample": (sampling, sample_solutions.main),
    "judge": (judging, judge_solutions.main),
    "evaluate": (evaluating, evaluate_model.main),
    "finetune": (finetuning, finetune),
}


def write_problems(path: Path, **changes) -> Path:
    write_rows(path, [row | changes for row in make_problems("easy", "validation", 4)])
    return path


def outcome(program: str, place: Path, model: Path, *more: str, **environment: str) -> tuple[int, str]:
    line, main = PROGRAMS[program]
    return run_job(line(place, model, *more), main, place, environment)


def refusal(program: str, place: Path, model: Path, *more: str, **environment: str) -> str:
    """The one line that a program ends with; nothing was sampled or trained, and there is no output."""
    status, said = outcome(program, place, model, *more, **environment)
    assert status == 1 and "Traceback" not in said and "tokens/s" not in said, said
    assert not (place / "S.jsonl").exists()
    last = said.splitlines()[-1]
    assert re.match(r"\w+\.py: error: ", last), said
    return last


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("how", SPOILED)
def test_a_spoiled_model_is_one_line_from_every_program(how, program, tmp_path):
    model = spoil(tmp_path / "spoiled", how)
    message = refusal(program, tmp_path, model)
    assert re.search(SPOILED[how][1], message), message
    assert str(model) in message or "checkpoint-1" in message or "D.jsonl:1" in message or "problem" in message


@pytest.mark.parametrize("program", PROGRAMS)
def test_weights_that_are_no_numbers_give_no_samples_and_train_nothing(program, tmp_path):
    shutil.copytree(STUDENT, tmp_path / "spoiled")
    damage(tmp_path / "spoiled")
    assert "weights are damaged" in refusal(program, tmp_path, tmp_path / "spoiled")


@pytest.mark.parametrize("program", PROGRAMS)
def test_weights_that_the_config_leaves_out_are_reported(program, tmp_path):
    shutil.copytree(STUDENT, tmp_path / "model")
    edit(tmp_path / "model" / "config.json", lambda config: config.update(num_hidden_layers=1))
    status, said = outcome(program, tmp_path, tmp_path / "model")
    assert status == 0, said
    assert re.search(r": \d+ tensors of its weights are not used, such as model.layers.1.*config.json", said), said


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_unspoiled_model_passes_the_same_calls(program, tmp_path):
    status, said = outcome(program, tmp_path, STUDENT)
    assert (status, (tmp_path / "S.jsonl").exists()) == (0, True), said


@pytest.mark.parametrize("how", AT_ONCE)
def test_a_dry_run_refuses_a_spoiled_folder_and_names_the_key(how, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    config = copy.deepcopy(yaml.safe_load((ROOT / "config" / "config.yaml").read_text()))
    config["models"]["student"]["path"] = str(spoil(tmp_path / "spoiled", how))
    with pytest.raises(UserError, match=rf"study.yaml: models.student.path: .*{SPOILED[how][1]}") as error:
        check_config(config, str(ROOT / "workflow" / "schemas" / "config.schema.yaml"), "study.yaml")
    assert "\n" not in str(error.value)


def test_a_folder_is_checked_without_any_package(tmp_path):
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'workflow' / 'scripts')!r});"
        "from yetbetter.generation.model_folder import check_model_folder; check_model_folder(sys.argv[1]);"
        "assert not {'torch', 'transformers', 'safetensors', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, STUDENT], check=True, timeout=60)


@pytest.mark.parametrize("model", ["wc", "se", "student"])
def test_the_pocket_models_folders_are_whole(model):
    check_model_folder(str(STUDENT.parent / model))


# Prompts --------------------------------------------------------------------------------------------------------------


def test_questions_too_long_for_the_context_are_named_before_anything_is_sampled(tmp_path):
    line = sampling(tmp_path, STUDENT)
    rows = [row | {"problem": f"p{number}"} for number, row in enumerate(make_problems("easy", "train", 4))]
    for number in (1, 3):
        rows[number]["question"] = "Ann has 3 apples. " * 60
    write_rows(tmp_path / "P.jsonl", rows)
    status, said = run_job(line, sample_solutions.main, tmp_path, {})
    last = said.splitlines()[-1]
    assert status == 1 and "tokens/s" not in said
    assert re.search(r"error: problem 'p1': .* do not fit the model's context of 256; 1 more are refused: .*'p3'", last)


def test_a_tokenizer_that_ends_every_text_with_a_special_token_is_named(tmp_path):
    model = spoil(tmp_path / "spoiled", "weights are a pointer")
    (model / "model.safetensors").write_bytes((STUDENT / "model.safetensors").read_bytes())

    def end_with_padding(tokenizer: dict) -> None:
        tokenizer["post_processor"]["single"].append({"SpecialToken": {"id": "<pad>", "type_id": 0}})
        tokenizer["post_processor"]["special_tokens"]["<pad>"] = {"id": "<pad>", "ids": [2], "tokens": ["<pad>"]}

    edit(model / "tokenizer.json", end_with_padding)
    message = refusal("sample", tmp_path, model)
    assert "its ids end with <pad>, which the model's tokenizer appends to every text" in message


def test_a_long_question_of_a_benchmark_is_named_before_the_checkpoints_are_validated(tmp_path):
    line = evaluating(tmp_path, STUDENT)
    long = write_problems(tmp_path / "T.jsonl", question="Ann has 3 apples. " * 60)
    line = [word.replace(str(tmp_path / "V.jsonl"), str(long)) if "benchmark" in word else word for word in line]
    status, said = run_job(line, evaluate_model.main, tmp_path, {})
    assert status == 1 and "validation answers" not in said, said
    assert re.search(r"error: test: problem '.*': .* do not fit the model's context of 256", said.splitlines()[-1])


def test_a_long_solution_that_is_to_be_judged_is_named(tmp_path):
    line = judging(tmp_path, STUDENT)
    row = {"problem": "p7", "question": "Ann has 3.", "solution": "So: 3. " * 200, "sound": True}
    write_rows(tmp_path / "L.jsonl", [row])
    status, said = run_job(line, judge_solutions.main, tmp_path, {})
    assert status == 1
    assert re.search(r"error: problem '.*', sample 0: .* do not fit the model's context of 256", said.splitlines()[-1])


TEMPLATES = {
    "raises": ("{{ raise_exception('a system role is needed') }}", "a system role is needed"),
    "is no template": ("{% if %}", "Expected an expression"),
    "asks for what is not there": ("{{ messages[3].content }}", "has no element 3"),
    "calls what is not there": ("{{ messages[0].content.nothing() }}", "nothing"),
    "says something else": ("Question: hello", "leaves out what the user says, 'Question: "),
    "says nothing": ("{# #}", "leaves out what the user says, 'Question: "),
}


@pytest.mark.parametrize("program", ["sample", "judge"])
@pytest.mark.parametrize("how", TEMPLATES)
def test_a_chat_template_that_fails_is_one_line_with_its_own_words(how, program, tmp_path):
    model = spoil(tmp_path / "spoiled", "weights are a pointer")
    (model / "model.safetensors").write_bytes((STUDENT / "model.safetensors").read_bytes())
    edit(model / "tokenizer_config.json", lambda config: config.update(chat_template=TEMPLATES[how][0]))
    message = refusal(program, tmp_path, model, "--chat")
    assert f"model {model}: its chat template" in message and TEMPLATES[how][1] in message


# Training -------------------------------------------------------------------------------------------------------------


def test_a_padding_token_beyond_the_embedding_is_refused_before_training(tmp_path):
    model = spoil(tmp_path / "spoiled", "weights are a pointer")
    (model / "model.safetensors").write_bytes((STUDENT / "model.safetensors").read_bytes())
    edit(model / "tokenizer_config.json", lambda config: config.update(pad_token="[PAD]"))
    added = {"id": 163, "content": "[PAD]", "single_word": False, "lstrip": False, "rstrip": False}
    added |= {"normalized": False, "special": True}
    edit(model / "tokenizer.json", lambda tokenizer: tokenizer["added_tokens"].append(added))
    assert "the token '[PAD]' has id 163" in refusal("finetune", tmp_path, model)


def test_without_a_padding_token_a_model_is_trained_to_the_same_weights(tmp_path):
    model = spoil(tmp_path / "spoiled", "weights are a pointer")
    (model / "model.safetensors").write_bytes((STUDENT / "model.safetensors").read_bytes())
    edit(model / "tokenizer_config.json", lambda config: config.pop("pad_token"))
    weights = []
    for name, path in (("without", model), ("with", STUDENT)):
        (tmp_path / name).mkdir()
        status, said = outcome("finetune", tmp_path / name, path)
        assert status == 0, said
        weights.append((tmp_path / name / "S.jsonl" / "checkpoint-1" / "model.safetensors").read_bytes())
    assert weights[0] == weights[1]


def test_an_example_longer_than_the_models_context_is_refused_with_its_line(tmp_path):
    line = finetuning(tmp_path, STUDENT, "--max-length=1000")
    write(tmp_path / "D.jsonl", [example(1), example(2, completion=" Ann has 3." * 100)])
    status, said = run_job(line, finetune, tmp_path, {})
    assert status == 1 and "tokens/s" not in said
    assert re.search(r"D.jsonl:2: \d+ tokens, the model's context has 256; --max-length 256", said.splitlines()[-1])


@pytest.mark.parametrize("targets", ["lm_head", "q_proj,lm_head", "embed_tokens", "model.embed_tokens"])
def test_no_adapter_changes_the_last_layer_or_an_embedding_that_is_tied_to_it(targets, tmp_path):
    message = refusal("finetune", tmp_path, STUDENT, "--lora-rank=2", f"--lora-targets={targets}")
    assert "--lora-targets: " in message and "name layers in between, such as q_proj,v_proj" in message


@pytest.mark.parametrize("targets", [["lm_head"], ["q_proj", "model.embed_tokens"]])
def test_a_dry_run_refuses_such_adapters(targets, monkeypatch):
    monkeypatch.chdir(ROOT)
    config = copy.deepcopy(yaml.safe_load((ROOT / "config" / "config.yaml").read_text()))
    config["finetuning"]["pocket"]["lora"] = {"rank": 2, "targets": targets}
    with pytest.raises(UserError, match=r"study.yaml: finetuning.pocket.lora.targets: '.*name layers in between"):
        check_config(config, str(ROOT / "workflow" / "schemas" / "config.schema.yaml"), "study.yaml")


# The environment ------------------------------------------------------------------------------------------------------

FOREIGN = {"ACCELERATE_MIXED_PRECISION": "fp16", "ACCELERATE_USE_DEEPSPEED": "true", "ACCELERATE_USE_FSDP": "true"}
FOREIGN |= {"FSDP_OFFLOAD_PARAMS": "true", "ACCELERATE_GRADIENT_ACCUMULATION_STEPS": "4", "DS_ACCELERATOR": "cuda"}
LEFT = {"RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2"}


@pytest.mark.parametrize("environment", [FOREIGN, LEFT], ids=["Accelerate's", "a launcher's"])
def test_variables_of_a_job_not_under_torchrun_change_no_weight_and_are_reported(environment, tmp_path, monkeypatch):
    """As a process of its own: what Accelerate reads when it is imported counts too."""
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    (tmp_path / "plain").mkdir()
    (tmp_path / "other").mkdir()
    status, said = outcome("finetune", tmp_path / "plain", STUDENT)
    assert status == 0 and "removed from the environment" not in said, said
    line = [sys.executable, *finetuning(tmp_path / "other", STUDENT)]
    done = subprocess.run(line, env=os.environ | environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    told = next(line for line in done.stderr.splitlines() if line.startswith("removed from the environment"))
    assert all(f"{name}={value}" in told for name, value in environment.items())
    folders = [tmp_path / name / "S.jsonl" for name in ("plain", "other")]
    weights = [(folder / "checkpoint-1" / "model.safetensors").read_bytes() for folder in folders]
    assert weights[0] == weights[1]


@pytest.mark.parametrize("program", ["sample", "judge", "evaluate"])
def test_the_same_variables_change_no_answer(program, tmp_path):
    answers = []
    for name, environment in (("plain", {}), ("other", FOREIGN | LEFT | {"CUDA_VISIBLE_DEVICES": ""})):
        (tmp_path / name).mkdir()
        status, said = outcome(program, tmp_path / name, STUDENT, **environment)
        assert status == 0, said
        answers.append((tmp_path / name / "S.jsonl").read_bytes())
    assert answers[0] == answers[1]


def test_a_place_that_says_no_more_than_alone_is_not_reported(tmp_path):
    status, said = outcome("sample", tmp_path, STUDENT, RANK="0", WORLD_SIZE="1", LOCAL_RANK="0")
    assert status == 0 and "removed" not in said


@pytest.mark.parametrize("variable", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_a_model_that_is_not_in_the_cache_names_the_variable_that_forbids_the_network(variable, tmp_path):
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'workflow' / 'scripts')!r});"
        "from yetbetter.generation.loading import read_facts; read_facts('owner/nothing', 'main')"
    )
    environment = os.environ | {"HF_HOME": str(tmp_path), variable: "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)
    last = done.stderr.splitlines()[-1]
    assert "model owner/nothing: cannot be loaded: " in last and f"{variable} is set" in last and "fetch_model" in last


def test_a_local_model_needs_no_network(tmp_path):
    status, said = outcome("sample", tmp_path, STUDENT, HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1")
    assert status == 0, said


def test_an_index_that_is_not_one_is_named(tmp_path):
    folder = spoil(tmp_path / "spoiled", "a shard is missing")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": ["a"]}))
    with pytest.raises(UserError, match=r"index\.json: weight_map is not a JSON object"):
        check_model_folder(str(folder))

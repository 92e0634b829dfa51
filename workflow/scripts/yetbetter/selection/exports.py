"""Training data as a Hugging Face data set folder for other trainers: rows, card, LLaMA-Factory's description."""

import json
from collections import Counter

import yaml

from yetbetter.data import ADAPTERS
from yetbetter.selection.filters import FILTERS, reasons
from yetbetter.tasks import TASKS, Task

# The columns that TRL expects, then the row's origin. No `messages`, which would make TRL's choice ambiguous.
COLUMNS = ("prompt", "completion", "problem", "sample", "model")

# Added to how to train, for tasks whose targets are trained in a chat format.
CHAT = """

Here `prompt` is the question alone. The study's own models were trained on it as the user's turn of their chat
template; those without a template on `### Instruction:`, the question on a line of its own, an empty line, and then
`### Response:` and the answer."""


def export_row(row: dict) -> dict:
    """A row of training data with the columns of the export; lone surrogates, which Arrow refuses, become U+FFFD."""
    return {key: without_surrogates(row[key]) if isinstance(row[key], str) else row[key] for key in COLUMNS}


def without_surrogates(text: str) -> str:
    # Through UTF-16, so that a surrogate pair becomes its character.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def describe_for_llama_factory(name: str) -> dict:
    """Content of dataset_info.json, which LLaMA-Factory looks for in its `dataset_dir`."""
    return {
        name: {
            "file_name": "train.jsonl",
            "formatting": "alpaca",
            "columns": {"prompt": "prompt", "response": "completion"},
        }
    }


def write_card(name: str, rows: list[dict], counts: dict, facts: dict) -> str:
    """The text of README.md.

    counts: the selection's. facts: study, seed, dataset, adapter, budget, source (the config's entry), questions,
    task, draws ({model: samples per question}), models ({name: its entry}), decoding, prompt, grading, further
    facts; missing keys are left out.
    """
    header = {
        "pretty_name": name,
        "license": "other",
        "language": ["en"],
        "task_categories": ["text-generation"],
        "tags": ["synthetic", *task_of(facts).tags],
        "size_categories": [size_category(len(rows))],
        "configs": [{"config_name": "default", "data_files": [{"split": "train", "path": "train.jsonl"}]}],
    }
    parts = [
        f"---\n{yaml.safe_dump(header, sort_keys=False)}---",
        f"# {name}\n\n{summary(rows, facts)}",
        f"## How it was made\n\n{how_it_was_made(rows, counts, facts)}",
        f"## How to train on it\n\n{usage(name)}{CHAT if task_of(facts).chat else ''}",
        f"## Terms\n\n{terms(facts)}",
    ]
    return "\n\n".join(parts) + "\n"


def task_of(facts: dict) -> Task:
    return TASKS[facts.get("task", "math")]


def size_category(rows: int) -> str:
    """The hub's name for so many rows."""
    for limit, name in ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M")):
        if rows < limit:
            return name
    return "1M<n<10M"


def summary(rows: list[dict], facts: dict) -> str:
    problems = len({row["problem"] for row in rows})
    return (
        f"{len(rows):,} prompts with completions, about {problems:,} questions of `{facts['dataset']}`: the training"
        f" data `from-{facts['source_name']}` under the budget `{facts['budget']}` of the study `{facts['study']}`.\n\n"
        "| column | what |\n| --- | --- |\n"
        "| `prompt` | the question in the prompt that finetuned models are asked with; ends without a blank |\n"
        "| `completion` | the solution; starts with the blank that separates it from the prompt, has no end token |\n"
        "| `problem`, `sample`, `model` | which sample of which question it is, and who wrote it |"
    )


def how_it_was_made(rows: list[dict], counts: dict, facts: dict) -> str:
    source = facts["source"]
    lines = []
    if "solutions" in source:
        lines.append("- Written by people: the data set's own solutions.")
    for model, samples in facts["draws"].items():
        entry = facts["models"][model]
        revision = f", revision `{entry['revision']}`" if entry.get("revision") else ""
        size = f", {entry['parameters']:,.0f} parameters (nominal)" if entry.get("parameters") else ""
        number = f"{'at most ' if 'stop_after' in source else ''}{samples} sample{'s'[: samples > 1]}"
        lines.append(f"- {number} per question from `{model}`: `{entry['path']}`{revision}{size}.")
    if facts["draws"]:
        reference = facts["reference"]
        lines.append(
            f"- Budget `{facts['budget']}`: what {reference['samples']} samples per question of `{reference['model']}`"
            f" cost; the source is `{json.dumps(source)}`."
        )
        if "stop_after" in source:
            lines.append(
                f"- A question's samples were looked at in order, model by model, until {source['stop_after']} had the"
                " right final answer."
            )
        order = ", which is in random order" if ADAPTERS[facts["adapter"]].random_order else ""
        lines.append(f"- Questions: the first {facts['questions']:,} of the training split{order}.")
        lines.append(f"- Decoding: {', '.join(f'{key} {value}' for key, value in facts['decoding'].items())}.")
        lines.append(
            f"- Prompt for sampling: `{facts['prompts']['sampling']}`; here: `{facts['prompts']['finetuned']}`."
        )
        kept = FILTERS[source["filter"]].keeps
        if "words" in source:
            kept += f", of {source['words']['at_least']} to {source['words']['at_most']} words"
        if "keep_per_question" in source:
            kept += f", at most the first {source['keep_per_question']} of each question"
        lines.append(f"- Kept: {kept} (grading mode `{facts['grading']}`).")
    out = [f"{counts[key]:,} {reason}" for key, reason in reasons().items() if counts.get(key)]
    lines.append(
        f"- Drawn {counts['drawn']:,}, kept {counts['kept']:,}{'; left out: ' if out else ''}{', '.join(out)}."
    )
    writers = Counter(row["model"] for row in rows)
    if len(writers) > 1:
        lines.append(f"- Rows by writer: {', '.join(f'{count:,} {model}' for model, count in writers.items())}.")
    lines.append(f"- Study seed {facts['seed']}; hash of the training problems `{counts['problems_hash'][:16]}`.")
    return "\n".join(lines)


def usage(name: str) -> str:
    return f"""`FOLDER` is this folder.

**TRL**, which appends the end token itself:

```python
dataset = load_dataset("FOLDER", split="train")
args = SFTConfig(completion_only_loss=True)
trainer = SFTTrainer(model, args=args, train_dataset=dataset)
```

**axolotl**:

```yaml
datasets:
  - path: FOLDER
    type:
      field_instruction: prompt
      field_output: completion
      format: "{{instruction}}"
      no_input_format: "{{instruction}}"
```

**LLaMA-Factory** reads `dataset_info.json`, which lies beside the data:

```yaml
dataset_dir: FOLDER
dataset: {name}
template: fewshot
```

The template `fewshot` leaves prompt and completion as they are and puts two line ends and the end token behind them. It
sets no start token, which Gemma needs: take the model's own template there (`gemma`), and evaluate in that chat form.

axolotl and LLaMA-Factory turn prompt and completion into tokens one by one, TRL both together; the blank between them
belongs to the completion, so that most tokenizers give the same tokens either way."""


def terms(facts: dict) -> str:
    writers = " and ".join(f"`{facts['models'][model]['path']}`" for model in facts["draws"])
    lines = [ADAPTERS[facts["adapter"]].terms]
    if writers:
        lines.append(
            f"The solutions were written by {writers}: the terms of that model may bind what is trained on them."
        )
    return "\n".join(
        [*lines, "Look both up before you pass this on; the header says `other` because of the solutions."]
    )

"""OpenAssistant Conversations (OASST1, Köpf et al. 2023): questions of people, Apache-2.0; IFEval is their test split.

The data are all messages, with those that never got an answer: the finished trees hold fewer than 5,000 English
questions. A question is the first message of an English conversation. Left out are questions that were deleted, refused
by reviewers, found spam, of low quality or not in English, those that a model wrote, and those of conversations that
were stopped for their quality. The best-ranked human answer is the problem's `solution`; questions without one have
none, and are chosen after the others.
train: 5,000 (the paper's number; which ones, it does not say), chosen by a hash of their texts. validation: others,
each with one instruction of IFEval's kinds added, so that answers can be graded and a checkpoint can be chosen; none of
these kinds needs NLTK's data or a language to be recognised. test: IFEval.
"""

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from yetbetter.data import ifeval
from yetbetter.data.downloads import HubFile
from yetbetter.data.splits import Parts, drop_repeated, in_fixed_order
from yetbetter.errors import UserError
from yetbetter.identity import stream_seed
from yetbetter.records import read_rows, where_is

# The second name is that of a file of single turns with a reply, as QLoRA's validation samples are.
MESSAGES, TURNS = "2023-04-12_oasst_all.messages.jsonl.gz", "oasst1_val_qlora_en_first_turn.jsonl"
FILES = {"messages": (MESSAGES, MESSAGES.removesuffix(".gz"), "oasst1.jsonl", TURNS), **ifeval.FILES}
ANSWER_FORMATS = ("instructions",)
SIZES = {"train": 5000, "validation": 500, "test": 541}
# Of the questions there is none: their file could not be downloaded where this was written.
HASHES = {
    "train": None,
    "validation": None,
    "test": "4947d904ff4319e403968b7921fbc9b6e09f912577042aa9f99c116f6329b511",
}
SALT = "oasst1"
REPOSITORY, REVISION = "OpenAssistant/oasst1", "fdf72ae0827c1cda404aff25b6603abec9e3399b"
SOURCES = {
    "messages": HubFile(
        REPOSITORY, REVISION, MESSAGES, "2ff4aa8999c911ffec7972ddf70359f220b3da184b731f3649f68b1391e19341"
    ),
    **ifeval.SOURCES,
}
STOPPED = ("aborted_low_grade", "halted_by_moderator")
LOW_QUALITY = 0.5  # of reviewers' mean mark between 0 and 1
SAID_BY = {"human": "### Human:", "assistant": "### Assistant:"}


def unpack(files: dict[str, Path]) -> dict[str, list[dict]]:
    """File name -> rows, from what SOURCES names: the layout of a local folder, with what `build` reads alone."""
    rows = [row for _, row in read_messages(files["messages"]) if row.get("lang") == "en" and is_needed(row)]
    return {"oasst1.jsonl": rows, "input_data.jsonl": read_rows(files["ifeval"], require=ifeval.REQUIRED)}


def is_needed(row: dict) -> bool:
    """A first message, or an answer; which of them answer a first message is seen later."""
    return row.get("parent_id") is None or row.get("role") == "assistant"


def build(files: dict[str, Path], answer_format: str) -> Parts:
    """The three splits. Raises UserError, naming file and line, for a row of another kind."""
    parts = Parts({"test": ifeval.read_prompts(files["ifeval"])})
    parts.splits["train"] = in_fixed_order(first_turns(files["messages"], parts), SALT)
    drop_repeated(parts, ("test", "train"))
    questions = parts.splits["train"]
    # Few files have room for all: then a tenth is for validation.
    carved = min(SIZES["validation"], len(questions) // 10 or 1)
    validation, rest = questions[:carved], questions[carved:]
    with_reply = [row for row in rest if row["solution"]] + [row for row in rest if not row["solution"]]
    parts.splits["validation"] = [with_instruction(row) for row in validation]
    parts.splits["train"] = in_fixed_order(with_reply[: SIZES["train"]], SALT)
    return parts


def first_turns(path: Path, parts: Parts) -> list[dict]:
    """The problems of a file of messages, or of single turns; what is left out is added to `parts`."""
    first: dict[str, dict] = {}
    replies: dict[str, list[dict]] = {}
    begun: dict[str, bool] = {}  # conversation -> whether its first turn was seen
    for number, row in read_messages(path):
        try:
            add_message(row, first, replies, parts)
            if "message_tree_id" in row:
                tree = id_of(row, "message_tree_id")
                begun[tree] = begun.get(tree, False) or row.get("parent_id") is None
        # The line is looked up here alone: that reads the file.
        except UserError as error:
            where = f"{path}:{number}" if path.suffix == ".gz" else where_is(path, number)
            raise UserError(f"{where}: {error}") from None
    if not first:
        raise UserError(f"{path}: no first turn of an English conversation")
    for tree in (tree for tree, is_begun in begun.items() if not is_begun):
        parts.leave_out(f"oasst1/{tree}", "train", "conversation without its first turn")
    for message, answers in replies.items():
        if message in first:
            first[message]["solution"] = best_of(answers)
            first[message]["answer"] = first[message]["solution"] or first[message]["answer"]
    return list(first.values())


def add_message(row: dict, first: dict[str, dict], replies: dict[str, list[dict]], parts: Parts) -> None:
    """Sort a row in: a question, an answer that may be a solution, a single turn with both, or one to leave out."""
    if "reference_reply" in row:
        add_turn(row, first, parts)
    elif row.get("parent_id") is not None:
        if is_answer(row):
            replies.setdefault(id_of(row, "parent_id"), []).append(row)
    elif reason := unfit(row):
        parts.leave_out(name_of(row), "train", reason)
    else:
        first[id_of(row)] = problem_of(id_of(row), text_of(row), "")


def read_messages(path: Path) -> Iterator[tuple[int, dict]]:
    """(number of the line, row)"""
    if path.suffix != ".gz":
        yield from enumerate(read_rows(path), start=1)
        return
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise UserError(f"{where_is(path, number)}: not a JSON object")
                yield number, row
    except (OSError, EOFError, ValueError) as error:
        raise UserError(f"{path}: not JSON Lines, compressed by gzip ({' '.join(str(error).split())[:80]})") from None


def id_of(row: dict, key: str = "message_id") -> str:
    if not isinstance(row.get(key), str):
        raise UserError(f"{key} is {row.get(key)!r}, it must be text")
    return row[key]


def name_of(row: dict) -> str:
    return f"oasst1/{id_of(row)}"


def text_of(row: dict) -> str:
    if not isinstance(row.get("text"), str) or not row["text"].strip():
        raise UserError(f"text is {row.get('text')!r}, it must be text that is not empty")
    return row["text"].strip()


def unfit(row: dict) -> str | None:
    """Why a first message is not one of our questions, or None."""
    if row.get("role") not in ("prompter", None):
        return "not a person's turn"
    if row.get("lang") != "en":
        return "not in English"
    if row.get("synthetic"):
        return "written by a model"
    if row.get("tree_state") in STOPPED:
        return "conversation was stopped"
    return low_quality(row)


def low_quality(row: dict) -> str | None:
    """Why a message does not count, or None."""
    marks = labels_of(row)
    if row.get("deleted"):
        return "deleted"
    if row.get("review_result") is False:
        return "refused by reviewers"
    if marks.get("spam", 0) >= LOW_QUALITY:
        return "spam"
    if marks.get("lang_mismatch", 0) >= LOW_QUALITY:
        return "not in English"
    return "low quality" if marks.get("quality", 1) < LOW_QUALITY else None


def labels_of(row: dict) -> dict[str, float]:
    """Label -> reviewers' mean: of {name: {value}}, or of lists of names and values, as the hub has them."""
    labels = row.get("labels") or {}
    try:
        if isinstance(labels.get("name"), list):
            pairs = list(zip(labels["name"], labels["value"], strict=False))
        else:
            pairs = [(name, entry["value"]) for name, entry in labels.items() if "value" in entry]
        return {name: float(value) for name, value in pairs}
    except (AttributeError, KeyError, TypeError, ValueError):
        raise UserError(f"labels are {str(labels)[:80]}, they must be numbers by name") from None


def is_answer(row: dict) -> bool:
    """Whether a message that is not the first may be a solution: a person's answer, of quality."""
    if row.get("role") != "assistant" or row.get("synthetic") or low_quality(row):
        return False
    if not isinstance(row.get("rank"), (int, float, type(None))):
        raise UserError(f"rank is {row['rank']!r}, it must be a number")
    return isinstance(row.get("text"), str) and bool(row["text"].strip())


def best_of(answers: list[dict]) -> str:
    """The text of the answer of the first rank; answers without a rank come last, in the order of the file."""
    return min(answers, key=lambda row: float("inf") if row.get("rank") is None else row["rank"])["text"].strip()


def add_turn(row: dict, first: dict[str, dict], parts: Parts) -> None:
    """A row of single turns: `input` holds the question between its marks, `reference_reply` the answer."""
    name, text = name_of(row), row.get("input")
    before, mark, turn = text.partition(SAID_BY["human"]) if isinstance(text, str) else ("", "", "")
    question, end, rest = turn.rpartition(SAID_BY["assistant"])
    if row.get("lang", "en") != "en":
        parts.leave_out(name, "train", "not in English")
    elif before.strip() or not mark or not end or rest.strip() or not question.strip() or SAID_BY["human"] in question:
        parts.leave_out(name, "train", "not a first turn")
    elif not isinstance(row["reference_reply"], str) or not row["reference_reply"].strip():
        parts.leave_out(name, "train", "an empty reply")
    else:
        first[row["message_id"]] = problem_of(row["message_id"], question.strip(), row["reference_reply"].strip())


def problem_of(message: str, question: str, reply: str) -> dict:
    """answer: nothing is right or wrong; the reply, for readers."""
    return {"problem": f"oasst1/{message}", "question": question, "answer": reply or "(no reply)", "solution": reply}


# Name, arguments and wording of an instruction; `choose` gives one of several numbers or words.
Choose = Callable[..., object]
ADDED: tuple[Callable[[Choose], tuple[str, dict, str]], ...] = (
    lambda choose: ("punctuation:no_comma", {}, "Do not use any commas."),
    lambda choose: ("startend:quotation", {}, "Put your whole answer in double quotation marks."),
    lambda choose: (
        "length_constraints:number_words",
        {"relation": "at least", "num_words": (number := choose(40, 60, 80))},
        f"Answer in at least {number} words.",
    ),
    lambda choose: (
        "length_constraints:number_words",
        {"relation": "less than", "num_words": (number := choose(30, 50, 70))},
        f"Answer in less than {number} words.",
    ),
    lambda choose: (
        "detectable_format:number_bullet_lists",
        {"num_bullets": (number := choose(2, 3, 4))},
        f"Answer with exactly {number} bullet points in markdown, such as: * This is a point.",
    ),
    lambda choose: (
        "detectable_format:title",
        {},
        "Give your answer a title in double angular brackets, such as <<a title>>.",
    ),
    lambda choose: (
        "detectable_content:postscript",
        {"postscript_marker": "P.S."},
        "At the end, add a postscript that starts with P.S.",
    ),
    lambda choose: (
        "startend:end_checker",
        {"end_phrase": (phrase := choose("That is all.", "I hope this helps.", "Ask me for more."))},
        f"End your answer with the words: {phrase} Nothing may follow them.",
    ),
)


def with_instruction(row: dict) -> dict:
    """The problem with one instruction added. Which one, and its numbers, depend on the problem's name alone."""
    seed = stream_seed(SALT, row["problem"])

    def choose(*values):
        return values[seed // len(ADDED) % len(values)]

    name, kwargs, wording = ADDED[seed % len(ADDED)](choose)
    question = f"{row['question']}\n\n{wording}"
    return row | {"question": question, "answer": name, "instruction_id_list": [name], "kwargs": [kwargs]}

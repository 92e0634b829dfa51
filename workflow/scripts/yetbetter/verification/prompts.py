"""What a verifier is asked: its prompt file, and the words that it answers with."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.generation.prompts import read_template

QUESTION, SOLUTION = "{question}", "{solution}"
GENERATIVE, OUTCOME, PROCESS = KINDS = ("generative", "outcome", "process")
WORDS = (" Yes", " No")


@dataclass(frozen=True)
class VerifierPrompt:
    """A verifier's prompt file, cut at its two places: before the question, between, and behind the solution."""

    before: str
    between: str
    behind: str

    @property
    def text(self) -> str:
        """The content of the file."""
        return f"{self.before}{QUESTION}{self.between}{SOLUTION}{self.behind}"

    def ask(self, question: str, solution: str) -> str:
        """What a generative verifier is asked: the whole prompt, without white space around the solution."""
        return f"{self.before}{question}{self.between}{solution.strip()}{self.behind}"

    def open(self, question: str) -> str:
        """What comes before a solution whose tokens are classified; it ends without white space."""
        return f"{self.before}{question}{self.between}".rstrip()


def read_verifier_prompt(path: str | Path, kind: str) -> VerifierPrompt:
    """The prompt file of a verifier of this kind.

    Raises UserError as `read_template` does, and unless the file holds the solution once, behind the question: for a
    generative verifier with the question about it behind it, for the others at its end.
    """
    template = read_template(path)
    if template.count(SOLUTION) != 1:
        raise UserError(
            f"{path}: a verifier's prompt must hold {SOLUTION} once, found {template.count(SOLUTION)} times"
        )
    before, _, rest = template.partition(QUESTION)
    between, found, behind = rest.partition(SOLUTION)
    if not found or not between.strip():
        raise UserError(f"{path}: a verifier's prompt must hold {QUESTION} first, then text, then {SOLUTION}")
    if kind == GENERATIVE and not behind:
        raise UserError(f"{path}: ends with {SOLUTION}, --kind {GENERATIVE} needs the question about it behind it")
    if kind != GENERATIVE and behind:
        raise UserError(f"{path}: holds text behind {SOLUTION}, which --kind {kind} does not read")
    return VerifierPrompt(before, between, behind)


def completion_of(text: str) -> str:
    """A solution as the completion of a prompt that ends without a blank: as in the training of solutions."""
    return text if text[:1].isspace() else " " + text


def word_tokens(tokenizer, words: Sequence[str], prompt: VerifierPrompt, model: str) -> tuple[int, int]:
    """The tokens of the two words behind the prompt. model: named in messages.

    UserError unless each is one token there, known and different from the other.
    """
    asked = prompt.ask("1", "1")
    before = tokenizer(asked).input_ids
    found = []
    for word in words:
        ids = tokenizer(asked + word).input_ids
        if ids[: len(before)] != before or len(ids) != len(before) + 1:
            number = f"{len(ids) - len(before)} tokens" if ids[: len(before)] == before else "a part of its last token"
            raise UserError(f"--words: {word!r} is {number} behind the prompt of model {model}, it must be one token")
        if ids[-1] == tokenizer.unk_token_id:
            raise UserError(f"--words: {word!r} is not in the vocabulary of model {model}")
        found.append(ids[-1])
    if found[0] == found[1]:
        raise UserError(f"--words: {words[0]!r} and {words[1]!r} are the same token of model {model}")
    return found[0], found[1]

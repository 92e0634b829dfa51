"""Scoring a file of texts: batches that depend on the texts alone, kept in a draft, resumed after a kill."""

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from yetbetter.drafts import Draft, open_draft
from yetbetter.generation.loading import context_of
from yetbetter.generation.sampling import cut_into, sample_batches
from yetbetter.identity import model_identity
from yetbetter.records import write_rows
from yetbetter.verification.models import count_parameters, load_verifier, read_verifier_facts
from yetbetter.verification.prompts import GENERATIVE, PROCESS, VerifierPrompt, word_tokens
from yetbetter.verification.scoring import Encoded, Encoder, Scorer, score_row
from yetbetter.verification.texts import Text
from yetbetter.versions import VERIFIER_VERSION

# What the draft holds: scores in the order of the batches, with the row's number; the output; its sidecar.
FOUND, SCORES, ABOUT = "found.jsonl", "scores.jsonl", "about.json"


@dataclass(frozen=True)
class Verifier:
    """A verifier, and how it scores. folder: of its checkpoint. words: of a generative one, right and wrong."""

    folder: str
    kind: str
    prompt: VerifierPrompt
    words: tuple[str, str]
    precision: str
    batch_size: int

    def settings(self) -> dict:
        """All that shapes a score, except the texts."""
        settings = {
            "verifier_version": VERIFIER_VERSION,
            "verifier": model_identity(self.folder),
            "kind": self.kind,
            "prompt": self.prompt.text,
            "precision": self.precision,
            "batch_size": self.batch_size,
        }
        return settings | {"words": list(self.words)} if self.kind == GENERATIVE else settings


def verify(
    verifier: Verifier,
    texts: Sequence[Text],
    output: Path,
    about: Path,
    drafts: Path | None,
    write_about: Callable[..., None],
) -> None:
    """Score what the draft lacks, publish the scores as `output` and the sidecar as `about`.

    write_about(path, **facts): writes the sidecar.
    """
    facts = read_verifier_facts(verifier.folder, verifier.kind)
    words = None
    if verifier.kind == GENERATIVE:
        words = word_tokens(facts.tokenizer, verifier.words, verifier.prompt, verifier.folder)
    settings = verifier.settings()
    with open_draft(output, settings | {"texts": digest_of_texts(texts)}, drafts) as draft:
        if not draft.sealed:
            start = time.monotonic()
            encoder = Encoder(facts.tokenizer, verifier.kind, verifier.prompt, context_of(facts.config))
            encoded = [encoder.encode(text.question, text.text) for text in texts]
            found = score_all(verifier, facts, words, encoded, draft)
            write_rows(draft.folder / SCORES, (text.row | row for text, row in zip(texts, found, strict=True)))
            tokens = sum(one.length for one in encoded)
            parameters = count_parameters(verifier.folder)
            write_about(
                draft.folder / ABOUT,
                settings=settings,
                counts=count(found, encoded, verifier.kind),
                tokens=tokens,
                parameters=parameters,
                flops=2 * parameters * tokens,
                seconds=round(time.monotonic() - start, 3),
            )
            draft.seal()
        draft.publish({SCORES: output, ABOUT: about})


def score_all(verifier: Verifier, facts, words, encoded: Sequence[Encoded], draft: Draft) -> list[dict]:
    """The score of each text, in order; batches that the draft holds are not scored again."""
    scorer = None

    def load() -> None:
        nonlocal scorer
        scorer = Scorer(load_verifier(facts, verifier.kind, verifier.precision), verifier.kind, words)

    def score(batch: list[dict]) -> list[dict]:
        asked = [encoded[row["row"]] for row in batch]
        return [
            row | {"tokens": one.length, "found": score_row(one, chances, verifier.kind)}
            for row, one, chances in zip(batch, asked, scorer.score(asked), strict=True)
        ]

    batches = plan_batches_by_length([one.length for one in encoded], verifier.batch_size)
    rows = sample_batches(draft, FOUND, batches, score, f"scores of {verifier.kind} verifier", load)
    found = {row["row"]: row["found"] for row in rows}
    return [found.get(number) or score_row(one, None, verifier.kind) for number, one in enumerate(encoded)]


def plan_batches_by_length(lengths: Sequence[int], batch_size: int) -> list[list[dict]]:
    """The numbers of rows in batches of like length; those of length 0 are in none."""
    rows = [number for number, length in enumerate(lengths) if length]
    rows.sort(key=lambda number: (lengths[number], number))
    return cut_into([{"row": number} for number in rows], batch_size)


def count(found: Sequence[dict], encoded: Sequence[Encoded], kind: str) -> dict[str, int]:
    """How many texts were scored, and why others were not; of `process`, how many have a single step."""
    counts = Counter(texts=len(found), scored=sum(row["score"] is not None for row in found))
    counts.update(row["reason"] for row in found if row["score"] is None)
    if kind == PROCESS:
        counts["single step"] = sum(len(one.places) == 1 for one in encoded)
        counts["steps"] = sum(len(one.places) for one in encoded)
    return dict(counts)


def digest_of_texts(texts: Sequence[Text]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(json.dumps(text).encode() + b"\n")
    return digest.hexdigest()[:16]

"""Score solutions by a verifier: the chance that each is right, from 0 to 1, a row for each solution, in order.

An empty text, and one that is too long for the verifier, has the score null and a reason. Works in a draft and resumes
where it stopped; equal calls give equal bytes on equal hardware.
"""

import argparse
import functools
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.program import Output, Parser, run, whole, write_sidecar
from yetbetter.verification.prompts import KINDS, WORDS, read_verifier_prompt
from yetbetter.verification.texts import read_answers, read_solutions_of


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--verifier", required=True, help="checkpoint folder of finetune_model.py")
    add("--kind", required=True, choices=KINDS)
    add("--prompt", required=True, help="file that holds {question} and {solution} once, as in its training")
    add("--words", nargs=2, default=WORDS, metavar=("RIGHT", "WRONG"), help="generative: default ' Yes' ' No'")
    add("--problems", required=True, nargs="+", help="of the solutions: a file; of answers: BENCHMARK:FILE of each")
    texts = parser.add_mutually_exclusive_group(required=True)
    texts.add_argument("--solutions", nargs="+", help="files with problem, sample, text")
    texts.add_argument("--answers", help="answers of evaluate_model.py; only those to --problems are scored")
    add("--batch-size", type=whole(1), default=32, help="solutions in a forward pass (default: 32)")
    add("--precision", default="float32", choices=("float32", "bfloat16"), help="(default: float32)")
    add("--output", action=Output, type=Path, required=True, help="JSON Lines with problem, sample, score")
    add("--about", action=Output, type=Path, required=True, help="sidecar that says how they were made (JSON)")
    add("--drafts", type=Path, help="folder for unfinished work (default: .drafts beside the output)")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    prompt = read_verifier_prompt(arguments.prompt, arguments.kind)
    if arguments.answers:
        texts = read_answers(arguments.answers, arguments.problems)
    elif len(arguments.problems) > 1:
        raise UserError(f"--problems: {len(arguments.problems)} files, --solutions have one")
    else:
        texts = read_solutions_of(arguments.solutions, arguments.problems[0])
    # torch takes seconds to import: bad files are reported before.
    from yetbetter.verification.verifying import Verifier, verify

    named = (arguments.verifier, arguments.kind, prompt, tuple(arguments.words))
    verifier = Verifier(*named, arguments.precision, arguments.batch_size)
    write_about = functools.partial(write_sidecar, arguments=arguments)
    verify(verifier, texts, arguments.output, arguments.about, arguments.drafts, write_about)


if __name__ == "__main__":
    run(main, packages=("torch", "transformers"))

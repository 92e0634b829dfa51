"""Whether extraction is linear in the text: CPU seconds for texts of one piece, and for texts twice as long.

    python benchmarks/extraction.py

Prints the largest ratio of each convention; 2 is linear, 4 quadratic. Ends with 1 if a ratio is above 2.6.
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow" / "scripts"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "unit"))

from test_grading_bounds import REPEATED

from yetbetter import program
from yetbetter.grading import CONVENTIONS, extract_answer

LENGTH = 400_000
# What takes less than this is too short to measure.
SHORTEST = 0.02


def main() -> None:
    program.Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    worst = 0.0
    for convention in CONVENTIONS:
        ratios = {piece: ratio_of(piece, convention) for piece in REPEATED}
        piece = max(ratios, key=ratios.__getitem__)
        print(f"{convention:14} {ratios[piece]:.2f} {piece!r}")
        worst = max(worst, ratios[piece])
    sys.exit(worst > 2.6)


def ratio_of(piece: str, convention: str) -> float:
    """CPU seconds for 2 LENGTH characters in units of those for LENGTH; 0 where both are too short to measure."""
    one, two = (seconds_of(piece * (length // len(piece)), convention) for length in (LENGTH, 2 * LENGTH))
    return two / one if two > SHORTEST else 0.0


def seconds_of(text: str, convention: str) -> float:
    return min(measured(text, convention) for _ in range(3))


def measured(text: str, convention: str) -> float:
    start = time.process_time()
    extract_answer("A" + text + "\\boxed{3", convention)
    return time.process_time() - start


if __name__ == "__main__":
    program.run(main)

"""Write one small file that changes only when the content of problem files does: an input of jobs that need all."""

from pathlib import Path

from yetbetter.program import Output, Parser, run
from yetbetter.records import digest_of, write_text


def main() -> None:
    parser = Parser(description=__doc__)
    parser.add_argument("--problems", required=True, nargs="+", help="problem files")
    parser.add_argument("--output", action=Output, required=True, help="a line per file: SHA-256 and name")
    arguments = parser.parse_args()
    write_text(arguments.output, [f"{digest_of(path)}  {Path(path).name}\n" for path in arguments.problems])


if __name__ == "__main__":
    run(main)

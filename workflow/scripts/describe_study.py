"""Describe a study in one file: its resolved config, its finished and missing cells, the grading."""

import argparse

from yetbetter.errors import UserError
from yetbetter.program import Output, Parser, json_object, run
from yetbetter.records import write_json


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__)
    parser.add_argument("--config", required=True, type=json_object, help="the resolved config, as JSON")
    parser.add_argument("--grading", required=True, type=json_object, help="the grader's version and mode, as JSON")
    parser.add_argument("--cells", default=[], nargs="*", help="paths of the cells that the part's tables hold")
    parser.add_argument("--missing", default=[], nargs="*", help="paths of the cells that are not finished")
    parser.add_argument("--output", action=Output, required=True)
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    if "study" not in arguments.config:
        raise UserError("--config: no key 'study', it must be a study's resolved config")
    named = {"study": arguments.config["study"], "grading": arguments.grading}
    cells = {"cells": arguments.cells, "missing": arguments.missing}
    write_json(arguments.output, named | cells | {"config": arguments.config})


if __name__ == "__main__":
    run(main)

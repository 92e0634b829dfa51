"""Several finetunings in the processes of one torchrun, which pays for the imports once.

torchrun … finetune_many.py CALLS.json      a list of lists of the program's arguments

One that is out of time ends, and the next call begins.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow" / "scripts"))


def main() -> None:
    from accelerate import PartialState

    from finetune_model import parse_arguments
    from yetbetter.time_limit import OutOfTime
    from yetbetter.training.finetuning import finetune
    from yetbetter.training.job import read_job

    # DeepSpeed remembers the group of processes, so it must live until the last call has ended.
    PartialState.destroy_process_group = lambda self, group=None: None
    with open(sys.argv[1], encoding="utf-8") as file:
        calls = json.load(file)
    for arguments in calls:
        sys.argv = arguments
        try:
            finetune(read_job(parse_arguments()))
        except OutOfTime as stopped:
            print(stopped, file=sys.stderr)
        forget_deepspeed()


def forget_deepspeed() -> None:
    """Forget DeepSpeed's settings, which a new process would not have."""
    from accelerate.state import AcceleratorState, GradientState
    from transformers.integrations.deepspeed import unset_hf_deepspeed_config

    for state in (AcceleratorState, GradientState):
        state._reset_state()
    unset_hf_deepspeed_config()


if __name__ == "__main__":
    import faulthandler

    from yetbetter.program import run_and_leave

    faulthandler.enable()
    run_and_leave(main)

"""The Slurm profile's own `sbatch` and `srun`: they wait for a controller that is away, and change nothing else."""

import os
import subprocess
from pathlib import Path

import pytest

BIN = Path(__file__).parents[2] / "workflow" / "profiles" / "slurm" / "bin"
AWAY = {
    "sbatch": "sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)",
    "srun": "srun: error: Unable to confirm allocation for job 6: Unable to contact slurm controller (connect failure)",
}


@pytest.fixture
def call(tmp_path):
    """Calls one of the two, with a program of its name behind it that first fails so many times with a message."""

    def call(name: str, failures: int, message: str) -> subprocess.CompletedProcess:
        (tmp_path / "left").write_text("x" * failures)
        program = f'#!/bin/bash\nleft=$(<{tmp_path}/left)\nif [ "$left" ]; then\n    printf %s "${{left:1}}" > '
        program += f'{tmp_path}/left\n    echo "{message}" >&2\n    exit 3\nfi\necho "$PATH"; printf "<%s>" "$@"; cat\n'
        for file, text in ((name, program), ("sleep", "#!/bin/bash\n")):
            (tmp_path / file).write_text(text)
            (tmp_path / file).chmod(0o755)
        path = os.pathsep.join([str(BIN), str(tmp_path), os.environ["PATH"]])
        return subprocess.run(
            [name, "--gpus=1", "a b"], env=os.environ | {"PATH": path}, input="script", capture_output=True, text=True
        )

    return call


PASSING = [
    ("sbatch", "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation"),
    ("sbatch", "sbatch: error: QOSMaxSubmitJobPerUserLimit"),
    ("srun", "srun: error: Unable to create step for job 6: Zero Bytes were transmitted or received"),
    # A controller that was restarted does not know the nodes' GPUs yet.
    ("srun", "srun: error: Unable to create step for job 62: Invalid generic resource (gres) specification"),
]


@pytest.mark.parametrize("name", AWAY)
def test_a_controller_that_is_away_is_waited_for_and_jobs_find_the_same_commands(call, name):
    done = call(name, 3, AWAY[name])
    assert done.returncode == 0, done.stderr
    path, rest = done.stdout.split("\n")
    assert path.startswith(f"{BIN}{os.pathsep}")
    assert rest == "<--gpus=1><a b>script"


@pytest.mark.parametrize("name", AWAY)
def test_every_other_failure_is_passed_on_at_once(call, name):
    done = call(name, 1, f"{name}: error: invalid partition specified: nowhere")
    assert (done.returncode, done.stderr) == (3, f"{name}: error: invalid partition specified: nowhere\n")


@pytest.mark.parametrize(("name", "message"), PASSING)
def test_what_passes_by_itself_is_waited_for(call, name, message):
    assert call(name, 2, message).returncode == 0

"""The registry of tasks: what kind of problem a data set holds, and all that depends on it.

To add a task, write its module and add its line to TASKS.
"""

from yetbetter.tasks.checks import CHECKS, Check
from yetbetter.tasks.code import CODE
from yetbetter.tasks.instructions import FOLLOWED
from yetbetter.tasks.mathematics import MATH
from yetbetter.tasks.references import references_of
from yetbetter.tasks.task import Options, Solution, Task

TASKS = {"math": MATH, "code": CODE, "instructions": FOLLOWED}
# value of a data set's `answer` -> its task
CONVENTIONS = {convention: task for task in TASKS.values() for convention in task.conventions}

__all__ = ["CHECKS", "CONVENTIONS", "TASKS", "Check", "Options", "Solution", "Task", "references_of"]

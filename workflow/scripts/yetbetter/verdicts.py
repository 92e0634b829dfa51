"""The words of verdicts, as they are in the files: of the grader, of the exact check of reasoning, and of a judge."""

# Is the final answer the gold answer?
CORRECT, INCORRECT, NO_ANSWER, TIMEOUT = VERDICTS = ("correct", "incorrect", "no_answer", "timeout")
# Does the chain of equations compute the right expression? Some chains cannot be read.
VALID, INVALID, UNREADABLE = "valid", "invalid", "unreadable"
# What a judge says of the reasoning: its answer may hold no verdict, and it is not asked about every solution.
SOUND, FLAWED, NO_VERDICT, NOT_JUDGED = "sound", "flawed", "no_verdict", "not_judged"

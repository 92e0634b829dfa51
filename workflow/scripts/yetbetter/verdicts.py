"""Verdicts as they are written in files: of the grader, of the exact check of the reasoning, and of a judge."""

# Is the final answer the gold answer?
VERDICTS = ("correct", "incorrect", "no_answer", "timeout", "grader_error")
CORRECT, INCORRECT, NO_ANSWER, TIMEOUT, GRADER_ERROR = VERDICTS
# Of tasks whose answers are neither right nor wrong.
UNGRADED = "ungraded"
# How answers are compared.
STRICT, LENIENT = MODES = ("strict", "lenient")
# Does the chain of equations compute the right expression? Some chains cannot be parsed.
VALID, INVALID, UNREADABLE = "valid", "invalid", "unreadable"
# Is the reasoning sound, according to a judge? Its answer may hold no verdict; some solutions are not judged.
SOUND, FLAWED, NO_VERDICT, NOT_JUDGED = "sound", "flawed", "no_verdict", "not_judged"
# The same according to a person who read the question, the gold answer and the solution.
CANNOT_TELL = "cannot tell"
LABELS = (SOUND, FLAWED, CANNOT_TELL)

"""The error that is a message to the user, not a bug in the program."""


class UserError(Exception):
    """Bad input. The message is one line: file and key or line, what it holds, what is allowed."""

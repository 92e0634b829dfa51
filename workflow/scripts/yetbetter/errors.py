"""The one kind of error that is a message to the user, not a fault of the program."""


class UserError(Exception):
    """Bad input. The message is one line: file and key or line, what it holds, what is allowed."""

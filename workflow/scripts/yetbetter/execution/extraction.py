"""The program in a model's text. What the data sets leave open follows common practice (Chen et al. 2021, CodeT)."""

import re

DONE, BEGIN = "[DONE]", "[BEGIN]"
# A completion of a function has ended where a line begins with one of these. The first five are CodeT's.
STOPS = ("\nclass", "\ndef", "\n#", "\nif", "\nprint", "\nassert", "\n@")
FENCE = re.compile(r"^[ \t]*```[^\n`]*\n(.*?)(?:^[ \t]*```|\Z)", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:[ \t]*\n)*(?:\t|  )")
STATEMENT = re.compile(r"^[ \t]*(?:(?:async[ \t]+)?def|class|import|from|@)\b|^[ \t]*\w+[ \t]*=[^=]", re.MULTILINE)


def extract_program(text: str, entry_point: str, prompt: str = "") -> str | None:
    """The text of a program that should define `entry_point`; None if the text holds no program.

    prompt: the beginning of a program that the model was asked to complete. It is put before a text that does not
    define the function itself.
    """
    text = begun(text.partition(DONE)[0], entry_point, prompt)
    blocks = FENCE.findall(text)
    if blocks:
        text = next((block for block in blocks if defines(block, entry_point)), blocks[0])
    if defines(text, entry_point):
        return text
    if prompt:
        completion = cut_at_stops(text)
        return prompt + completion if completion.strip() else None
    return text if STATEMENT.search(text) else None


def begun(text: str, entry_point: str, prompt: str) -> str:
    """What follows BEGIN, or precedes it: a model that was shown BEGIN writes its program first and may go on with
    another problem. The first part counts that defines the function, or continues the prompt; else the last one.
    """
    parts = text.split(BEGIN)
    of_prompt = (part for part in parts if prompt and INDENTED.match(part))
    return next((part for part in parts if defines(part, entry_point)), next(of_prompt, parts[-1]))


def defines(text: str, name: str) -> bool:
    """Whether a function, or a variable, of this name is defined at the margin, decorated or not."""
    return (
        re.search(rf"^(?:(?:async[ \t]+)?def[ \t]+{re.escape(name)}\b|{re.escape(name)}[ \t]*=[^=])", text, re.M)
        is not None
    )


def cut_at_stops(text: str) -> str:
    ends = [place for stop in STOPS if (place := text.find(stop)) >= 0]
    return text[: min(ends, default=len(text))]

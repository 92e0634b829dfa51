"""What the checkers say of one text."""

from dataclasses import dataclass

# How a text is looked at: as it is, or in its best form without first line, last line and asterisks.
READINGS = ("strict", "loose")


@dataclass(frozen=True)
class Followed:
    """Per instruction: whether the text follows it. repaired: by the checkers without their known defects."""

    strict: tuple[bool, ...]
    loose: tuple[bool, ...]
    repaired_strict: tuple[bool, ...]
    repaired_loose: tuple[bool, ...]

    def counts(self) -> dict[str, list[int]]:
        """The eight scores as (followed, asked): of the prompt, all or nothing, and of its instructions."""
        found = {}
        for way in ("", "repaired_"):
            for reading in READINGS:
                followed = getattr(self, f"{way}{reading}")
                found[f"{way}prompt_{reading}"] = [int(all(followed)), 1]
                found[f"{way}instruction_{reading}"] = [sum(followed), len(followed)]
        return found

"""Sources whose draws are each for questions of some levels, or subjects, alone: every question has one draw."""

from yetbetter.errors import UserError

# Key of a draw -> key of a problem.
KEYS = {"levels": "level", "subjects": "subject"}


def groups_of(source: dict) -> tuple[str, dict[str, list[str]]] | None:
    """(level or subject, model -> its values as text); None if the draws are for all questions."""
    draws = source.get("draws", [])
    for key, name in KEYS.items():
        if any(key in draw for draw in draws):
            return name, {draw["model"]: [str(value) for value in draw.get(key, [])] for draw in draws}
    return None


def check_groups(config: dict, name: str) -> None:
    """UserError unless all draws of such a source name values of one key, and none is in two draws."""
    for source, entry in config["sources"].items():
        used = {key for draw in entry.get("draws", []) for key in KEYS if key in draw}
        if not used:
            continue
        where = f"{name}: sources.{source}.draws"
        if len(used) > 1 or any(used.isdisjoint(draw) for draw in entry["draws"]):
            raise UserError(f"{where}: either all of them have `levels`, or all have `subjects`, or none has either")
        values = [value for named in groups_of(entry)[1].values() for value in named]
        twice = next((value for value in values if values.count(value) > 1), None)
        if twice is not None:
            raise UserError(f"{where}: {min(used)}: {twice!r} is in two draws, a question has one")
        if "stop_after" in entry:
            raise UserError(f"{where}: {min(used)} and stop_after exclude each other")

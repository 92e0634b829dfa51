"""Who plays the roles that the rules speak of: which data set is the harder one, which source the weak one."""

from yetbetter.claims.rules import Term

GROUPS = {"dataset": "datasets", "budget": "budgets", "source": "sources", "target": "targets"}


class Missing(Exception):
    """What a comparison lacks, in words. unfilled: a role that no entry of the config plays."""

    def __init__(self, reason: str, unfilled: bool = False):
        super().__init__(reason)
        self.unfilled = unfilled


class Roles:
    """Names by role: {group: {role: name}}, of GROUPS. stand_ins: roles that others are taken for if unfilled."""

    def __init__(self, roles: dict, stand_ins: dict[str, dict[str, str]]):
        self.roles, self.stand_ins = roles, stand_ins

    def name(self, axis: str, role: str) -> str:
        """Raises Missing for a role that nothing plays."""
        if axis not in GROUPS:
            return role
        group = GROUPS[axis]
        names = self.roles[group]
        stand_in = self.stand_ins.get(group, {}).get(role, role)
        found = names.get(role) or names.get(stand_in)
        if not found:
            raise Missing(f"no {axis} plays {role.replace('_', ' ')!r}", unfilled=True)
        return found

    def names(self, term: Term) -> dict[str, str]:
        """{axis: name} of an arm of a comparison."""
        return {axis: self.name(axis, role) for axis, role in term.roles}


def name_further(targets: dict) -> tuple[tuple[str, ...], dict]:
    """Who plays the role `further`, and the targets by role in which each of these has a role of its own.

    targets: {role: name}, and under `further` a list of names. Such a target is called by its role if it has one, as
    everything else in the rules, and by its name otherwise; without any the student is meant.
    """
    by_name = {name: role for role, name in targets.items() if role != "further"}
    further = tuple(by_name.get(name, name) for name in targets.get("further", []))
    return further or ("student",), targets | {name: name for name in further if name not in targets}

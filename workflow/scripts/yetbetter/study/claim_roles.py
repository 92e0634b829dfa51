"""The config's names for the roles in the paper's claims (the optional key `claims`)."""

from collections.abc import Callable

# Group of roles -> the registry of the config that its names are in.
REGISTRIES = {"datasets": "datasets", "budgets": "budgets", "sources": "sources"}


def check_claims(config: dict, require: Callable) -> None:
    """Every name that is assigned to a role is in its registry. require: raises UserError(key, wanted, registry)."""
    claims = config["claims"]
    for group, registry in REGISTRIES.items():
        for role, wanted in claims[group].items():
            require(f"claims.{group}.{role}", wanted, registry)
    targets = [model for model, entry in config["models"].items() if "finetuning" in entry]
    if "student" in claims:
        require("claims.student", claims["student"], "models", targets)
    for wanted in claims.get("further", []):
        require("claims.further", wanted, "models", targets)


def roles_of(config: dict) -> dict:
    """What the program check_claims.py wants to know of a config: names by role, and the settings of the tests.

    {datasets, budgets, sources, targets: {role: name}} (targets.further: a list of names), margins, alpha,
    seed_sd_points (or None), pool_sd_points (0 if each seed has samples of its own: its noise is then between seeds),
    one_pool (whether all seeds have the same samples), judged (data sets whose reasoning a judge looks at).
    """
    claims, compared = config["claims"], config["comparison"]
    pair = {role: compared[role] for role in ("weak", "strong")}
    writers = {role: config["sources"][source]["draws"][0]["model"] for role, source in pair.items()}
    one_pool = config["repeat"] == "finetuning"
    targets = writers | {role: claims[role] for role in ("student", "further") if role in claims}
    return {
        "datasets": claims["datasets"],
        "budgets": claims["budgets"],
        "sources": pair | claims["sources"],
        "targets": targets,
        "margins": claims["margins"],
        "alpha": claims["alpha"],
        "seed_sd_points": claims.get("seed_sd_points"),
        "pool_sd_points": claims["pool_sd_points"] if one_pool else 0,
        "one_pool": one_pool,
        "judged": [name for name, entry in config["datasets"].items() if entry["fpr"] == "judge"],
    }

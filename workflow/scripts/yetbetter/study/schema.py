"""The config's schema: validation with readable messages, and defaults."""

import copy
import datetime
import difflib
import math
from collections.abc import Iterable

import jsonschema
import yaml

from yetbetter.errors import UserError
from yetbetter.study.config_files import LOADER
from yetbetter.study.yaml_readings import reading_of

# The schema's types and bounds in plain words.
KINDS = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}
BOUNDS = {
    "minimum": "of at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
}

# JSON Schema accepts 5.0 as an integer; here integers must be written as such. Keys of YAML need not be text.
Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    ),
)


def read_schema(path: str, registries: dict[str, Iterable[str]], keys: dict[str, dict]) -> dict:
    """The schema, completed from the registries.

    registries: the names that are allowed for a key with `registry`. keys: the further keys, each with its schema, that
    are allowed in a mapping with `keys_of`.
    """
    with open(path, encoding="utf-8") as file:
        schema = yaml.load(file, LOADER)
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if isinstance(part.get("registry"), str):
                part["enum"] = list(registries[part["registry"]])
            if isinstance(part.get("keys_of"), str):
                part["properties"] = part.get("properties", {}) | keys[part["keys_of"]]
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return schema


def check_schema(config: dict, schema: dict, name: str) -> None:
    """Raise UserError for the first error: file, key, value, and what is allowed.

    name: the config file's name, for messages.
    """
    check_finite(config, name)
    errors = sorted(Validator(schema).iter_errors(config), key=lambda error: list(map(str, error.absolute_path)))
    if errors:
        raise UserError(f"{name}: {explain(errors[0], schema['$defs'])}")


def with_defaults(config: dict, schema: dict) -> dict:
    """A copy of a valid config with the schema's defaults filled in.

    Of alternatives (`oneOf`) the one that the value matches applies. A missing key without a default stays missing; its
    description says what that means.
    """
    return fill(copy.deepcopy(config), schema, schema)


def fill(value, part: dict, schema: dict):
    """The value with the defaults of a part of the schema, in place."""
    if "$ref" in part:
        part = schema["$defs"][part["$ref"].rpartition("/")[2]] | part
    if "oneOf" in part:
        validator = Validator({"$defs": schema["$defs"]})
        part = next(branch for branch in part["oneOf"] if validator.evolve(schema=branch).is_valid(value)) | part
    if isinstance(value, dict):
        properties, others = part.get("properties", {}), part.get("additionalProperties")
        for key, inner in properties.items():
            if "default" in inner:
                value.setdefault(key, copy.deepcopy(inner["default"]))
        for key in value:
            inner = properties.get(key, others)
            if isinstance(inner, dict):
                value[key] = fill(value[key], inner, schema)
    elif isinstance(value, list) and "items" in part:
        value[:] = [fill(item, part["items"], schema) for item in value]
    return value


def check_finite(content, name: str, key: str = "") -> None:
    """Raise UserError for .inf and .nan, which YAML reads as numbers and the schema accepts."""
    if isinstance(content, dict):
        for inner, value in content.items():
            check_finite(value, name, f"{key}.{inner}" if key else str(inner))
    elif isinstance(content, list):
        for number, value in enumerate(content):
            check_finite(value, name, f"{key}.{number}")
    elif isinstance(content, float) and not math.isfinite(content):
        raise UserError(f"{name}: {key}: {content} is not a finite number")


def explain(error: jsonschema.ValidationError, definitions: dict) -> str:
    """One line for a schema error: the key, what it holds, what is allowed. definitions: the schema's."""
    while error.context:
        error = closest(error)
    key = ".".join(map(str, error.absolute_path)) or "the config"
    if error.validator == "additionalProperties":
        allowed = sorted(error.schema.get("properties", {}))
        unknown = sorted((name for name in error.instance if name not in allowed), key=str)[0]
        close = difflib.get_close_matches(str(unknown), allowed, n=1)
        hint = f", did you mean {close[0]!r}?" if close else ""
        return f"{key}: unknown key {unknown!r}{hint} (allowed: {', '.join(allowed)})"
    if error.validator == "required":
        missing = sorted(set(error.validator_value) - set(error.instance))[0]
        schema = error.schema.get("properties", {}).get(missing) or error.schema["additionalProperties"]
        return f"{key}: missing key {missing!r} (allowed: {allowed_by(schema, definitions)})"
    if error.validator in ("enum", "const", "pattern", *BOUNDS):
        allowed = f"{key}: {shown(error.instance)} (allowed: {allowed_by(error.schema, definitions)})"
        return "; ".join(filter(None, [allowed, reading_of(error.instance, types_of(error.schema))]))
    if error.validator == "type":
        wanted = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
        fault = f"{key}: {shown(error.instance)} is not of type {' or '.join(wanted)}"
        return "; ".join(filter(None, [fault, reading_of(error.instance, set(wanted))]))
    return f"{key}: {error.message}"


def shown(value) -> str:
    """A value of a config, for messages."""
    return str(value) if isinstance(value, datetime.date) else repr(value)


def types_of(schema: dict) -> set[str]:
    """The types of the listed values (`enum`, `const`) of a part of the schema."""
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    names = {"boolean" if isinstance(value, bool) else "string" for value in values}
    return names - {"string"} if "boolean" in names else names


def allowed_by(schema: dict, definitions: dict) -> str:
    """What a part of the schema allows, in words."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]] | schema
    if "enum" in schema or "const" in schema:
        return ", ".join(map(str, schema.get("enum", [schema.get("const")])))
    kind = KINDS[schema.get("type", "object")]
    limits = " and ".join(f"{words} {schema[bound]}" for bound, words in BOUNDS.items() if bound in schema)
    if limits:
        return f"{kind} {limits}"
    return f"{kind}: {schema['description']}" if "description" in schema else kind


def closest(error: jsonschema.ValidationError) -> jsonschema.ValidationError:
    """The error of the alternative that the value was meant for: the one whose first key it has."""
    branches: dict[int, list[jsonschema.ValidationError]] = {}
    for inner in error.context:
        branches.setdefault(inner.schema_path[0], []).append(inner)
    given = error.instance if isinstance(error.instance, dict) else {}
    own = [
        number
        for number, branch in enumerate(error.validator_value)
        if number in branches and set(branch.get("required", [])[-1:] + branch.get("required", [])[:1]) & set(given)
    ]
    fitting = min(own or branches, key=lambda number: len(branches[number]))
    return branches[fitting][0]

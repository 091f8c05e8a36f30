"""What is promised about every document that the helper prints."""

import functools
import json
import pathlib
import re

import jsonschema
import referencing
import yaml

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SCHEMAS = REPOSITORY / "docs" / "schema"
EXITS = {"ok": 0, "rejected": 1, "usage": 2, "unavailable": 3}


class Loader(yaml.SafeLoader):
    """PyYAML's own reader, which lets the last of two equal keys win; here
    they are an error."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"duplicate key in {keys}"
        return super().construct_mapping(node, deep)


class TextLoader(yaml.SafeLoader):
    """Reads times and dates as the text that they are written as."""


TextLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers
            if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}


def strict(schema):
    """The schema, with every key refused that it does not name. What is
    published lets them pass, as a reader must; what is printed has none."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: strict(value) for key, value in schema.items()}
    # Not within conditions: they look at single keys.
    for key in ("if", "then", "else", "not", "allOf", "anyOf", "oneOf",
                "contains"):
        if key in schema:
            out[key] = schema[key]
    if "properties" in schema and "additionalProperties" not in schema:
        out["unevaluatedProperties"] = False
    return out


@functools.cache
def schema(name, closed=False):
    data = json.loads((SCHEMAS / name).read_text())
    return strict(data) if closed and name != "envelope.json" else data


def validator(name, closed=False):
    registry = referencing.Registry().with_resources(
        (path.name, referencing.Resource.from_contents(
            schema(path.name, closed)))
        for path in SCHEMAS.glob("*.json"))
    return jsonschema.Draft202012Validator(
        schema(name, closed), registry=registry)


def faults(name, value, closed=True):
    return [f"{error.json_path}: {error.message}"
            for error in validator(name, closed).iter_errors(value)]


def resolve(part, name):
    """Properties and items of a schema, what it refers to first; and the
    file that the latter is in."""
    if "$ref" not in part:
        return part, name
    file, _, pointer = part["$ref"].partition("#")
    other = schema(file or name)
    for step in pointer.split("/")[1:]:
        other = other[step]
    other, name = resolve(other, file or name)
    properties = part.get("properties", {}) | other.get("properties", {})
    order = [*other.get("properties", {}), *properties]
    return other | {"properties": {key: properties[key] for key in order}}, name


def misplaced(value, part, name, where="$"):
    """Keys that do not come in the order of the schema."""
    if "anyOf" in part:
        part = part["anyOf"][0]
    part, name = resolve(part, name)
    out = []
    if isinstance(value, list):
        for index, item in enumerate(value):
            out += misplaced(item, part.get("items", {}), name,
                             f"{where}[{index}]")
    if isinstance(value, dict) and "properties" in part:
        known = [key for key in part["properties"] if key in value]
        present = [key for key in value if key in part["properties"]]
        if known != present:
            out.append(f"{where}: {present}, expected {known}")
        for key in present:
            out += misplaced(value[key], part["properties"][key], name,
                             f"{where}.{key}")
    return out


def single(text):
    """The one document of a text."""
    documents = list(yaml.load_all(text, Loader))
    assert len(documents) == 1
    return documents[0]


@functools.cache
def page():
    """Exit codes of each code in docs/findings.md."""
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| ([0-9r, ]+) \|",
                      (REPOSITORY / "docs/findings.md").read_text(), re.M)
    return {code: exits.split(", ") for code, exits in rows}


ENVELOPE = ["format", "helper", "command", "outcome", "changed", "retryable",
            "findings", "result"]


def hold(ran):
    """Fails unless a run keeps every promise of docs/result-format.md."""
    text = ran.stdout.decode("utf-8")
    assert text.startswith('format: "countersign/') and text.endswith("\n")
    document = single(text)
    assert list(document) == ENVELOPE
    name = f"{document['command']}.json"
    assert document["format"] == f"countersign/{document['command']}@v1"
    assert faults(name, document) == []
    # The envelope first: a command adds to it, and changes no order.
    assert misplaced(document["findings"],
                     schema("envelope.json")["properties"]["findings"],
                     "envelope.json") == []
    result = schema(name).get("properties", {}).get("result", {})
    assert misplaced(document["result"], result, name) == []
    assert ran.code == EXITS[document["outcome"]]
    assert document["findings"] or document["outcome"] == "ok"
    for finding in document["findings"]:
        exits = page().get(finding["code"])
        assert exits, f"{finding['code']} is not in docs/findings.md"
        told = {"error": "1", "warning": "0", "note": "0",
                "failure": f"{ran.code}{'r' * document['retryable']}"}
        assert told[finding["severity"]] in exits, finding
    return document

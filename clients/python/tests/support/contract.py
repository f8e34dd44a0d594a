"""The bodies that the Penstock API takes from a step, checked as its schemas do (shared/domain/metrics.ts, shared/api/requests.ts)."""

import math
import re

GUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
INSTANT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
MAX_SAFE_INTEGER = 2**53 - 1
JSON_BODY_BYTES = 1024 * 1024


def require(condition, message):
    if not condition:
        raise ValueError(message)


def check_metric_batch(body):
    require(set(body) == {"batchId", "order", "entries"}, "batch members {}".format(sorted(body)))
    require(GUID.match(body["batchId"]), "batchId {!r}".format(body["batchId"]))
    require(_is_int(body["order"]) and body["order"] >= 0, "order {!r}".format(body["order"]))
    require(isinstance(body["entries"], list) and 1 <= len(body["entries"]) <= 1000, "1 to 1,000 entries")
    for entry in body["entries"]:
        check_entry(entry)


def check_entry(entry):
    optional = {"description"} | ({"step"} if entry.get("kind") == "scalar" else set())
    require(
        {"kind", "name", "value", "time"} <= set(entry) <= {"kind", "name", "value", "time"} | optional, "members {}".format(sorted(entry))
    )
    require(_is_text(entry["name"], 255, 1), "name")
    require(isinstance(entry["time"], str) and INSTANT.match(entry["time"]), "time {!r}".format(entry["time"]))
    require(_is_text(entry.get("description", ""), 1024), "description")
    require("step" not in entry or _is_int(entry["step"]), "step")
    require(_VALUES[entry["kind"]](entry["value"]), "value of {} {!r:.100}".format(entry["kind"], entry["value"]))


def check_patch(body):
    require(set(body) <= {"tags", "removeTags", "properties"}, "patch members {}".format(sorted(body)))
    _check_tags(body.get("tags", {}))
    require(all(isinstance(name, str) for name in body.get("removeTags", [])), "removeTags")
    for name, value in body.get("properties", {}).items():
        require(_is_text(name, 255, 1) and _is_text(value, 8192), "property {!r}".format(name))


def check_child(body):
    require(set(body) <= {"name", "tags"}, "child members {}".format(sorted(body)))
    require("name" not in body or _is_text(body["name"], 255, 1), "name")
    _check_tags(body.get("tags", {}))


def check_end(body):
    require(set(body) <= {"status", "error"}, "end members {}".format(sorted(body)))
    require(body.get("status") in ("Completed", "Failed", "Canceled"), "status {!r}".format(body.get("status")))
    require(_is_text(body.get("error", ""), 8192), "error")


def is_relative_path(path):
    parts = path.split("/")
    return 0 < len(path) <= 1024 and not re.search(r"[\\\x00-\x1f\x7f-\x9f]", path) and all(p not in ("", ".", "..") for p in parts)


def _check_tags(tags):
    for name, value in tags.items():
        require(_is_text(name, 255, 1) and (value is None or _is_text(value, 8192)), "tag {!r}".format(name))


def _is_text(value, longest, shortest=0):
    return isinstance(value, str) and shortest <= len(value.encode("utf-16-le")) // 2 <= longest


def _is_int(value):
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_SAFE_INTEGER


def _is_scalar(value):
    if isinstance(value, (int, float)):
        return math.isfinite(float(value))
    return value is None or _is_text(value, 1024)


def _is_list(value):
    return isinstance(value, list) and len(value) <= 10_000 and all(_is_scalar(item) for item in value)


def _is_columns(value, cell):
    return isinstance(value, dict) and all(_is_text(name, 255) and cell(item) for name, item in value.items())


_VALUES = {
    "scalar": _is_scalar,
    "list": _is_list,
    "row": lambda value: _is_columns(value, _is_scalar),
    "table": lambda value: _is_columns(value, lambda item: _is_scalar(item) or _is_list(item)),
    "image": lambda value: _is_text(value, 1024),
}

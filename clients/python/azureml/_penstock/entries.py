"""Turns what a script logs into metric entries, the JSON that the API takes, and back into what ``get_metrics`` gives."""

import json
import math
import sys
import time

from azureml.exceptions import UserErrorException

#: Values in one entry of a list or a table's column, and bytes in one entry: what is longer travels as several entries.
MAX_VALUES = 10_000
MAX_ENTRY_BYTES = 512 * 1024
_MAX_TEXT = 1024
_MAX_NAME = 255
_NOT_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_to_json = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
_warned = set()


def scalar(value, where):
    """A number, text, truth value or None for ``value``: numpy's and torch's scalars by their ``item()``, others by float() or str()."""
    if value is None or isinstance(value, (bool, str)):
        return _text(value, where) if isinstance(value, str) else value
    if isinstance(value, int):
        return int(value) if value.bit_length() <= 1023 else str(value)[:_MAX_TEXT]
    if isinstance(value, float):
        return _finite(float(value))
    if isinstance(value, (list, tuple, dict, set)) or getattr(value, "shape", ()) not in ((), (1,)):
        kind = type(value).__name__
        raise UserErrorException("{} is a {} where one value is wanted: log_list or log_table take several".format(where, kind))
    if hasattr(value, "item"):
        return scalar(value.item(), where)
    if hasattr(value, "__float__"):
        return _finite(float(value))
    return _text(str(value), where)


def sequence(value, where):
    """A list of scalars from a list, tuple, range, or anything with numpy's ``tolist()``."""
    values = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(values, (str, bytes, dict)) or not hasattr(values, "__iter__"):
        raise UserErrorException("{} is a {} where a list is wanted".format(where, type(value).__name__))
    return [scalar(item, where) for item in values]


def encode(kind, name, value, description=None, step=None):
    """The JSON texts of one call of ``log*``, in order: several where one would be too long."""
    _check_name(name)
    entry = {"kind": kind, "name": name, "value": value, "time": _now()}
    if step is not None:
        entry["step"] = int(step)
    if description:
        entry["description"] = _text(str(description), "description of metric {!r}".format(name))
    return _fit(entry)


def values_by_name(entries, name=None):
    """What v1's ``get_metrics`` gives: a value, or a list where a name was logged again; rows and tables as columns."""
    by_name = {}
    for entry in entries:
        if name is None or entry["name"] == name:
            by_name.setdefault(entry["name"], []).append(entry)
    return {key: _fold(same) for key, same in by_name.items()}


def _fold(entries):
    kind = entries[-1]["kind"]
    values = [entry["value"] for entry in entries if entry["kind"] == kind]
    if kind == "list":
        return [_decode(item) for value in values for item in value]
    if kind in ("row", "table"):
        return _columns(values)
    decoded = [_decode(value) for value in values]
    return decoded[0] if len(decoded) == 1 else decoded


def _columns(rows):
    if len(rows) == 1:
        return {column: _decode_all(value) for column, value in rows[0].items()}
    columns = {}
    for row in rows:
        for column, value in row.items():
            columns.setdefault(column, []).extend(_decode_all(value if isinstance(value, list) else [value]))
    return columns


def _decode_all(value):
    return [_decode(item) for item in value] if isinstance(value, list) else _decode(value)


def _decode(value):
    return _NOT_FINITE.get(value, value) if isinstance(value, str) else value


def _fit(entry):
    text = _to_json(entry)
    value = entry["value"]
    longest = max((len(v) for v in _lists(value)), default=0)
    if longest <= MAX_VALUES and len(text) <= MAX_ENTRY_BYTES:
        return [text]
    if longest < 2:
        raise UserErrorException(
            "metric {!r} has {} bytes, and {} at most can be stored: use upload_file".format(entry["name"], len(text), MAX_ENTRY_BYTES)
        )
    half = longest // 2
    if isinstance(value, list):
        parts = value[:half], value[half:]
    else:
        parts = tuple({k: _part(v, part) for k, v in value.items()} for part in (slice(half), slice(half, None)))
    return [text for part in parts for text in _fit({**entry, "value": part})]


def _lists(value):
    candidates = value.values() if isinstance(value, dict) else [value]
    return [v for v in candidates if isinstance(v, list)]


def _part(column, part):
    return column[part] if isinstance(column, list) else column


def _finite(number):
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def _text(text, where):
    text = text.encode("utf-8", "replace").decode()  # half a surrogate pair is no text that JSON can carry
    units = text.encode("utf-16-le")  # the API counts as JavaScript does
    if len(units) <= 2 * _MAX_TEXT:
        return text
    if where not in _warned:
        _warned.add(where)
        print("penstock: {} is cut to {} characters; upload_file keeps longer texts".format(where, _MAX_TEXT), file=sys.stderr)
    return units[: 2 * _MAX_TEXT].decode("utf-16-le", "ignore")


def _check_name(name):
    if not isinstance(name, str) or not 0 < len(name) <= _MAX_NAME:
        raise UserErrorException("metric name {!r:.80} must be a text of 1 to {} characters".format(name, _MAX_NAME))


def _now():
    now = time.time_ns()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now // 10**9)) + ".{:06d}Z".format(now // 1000 % 10**6)

"""What all runs of this process share: the step's context, the connection to the API, the sender of metrics. Made when first needed."""

import atexit

from azureml._penstock.context import step_context

_shared = {}


def context():
    """The step's context; None outside of a step."""
    if "context" not in _shared:
        _shared["context"] = step_context()
    return _shared["context"]


def api():
    """The API for calls that a script waits for."""
    return _once("api", _new_api)


def sender():
    """The one sender of metrics."""
    return _once("sender", _new_sender)


def flush(timeout_seconds):
    """Waits for the metrics logged so far; False if time ran out. Free if nothing was ever logged."""
    return "sender" not in _shared or _shared["sender"].flush(timeout_seconds)


@atexit.register  # on import, so that it comes after the script's own exit handlers, which may still log
def close():
    """Waits at the end of the process until what was logged is stored."""
    if "sender" in _shared:
        _shared["sender"].close()


def _once(key, make):
    if key not in _shared:
        _shared.setdefault(key, make())
    return _shared[key]


def _new_api():
    from azureml._penstock.api import Api

    return Api(context().api_url, context().token)


def _new_sender():
    from azureml._penstock.sender import MetricSender

    return MetricSender(_new_api())  # a connection of its own, so that a long upload does not hold up metrics

"""The Penstock API over one kept-open connection; retries what may be sent twice while the API is away."""

import http.client
import json
import os
import random
import threading
import time
from urllib.parse import quote, urlencode, urlsplit

from azureml._penstock import connection
from azureml.exceptions import ServiceException

#: How long a call goes on trying while the API is out of reach, in seconds.
PATIENCE_SECONDS = 90.0
_BUSY = (408, 429, 500, 502, 503, 504)
_FAULTS_BORNE = 4  # answers of 500 to one call: a fault of the moment passes sooner, and another kind never


class Unreachable(Exception):
    """No answer, or one that asks for another try. ``sent`` says whether the request may have had an effect."""

    def __init__(self, reason, sent, status=None, retry_after=0.0):
        super().__init__(reason)
        self.sent, self.status, self.retry_after = sent, status, retry_after

    def wait(self, pause):
        """Seconds until the next try: what was asked for at least, and by chance, since others were told the same at the same time."""
        return max(self.retry_after * random.uniform(1.0, 1.5), pause * random.uniform(0.5, 1.0))


class Api:
    """Calls of one caller, one after the other. Threads may share it; they wait for one another."""

    def __init__(self, base_url, token):
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ServiceException("PENSTOCK_API_URL is {!r}: it must be an http or https address".format(base_url))
        self._parts, self._prefix, self._token = parts, parts.path.rstrip("/"), token
        self.forget()

    def forget(self):
        """Begins anew without touching the connection: what a forked child must do, since it is its parent's."""
        self._lock, self._connection, self._pid = threading.RLock(), None, os.getpid()

    def call(self, method, path, query=None, body=None, repeatable=True):
        """The answer's JSON, or None. ``body`` is JSON data. What is not ``repeatable`` is sent again only if it surely had no effect."""
        data = None if body is None else json.dumps(body, allow_nan=False).encode()
        content = self._patiently(method, path, query, lambda: data, "application/json", repeatable)
        return json.loads(content) if content else None

    def send(self, path, query, open_body):
        """PUTs bytes; ``open_body`` gives bytes or a new binary reader for each try. Returns the answer's JSON."""
        return json.loads(self._patiently("PUT", path, query, open_body, "application/octet-stream", True))

    def fetch(self, path, query, target):
        """Writes the bytes of a GET to the binary file ``target``, from its beginning; begins again if the connection breaks."""
        self._patiently("GET", path, query, lambda: None, None, True, lambda answer: _copy(answer, target))

    def attempt(self, method, path, query, body, content_type, take=lambda answer: answer.read()):
        """One try. Raises :class:`Unreachable` if another may help, and ServiceException if none will."""
        if os.getpid() != self._pid:
            self.forget()
        with self._lock:
            try:
                status, content, retry_after = self._exchange(method, path, query, body, content_type, take)
            except BaseException:
                self.close()  # whatever is left of the answer must not be read as the next one
                raise
        if status < 300:
            return content
        if status in _BUSY:
            raise Unreachable("HTTP {}".format(status), sent=status not in (429, 503), status=status, retry_after=retry_after)
        raise ServiceException(_refusal(method, path, status, content), status)

    def close(self):
        """Drops the connection; the next call opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _patiently(self, method, path, query, make_body, content_type, repeatable, take=lambda answer: answer.read()):
        deadline, pause, faults = time.monotonic() + PATIENCE_SECONDS, 0.1, 0
        while True:
            try:
                return self.attempt(method, path, query, make_body(), content_type, take)
            except Unreachable as error:
                wait = error.wait(pause)
                faults += error.status == 500
                hopeless = faults >= _FAULTS_BORNE or time.monotonic() + wait > deadline
                if hopeless or (error.sent and not repeatable):
                    text = "the Penstock API did not answer {} {}: {}".format(method, path, error)
                    raise ServiceException(text, error.status) from error
            time.sleep(wait)
            pause = min(pause * 2, 5.0)

    def _exchange(self, method, path, query, body, content_type, take):
        sent = False
        try:
            if self._connection is None or connection.is_over(self._connection):
                self.close()
                self._connection = connection.connect(self._parts)
            sent = True
            target = self._prefix + path + ("?" + urlencode(query, quote_via=quote) if query else "")
            headers = self._headers(body, content_type)
            self._connection.request(method, self._connection.address_prefix + target, body=body, headers=headers)
            answer = self._connection.getresponse()
            content = take(answer) if answer.status < 300 else answer.read()
            return answer.status, content, _retry_after(answer)
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable("{}: {}".format(type(error).__name__, error), sent) from error
        finally:
            if hasattr(body, "close"):
                body.close()

    def _headers(self, body, content_type):
        headers = {"Authorization": "Bearer " + self._token, "Accept": "application/json", **self._connection.extra_headers}
        if body is not None:
            headers["Content-Type"] = content_type
            headers["Content-Length"] = str(len(body) if isinstance(body, bytes) else os.fstat(body.fileno()).st_size)
        return headers


def _copy(answer, target):
    expected, count = answer.length, 0
    try:
        target.seek(0)
        target.truncate()
    except OSError as error:
        raise ServiceException("cannot write the download: {}".format(error)) from error
    while True:
        block = answer.read(1 << 20)
        if not block:
            break
        try:
            target.write(block)
        except OSError as error:  # a full disk here is not an API out of reach
            raise ServiceException("cannot write the download: {}".format(error)) from error
        count += len(block)
    if expected is not None and count != expected:
        raise http.client.IncompleteRead(b"", expected - count)


def _retry_after(answer):
    value = answer.getheader("Retry-After", "")
    return min(float(value), 30.0) if value.isdigit() else 0.0


def _refusal(method, path, status, content):
    """A sentence from the problem details (RFC 9457) that the API answers with."""
    try:
        problem = json.loads(content)
        errors = ["{} {}".format(e.get("pointer", ""), e["message"]).strip() for e in problem.get("errors", [])]
        said = [problem.get("title"), problem.get("detail")] + errors + [problem.get("remedy")]
        text = "; ".join(part for part in said if part)
    except (ValueError, AttributeError, KeyError, TypeError):
        text = content[:200].decode("utf-8", "replace")
    return "the Penstock API refused {} {} (HTTP {}): {}".format(method, path, status, text or "without saying why")

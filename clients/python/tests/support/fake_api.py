"""A small HTTP server with the routes of the Penstock API that a step's token opens. It takes only what the contract allows."""

import json
import re
import socket
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from support import contract

TOKEN = "step-token-of-the-tests"
PIPELINE_RUN = "0192f0aa-0000-7000-8000-00000000000a"
STEP_RUN = "0192f0aa-0000-7000-8000-00000000000b"


class FakeApi:
    """Keeps what it was sent. ``refusals`` and ``faults`` say what happens to the next requests."""

    def __init__(self):
        self.runs, self.batches, self.files, self.requests, self.problems = {}, [], {}, [], []
        #: Taken one a request: an HTTP status, "drop" (no answer, no effect) or "deaf" (the effect, but no answer).
        self.faults = []
        self.page_size = 2
        self.changed = threading.Condition()
        self.new_run("pipelineRun", "iris", None, PIPELINE_RUN)
        self.new_run("stepRun", "train", PIPELINE_RUN, STEP_RUN)
        self.port, self._server = 0, None

    def start(self):
        handler = type("Handler", (_Handler,), {"api": self})
        self._server = _Server(("127.0.0.1", self.port), handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self):
        """Closes the port and every connection, as a host that ends does."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server.drop_connections()
            self._server = None

    @property
    def url(self):
        return "http://127.0.0.1:{}".format(self.port)

    @property
    def environment(self):
        return {
            "PENSTOCK_RUN_ID": STEP_RUN,
            "AZUREML_RUN_ID": STEP_RUN,
            "PENSTOCK_PIPELINE_RUN_ID": PIPELINE_RUN,
            "PENSTOCK_API_URL": self.url,
            "PENSTOCK_TOKEN": TOKEN,
            "PENSTOCK_EXPERIMENT": "flowers",
            "PENSTOCK_STEP": "train",
            "PENSTOCK_WORKSPACE": "laptop",
        }

    def new_run(self, kind, name, parent, run_id=None):
        run = {
            "id": run_id or str(uuid.uuid4()),
            "kind": kind,
            "experimentName": "flowers",
            "displayName": name,
            "status": "Running",
            "revision": "1",
            "createdAt": "2026-01-01T00:00:00Z",
            "tags": {},
            "properties": {},
            "warnings": [],
        }
        if parent:
            run["parentRunId"] = parent
        self.runs[run["id"]] = run
        return run

    def entries(self, run_id=STEP_RUN):
        """Metric entries of a run by the order of their batches."""
        batches = sorted((batch for owner, batch in self.batches if owner == run_id), key=lambda batch: batch["order"])
        return [entry for batch in batches for entry in batch["entries"]]

    def values(self, name, run_id=STEP_RUN):
        return [entry["value"] for entry in self.entries(run_id) if entry["name"] == name]

    def wait_for(self, condition):
        with self.changed:
            assert self.changed.wait_for(condition, 20), "nothing of that kind arrived"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, *args):
        self._open = set()
        super().__init__(*args)

    def process_request(self, request, client_address):
        self._open.add(request)
        super().process_request(request, client_address)

    def drop_connections(self):
        for connection in self._open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it is over already

    def handle_error(self, request, client_address):
        pass  # a client that went away is part of the tests


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api = None

    def log_message(self, *args):
        pass

    def _any(self):
        api, parts = self.api, urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with api.changed:
            api.requests.append((self.command, parts.path))
            fault = api.faults.pop(0) if api.faults else None
            if fault == "drop":
                return self._hang_up()
            if isinstance(fault, int):
                return self._answer(fault, {"title": "Out of order"})
            if isinstance(fault, tuple):  # a status and when to come back
                return self._answer(fault[0], {"title": "Too much at once"}, {"Retry-After": fault[1]})
            try:
                status, answer = self._route(parts.path, {k: v[0] for k, v in parse_qs(parts.query).items()}, body)
            except (ValueError, KeyError, TypeError) as error:
                api.problems.append(repr(error))
                status, answer = 400, {"title": "The request is not as it should be", "errors": [{"pointer": "/", "message": repr(error)}]}
            api.changed.notify_all()
            return self._hang_up() if fault == "deaf" else self._answer(status, answer)

    do_GET = do_POST = do_PUT = do_PATCH = _any

    def _route(self, path, query, body):
        if self.headers["Authorization"] != "Bearer " + TOKEN:
            return 401, {"title": "Who is calling is not known"}
        match = re.match(r"^/api/runs/([0-9a-f-]{36})(/.*)?$", path)
        if match is None:
            return 404, {"title": "No such route"}
        run = self.api.runs.get(match.group(1))
        if run is None:
            return 403, {"title": "The caller may not do this", "detail": "this needs a run of the step"}
        if run["kind"] == "pipelineRun" and match.group(2) in ("/end", "/children"):
            return 403, {"title": "The caller may not do this"}
        name = "_{}{}".format(self.command.lower(), re.sub(r"\W", "_", match.group(2) or ""))
        raw = "content" in name
        if body and not raw:
            contract.require(len(body) <= contract.JSON_BODY_BYTES, "body of {} bytes".format(len(body)))
            contract.require(self.headers["Content-Type"] == "application/json", "content type")
        return getattr(self, name)(run, query, body if raw or not body else json.loads(body))

    def _get(self, run, query, body):
        return 200, run

    def _patch(self, run, query, body):
        contract.check_patch(body)
        for name, value in body["properties"].items():
            if run["properties"].get(name, value) != value:
                return 409, {"title": "A property is written once", "detail": "property {!r} is set".format(name), "remedy": "use a tag"}
        run["tags"].update(body["tags"])
        run["properties"].update(body["properties"])
        for name in body["removeTags"]:
            run["tags"].pop(name, None)
        return 200, run

    def _post_metrics(self, run, query, body):
        contract.check_metric_batch(body)
        if not any(batch["batchId"] == body["batchId"] for _, batch in self.api.batches):
            self.api.batches.append((run["id"], body))
        return 204, None

    def _get_metrics(self, run, query, body):
        wanted = query.get("name")
        return 200, {"runId": run["id"], "metrics": [e for e in self.api.entries(run["id"]) if wanted in (None, e["name"])]}

    def _put_artifacts_content(self, run, query, body):
        contract.require(contract.is_relative_path(query["path"]), "path {!r}".format(query["path"]))
        self.api.files[(run["id"], query["path"])] = body
        return 200, {"path": query["path"], "size": len(body), "modifiedAt": "2026-01-01T00:00:00Z"}

    def _get_artifacts_content(self, run, query, body):
        content = self.api.files.get((run["id"], query["path"]))
        if content is None:
            return 404, {"title": "There is no such artifact", "detail": "artifact {!r} is not there".format(query["path"])}
        return 200, content

    def _get_artifacts(self, run, query, body):
        names = sorted(path for owner, path in self.api.files if owner == run["id"] and path.startswith(query.get("prefix", "")))
        start = int(query.get("cursor", 0))
        page = {"files": [{"path": name} for name in names[start : start + self.api.page_size]]}
        if start + self.api.page_size < len(names):
            page["cursor"] = str(start + self.api.page_size)
        return 200, page

    def _post_children(self, run, query, body):
        contract.check_child(body)
        child = self.api.new_run("childRun", body.get("name", "child"), run["id"])
        child["tags"] = body["tags"]
        return 201, child

    def _get_children(self, run, query, body):
        return 200, {"runs": [r for r in self.api.runs.values() if r.get("parentRunId") == run["id"]]}

    def _post_end(self, run, query, body):
        contract.check_end(body)
        run["status"] = body["status"]
        if "error" in body:
            run["failure"] = {"code": "ScriptFailed", "cause": body["error"]}
        return 200, run

    def _hang_up(self):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _answer(self, status, answer, headers=None):
        content = b"" if answer is None else answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

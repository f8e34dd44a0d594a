"""A run as the Penstock API keeps it."""

from azureml._penstock import session


class RemoteRecord:
    """One run by its id, over the routes that a step's token opens."""

    offline = False

    def __init__(self, run_id):
        self.run_id = run_id

    def get(self):
        """The run as the API shows it (a `Run` of its OpenAPI document)."""
        return self._call("GET", "")

    def patch(self, tags=None, remove_tags=None, properties=None):
        """Sets tags and properties; a property that has another value already is an error (HTTP 409)."""
        return self._call("PATCH", "", body={"tags": tags or {}, "removeTags": remove_tags or [], "properties": properties or {}})

    def log(self, kind, name, value, description=None, step=None):
        """Takes a metric on its way; does not wait."""
        from azureml._penstock.entries import encode

        session.sender().add(self.run_id, encode(kind, name, value, description, step))

    def metrics(self, name=None):
        """Metric entries in the order of logging, those still on their way included."""
        session.flush(60)
        return self._call("GET", "/metrics", {"name": name} if name else None)["metrics"]

    def put_file(self, path, open_body):
        """Stores an artifact; ``open_body`` gives its bytes or a new binary reader."""
        session.api().send(self._path("/artifacts/content"), {"path": path}, open_body)

    def get_file(self, path, target):
        """Writes an artifact's bytes to the binary file ``target``."""
        session.api().fetch(self._path("/artifacts/content"), {"path": path}, target)

    def file_names(self, prefix=None):
        """Paths of all artifacts, page after page."""
        names, query = [], {"prefix": prefix} if prefix else {}
        while True:
            page = self._call("GET", "/artifacts", query)
            names += [file["path"] for file in page["files"]]
            if not page.get("cursor"):
                return names
            query = {**query, "cursor": page["cursor"]}

    def new_child(self, name=None, tags=None):
        """A new run below this one."""
        body = {"tags": tags or {}}
        if name:
            body["name"] = name
        return self._call("POST", "/children", body=body, repeatable=False)

    def children(self):
        """The runs that the script made below this one."""
        return self._call("GET", "/children")["runs"]

    def end(self, status, error=None):
        """Says how the run ended, after all its metrics."""
        session.flush(60)
        body = {"status": status}
        if error:
            body["error"] = error[:8192]
        return self._call("POST", "/end", body=body)

    def _call(self, method, path, query=None, **options):
        return session.api().call(method, self._path(path), query, **options)

    def _path(self, path):
        return "/api/runs/{}{}".format(self.run_id, path)

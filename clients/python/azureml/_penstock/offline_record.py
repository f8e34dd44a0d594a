"""A run outside of any step: prints what it would store, and remembers it while the process lives."""

from azureml.exceptions import UserErrorException


class OfflineRecord:
    """The same methods as :class:`RemoteRecord`, in memory."""

    offline = True

    def __init__(self, name=None, tags=None):
        self._run_id = None
        self._resource = {
            "kind": "childRun",
            "displayName": name or "offline run",
            "status": "Running",
            "tags": dict(tags or {}),
            "properties": {},
            "warnings": [],
        }
        self._entries, self._files, self._children = [], {}, []

    @property
    def run_id(self):
        if self._run_id is None:  # most scripts never ask, and uuid takes longer to import than all the rest
            import uuid

            self._run_id = "OfflineRun_" + str(uuid.uuid4())
        return self._run_id

    def get(self):
        return {"id": self.run_id, **self._resource}

    def patch(self, tags=None, remove_tags=None, properties=None):
        for name, value in (properties or {}).items():
            if self._resource["properties"].get(name, value) != value:
                raise UserErrorException("property {!r} has another value already: use a tag for what changes".format(name))
        for key in ("tags", "properties"):
            for name, value in ((tags if key == "tags" else properties) or {}).items():
                self._resource[key][name] = value
                self._say("{} {}{}".format("tag" if key == "tags" else "property", name, "" if value is None else " = " + value))
        for name in remove_tags or []:
            self._resource["tags"].pop(name, None)
            self._say("remove tag " + name)
        return self.get()

    def log(self, kind, name, value, description=None, step=None):
        import json

        from azureml._penstock.entries import encode

        self._entries += [json.loads(text) for text in encode(kind, name, value, description, step)]
        self._say("{} {}{} = {}".format(kind, name, "" if step is None else "[{}]".format(step), value))

    def metrics(self, name=None):
        return [entry for entry in self._entries if name is None or entry["name"] == name]

    def put_file(self, path, open_body):
        body = open_body()
        if not isinstance(body, bytes):
            with body:
                body = body.name  # the bytes stay where they are
        self._files[path] = body
        self._say("upload " + path)

    def get_file(self, path, target):
        import shutil

        if path not in self._files:
            raise UserErrorException("there is no file {!r} in this run; it has {}".format(path, sorted(self._files) or "none"))
        kept = self._files[path]
        if isinstance(kept, bytes):
            target.write(kept)
        else:
            with open(kept, "rb") as source:
                shutil.copyfileobj(source, target)

    def file_names(self, prefix=None):
        return sorted(path for path in self._files if path.startswith(prefix or ""))

    def new_child(self, name=None, tags=None):
        child = OfflineRecord(name, tags)
        self._children.append(child)
        self._say("child run {}".format(name or ""))
        return child

    def children(self):
        return list(self._children)

    def end(self, status, error=None):
        self._resource["status"] = status
        if error:
            self._resource["failure"] = {"code": "ScriptFailed", "cause": error}
        self._say(status + (": " + error if error else ""))
        return self.get()

    def _say(self, text):
        print("[offline run] " + text, flush=True)

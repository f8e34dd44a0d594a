"""The part of ``Run`` that keeps files: the run's artifacts."""

import os

from azureml.exceptions import UserErrorException

#: Bytes of one upload at most.
MAX_UPLOAD_BYTES = 100 * 1024 * 1024


class RunFiles:
    """Files by a name of their own, with ``/`` between folders. What lies in ./outputs and ./logs is kept without any call."""

    def upload_file(self, name, path_or_stream, datastore_name=None):
        """Keeps one file, or what a binary (or text) stream yields, under ``name``."""
        _only_default(datastore_name)
        name = _artifact_name(name)
        if not hasattr(path_or_stream, "read"):
            path = os.fspath(path_or_stream)
            _check_size(path, os.path.getsize(path))
            return self._record.put_file(name, lambda: open(path, "rb"))
        content = path_or_stream.read()
        content = content.encode() if isinstance(content, str) else content
        _check_size(name, len(content))
        return self._record.put_file(name, lambda: content)

    def upload_files(self, names, paths, return_artifacts=False, timeout_seconds=None, datastore_name=None):
        """Keeps each of ``paths`` under the name in the same place of ``names``."""
        if len(names) != len(paths):
            raise UserErrorException("upload_files got {} names for {} paths".format(len(names), len(paths)))
        for name, path in zip(names, paths):
            self.upload_file(name, path, datastore_name)

    def upload_folder(self, name, path, datastore_name=None):
        """Keeps all files below the folder ``path`` under ``name``."""
        if not os.path.isdir(path):
            raise UserErrorException("upload_folder: {!r} is not a folder".format(os.fspath(path)))
        for folder, folders, files in os.walk(path):
            folders.sort()
            for file in sorted(files):
                full = os.path.join(folder, file)
                relative = os.path.relpath(full, path).replace(os.sep, "/")
                self.upload_file("{}/{}".format(name, relative), full, datastore_name)

    def download_file(self, name, output_file_path=None, _validate_checksum=False):
        """Fetches one file; to its own file name in the working folder unless a file or folder is given."""
        name = _artifact_name(name)
        target = os.fspath(output_file_path) if output_file_path else os.path.basename(name)
        if os.path.isdir(target):
            target = os.path.join(target, os.path.basename(name))
        os.makedirs(os.path.dirname(os.path.abspath(target)), exist_ok=True)
        partial = target + ".part"
        try:
            with open(partial, "wb") as file:
                self._record.get_file(name, file)
            os.replace(partial, target)  # never half a file under its name
        finally:
            if os.path.exists(partial):
                os.remove(partial)

    def download_files(
        self, prefix=None, output_directory=None, output_paths=None, batch_size=100, append_prefix=True, timeout_seconds=None
    ):
        """Fetches all files below ``prefix`` into ``output_directory``, with the prefix in their paths if ``append_prefix``."""
        names = self._names_below(prefix)
        if output_paths is not None and len(output_paths) != len(names):
            raise UserErrorException("download_files got {} output_paths for {} files".format(len(output_paths), len(names)))
        for index, name in enumerate(names):
            kept = name if append_prefix or not prefix else name[len(prefix) :].lstrip("/") or os.path.basename(name)
            relative = output_paths[index] if output_paths is not None else kept
            self.download_file(name, os.path.join(output_directory or os.curdir, relative))

    def get_file_names(self):
        """Names of all files of the run."""
        return self._record.file_names()

    def _names_below(self, prefix):
        if not prefix:
            return self._record.file_names()
        folder = prefix.rstrip("/")
        return [name for name in self._record.file_names(prefix) if name == folder or name.startswith(folder + "/")]


def _artifact_name(name):
    """The name with '/' and without a leading './'; the API takes no path that leaves the run."""
    parts = [part for part in str(name).replace("\\", "/").split("/") if part not in ("", ".")]
    if not parts or ".." in parts:
        raise UserErrorException("artifact name {!r} must be a relative path without '..'".format(name))
    return "/".join(parts)


def _check_size(what, size):
    if size > MAX_UPLOAD_BYTES:
        raise UserErrorException(
            "{} has {} bytes, and an upload {} at most: write it to an output of the step, "
            "or to ./outputs, which is kept with the run".format(what, size, MAX_UPLOAD_BYTES)
        )


def _only_default(datastore_name):
    if datastore_name is not None:
        raise UserErrorException(
            "datastore_name is {!r}, but the files of a run lie with the run: declare an output of the step to write to a datastore".format(
                datastore_name
            )
        )

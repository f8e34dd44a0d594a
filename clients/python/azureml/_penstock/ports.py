"""The inputs and outputs of a step, as ``run.input_datasets`` and ``run.output_datasets`` show them."""

import os


class UnknownPort(KeyError):
    """No input or output of that name. A KeyError, whose text stays a sentence."""

    def __str__(self):
        return self.args[0]


class Ports(dict):
    """Local path by name."""

    def __init__(self, kind, paths):
        super().__init__((name, LocalPath(path)) for name, path in paths.items())
        self._kind = kind

    def __missing__(self, name):
        there = "it has " + ", ".join(sorted(self)) if self else "it has none"
        raise UnknownPort("this step has no {} {!r}; {}".format(self._kind, name, there))


class LocalPath(str):
    """A local path (a ``str``) which can read itself as a data frame, as v1's tabular datasets did."""

    def to_pandas_dataframe(self):
        """The CSV, TSV, Parquet or JSON-lines file, or all such files of the folder one below the other.

        Needs pandas in the step's environment.
        """
        try:
            import pandas
        except ImportError as error:
            raise ImportError("to_pandas_dataframe() needs pandas: add it to the step's environment") from error
        frames = [_read(pandas, path) for path in self._files()]
        return frames[0] if len(frames) == 1 else pandas.concat(frames, ignore_index=True)

    def _files(self):
        if not os.path.isdir(self):
            return [str(self)]
        found = sorted(os.path.join(folder, name) for folder, _, names in os.walk(self) for name in names)
        readable = [path for path in found if os.path.splitext(path)[1].lower() in _READERS]
        if not readable:
            raise FileNotFoundError("{} holds no file that ends in {}".format(self, ", ".join(sorted(_READERS))))
        return readable


_READERS = {
    ".csv": lambda pandas, path: pandas.read_csv(path),
    ".jsonl": lambda pandas, path: pandas.read_json(path, lines=True),
    ".parquet": lambda pandas, path: pandas.read_parquet(path),
    ".tsv": lambda pandas, path: pandas.read_csv(path, sep="\t"),
}


def _read(pandas, path):
    reader = _READERS.get(os.path.splitext(path)[1].lower())
    if reader is None:
        raise ValueError("{} does not end in {}: read it yourself".format(path, ", ".join(sorted(_READERS))))
    return reader(pandas, path)

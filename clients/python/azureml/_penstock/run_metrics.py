"""The part of ``Run`` that logs."""

import os

from azureml.exceptions import UserErrorException


class RunMetrics:
    """Every ``log*`` returns at once; what it took is sent in the background and is stored when the step has ended."""

    def log(self, name, value, description="", step=None):
        """Logs one value. The same name again makes a series; ``step`` says where on its axis the value belongs."""
        from azureml._penstock.entries import scalar

        self._record.log("scalar", name, scalar(value, "metric {!r}".format(name)), description, step)

    def log_list(self, name, value, description=""):
        """Logs several values at once."""
        from azureml._penstock.entries import sequence

        self._record.log("list", name, sequence(value, "metric {!r}".format(name)), description)

    def log_row(self, name, description=None, **kwargs):
        """Logs a row of a table, a keyword a column. The same name again adds a row."""
        from azureml._penstock.entries import scalar

        row = {column: scalar(value, "{} of metric {!r}".format(column, name)) for column, value in kwargs.items()}
        self._record.log("row", name, row, description)

    def log_table(self, name, value, description=""):
        """Logs a table: a dict of columns, each a list or a single value."""
        if not isinstance(value, dict):
            raise UserErrorException("metric {!r} is a {} where a dict of columns is wanted".format(name, type(value).__name__))
        table = {str(column): _cell(cells, "{} of metric {!r}".format(column, name)) for column, cells in value.items()}
        self._record.log("table", name, table, description)

    def log_image(self, name, path=None, plot=None, description=""):
        """Logs an image file, or what ``plot.savefig`` draws (matplotlib's pyplot or a figure), as an artifact of the run."""
        if (path is None) == (plot is None):
            raise UserErrorException("log_image({!r}) wants either path or plot".format(name))
        if plot is not None:
            from io import BytesIO

            drawn = BytesIO()
            plot.savefig(drawn, format="png")
            content, extension = drawn.getvalue(), ".png"
        else:
            with open(path, "rb") as file:
                content = file.read()
            extension = os.path.splitext(path)[1]
        artifact = self._image_path(name, extension)
        self._record.put_file(artifact, lambda: content)
        self._record.log("image", name, artifact, description)

    def get_metrics(self, name=None, recursive=False, run_type=None, populate=False):
        """What the run logged, by name: a value, a list where it was logged again, columns for rows and tables."""
        from azureml._penstock.entries import values_by_name

        return values_by_name(self._record.metrics(name), name)

    def flush(self, timeout_seconds=300):
        """Waits until the metrics logged so far are stored; raises if that takes longer."""
        from azureml._penstock import session

        if not self._record.offline and not session.flush(timeout_seconds):
            raise TimeoutError("the Penstock API did not take all metrics within {} s; they go on waiting for it".format(timeout_seconds))

    def _image_path(self, name, extension):
        safe = "".join(c if c.isalnum() or c in "-_. " else "_" for c in str(name)).strip(". ") or "image"
        count = self._images.get(safe, 0) + 1
        self._images[safe] = count
        return "images/{}{}{}".format(safe[:200], "" if count == 1 else "_{}".format(count), extension)


def _cell(cells, where):
    from azureml._penstock.entries import scalar, sequence

    several = isinstance(cells, (list, tuple, range)) or getattr(cells, "shape", ()) != ()
    return sequence(cells, where) if several else scalar(cells, where)

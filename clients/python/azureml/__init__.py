"""The ``azureml`` names that a step script uses, for steps that Penstock runs. Standard library only.

If the real ``azureml-core`` is installed in the same interpreter, a line on stderr says which of the two is used: this
one, unless the environment variable ``PENSTOCK_AZUREML`` is ``installed``.
"""

import os
import sys

if sys.version_info < (3, 8):
    raise ImportError("Penstock's step runtime needs Python 3.8 or newer, and this is {}".format(sys.version.split()[0]))


def _choose(own, setting):
    """Folders to look for ``azureml.*`` in: first this package's, then others of the same name (azureml-mlflow, say)."""
    folders = [os.path.join(entry or os.curdir, "azureml") for entry in sys.path]
    others = [f for f in folders if os.path.isdir(f) and os.path.realpath(f) != os.path.realpath(own)]
    installed = next((f for f in others if os.path.isfile(os.path.join(f, "core", "__init__.py"))), None)
    if setting not in ("", "penstock", "installed"):
        raise ImportError("PENSTOCK_AZUREML is {!r}: say 'penstock' or 'installed', or leave it out".format(setting))
    if setting != "installed":
        if installed:
            _say("azureml-core is installed here too; Penstock's step runtime is used (PENSTOCK_AZUREML=installed takes the other)")
        return [own] + others
    if installed is None:
        raise ImportError(
            "PENSTOCK_AZUREML is 'installed', but azureml-core is not installed for {}: "
            "add it to the step's environment or leave the setting out".format(sys.executable)
        )
    _say("the installed azureml-core in {} is used, as PENSTOCK_AZUREML says".format(installed))
    return others


def _say(text):
    # Once for a step, not once more for each process that it starts.
    if os.environ.get("_PENSTOCK_AZUREML_SAID") != text:
        os.environ["_PENSTOCK_AZUREML_SAID"] = text
        print("penstock: " + text, file=sys.stderr, flush=True)


__path__ = _choose(os.path.dirname(os.path.abspath(__file__)), os.environ.get("PENSTOCK_AZUREML", ""))

if os.environ.get("PENSTOCK_AZUREML") != "installed":
    from azureml._penstock import unsupported as _unsupported

    _unsupported.watch_imports()

import os
import signal
import subprocess
import sys
import textwrap

import pytest
from support.fake_api import FakeApi

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def _clean_environment():
    ours = ("PENSTOCK_", "_PENSTOCK_", "AZUREML_", "AML_")
    return {k: v for k, v in os.environ.items() if not k.startswith(ours) and not k.lower().endswith("_proxy")}


@pytest.fixture
def api():
    server = FakeApi()
    server.start()
    yield server
    server.stop()
    assert server.problems == []  # whatever a test is about, no request may break the contract


@pytest.fixture
def environment(monkeypatch):
    """This process, as if it were outside of any step and had logged nothing yet."""
    from azureml._penstock import session
    from azureml.core import run

    for name in set(os.environ) - set(_clean_environment()):
        monkeypatch.delenv(name)
    monkeypatch.setattr(session, "_shared", {})
    monkeypatch.setattr(run, "_context_runs", {})
    before = signal.getsignal(signal.SIGTERM)
    yield monkeypatch
    signal.signal(signal.SIGTERM, before)
    if "sender" in session._shared:
        assert session._shared["sender"].flush(20)
        session._shared["sender"]._api.close()
    if "api" in session._shared:
        session._shared["api"].close()


@pytest.fixture
def run(api, environment):
    """The run of a step in this process."""
    from azureml.core import Run

    for name, value in api.environment.items():
        environment.setenv(name, value)
    return Run.get_context()


@pytest.fixture
def offline_run(environment):
    from azureml.core import Run

    return Run.get_context()


class Script:
    """Runs a text as a script of its own, as a job does."""

    def __init__(self, folder):
        self.folder, self._started = folder, []

    def start(self, text, environment=None, path=PACKAGE, arguments=()):
        file = self.folder / "script.py"
        file.write_text(textwrap.dedent(text))
        child = subprocess.Popen(
            [sys.executable, str(file), *arguments],
            env={**_clean_environment(), "PYTHONPATH": str(path), **(environment or {})},
            cwd=str(self.folder),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(child)
        return child

    def __call__(self, text, environment=None, path=PACKAGE, arguments=()):
        child = self.start(text, environment, path, arguments)
        out, err = child.communicate(timeout=60)
        return subprocess.CompletedProcess(child.args, child.returncode, out, err)

    def end(self):
        for child in self._started:
            if child.poll() is None:
                child.kill()
            child.communicate()


@pytest.fixture
def script(tmp_path):
    runner = Script(tmp_path)
    yield runner
    runner.end()

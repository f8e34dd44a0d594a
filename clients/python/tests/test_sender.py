"""Metrics on their way: batches, outages, and every way in which a process may end."""

import signal
import threading

import pytest
from azureml._penstock import sender as sender_module
from azureml._penstock import session
from support.fake_api import PIPELINE_RUN, STEP_RUN

LOG_100 = """
    from azureml.core import Run
    run = Run.get_context()
    for i in range(100):
        run.log("i", i)
"""


@pytest.fixture
def virtual_time(monkeypatch):
    """The sender's pauses take no time, and are counted; ``at`` holds what happens at a moment."""

    class Clock:
        now = 0.0
        at = {}

        def rest(self, seconds):
            self.now += seconds
            for moment in [m for m in self.at if m <= self.now]:
                self.at.pop(moment)()

    clock = Clock()
    clock.at = {}
    monkeypatch.setattr(sender_module.MetricSender, "_rest", lambda self, seconds: clock.rest(seconds))
    return clock


def test_a_script_that_just_ends_leaves_all_its_metrics(script, api):
    done = script(LOG_100, api.environment)

    assert (done.returncode, done.stderr) == (0, "")
    assert api.values("i") == list(range(100))


@pytest.mark.parametrize(
    "ending, code",
    [("raise SystemExit(3)", 3), ("raise ValueError('as it happens')", 1), ("import sys; sys.exit(0)", 0), ("run.complete()", 0)],
)
def test_metrics_are_all_there_however_the_script_ends(script, api, ending, code):
    done = script(LOG_100 + "    " + ending, api.environment)

    assert done.returncode == code
    assert api.values("i") == list(range(100))


def test_metrics_logged_by_another_exit_handler_arrive_too(script, api):
    text = """
        import atexit
        from azureml.core import Run
        run = Run.get_context()
        atexit.register(lambda: run.log("late", 2))
        run.log("early", 1)
    """

    done = script(text, api.environment)

    assert done.stderr == ""
    assert api.values("early") == [1] and api.values("late") == [2]


def test_metrics_logged_by_exit_handlers_alone_arrive(script, api):
    done = script("import atexit\nfrom azureml.core import Run\natexit.register(lambda: Run.get_context().log('only', 1))", api.environment)

    assert done.stderr == ""
    assert api.values("only") == [1]


def test_a_script_that_never_logs_makes_no_request_and_no_thread(script, api):
    text = """
        import sys, threading
        from azureml.core import Run
        run = Run.get_context()
        print(run.id, run.experiment.name, threading.active_count(), "http.client" in sys.modules)
    """

    done = script(text, api.environment)

    assert done.stdout.split() == [STEP_RUN, "flowers", "1", "False"]
    assert api.requests == []


def test_many_metrics_travel_in_few_batches_in_order(run, api):
    for i in range(5000):
        run.log("i", i)
    run.flush()

    assert api.values("i") == list(range(5000))
    orders = [batch["order"] for _, batch in api.batches]
    assert orders == sorted(set(orders))
    assert len(api.batches) <= 25


def test_metrics_of_several_runs_keep_to_their_runs(run, api):
    child = run.child_run("fold")
    for i in range(3):
        run.log("x", i)
        child.log("x", 10 + i)
        run.parent.log("x", 20 + i)
    run.flush()

    assert api.values("x", STEP_RUN) == [0, 1, 2]
    assert api.values("x", child.id) == [10, 11, 12]
    assert api.values("x", PIPELINE_RUN) == [20, 21, 22]


def test_logging_does_not_wait_for_the_api(run, api):
    with api.changed:  # the server answers nobody
        for i in range(3000):
            run.log("i", i)
    run.flush()

    assert api.values("i") == list(range(3000))


@pytest.mark.parametrize("fault", [503, 500, 429, "drop", "deaf"])
def test_a_batch_is_sent_again_after_a_fault_and_stored_once(run, api, fault, virtual_time):
    api.faults = [fault] * 3
    run.log("x", 1)
    run.flush()

    assert api.values("x") == [1]
    assert [path for _, path in api.requests].count("/api/runs/{}/metrics".format(STEP_RUN)) == 4


def test_a_busy_api_is_asked_again_when_it_says_and_not_at_the_same_moment_by_all(run, api, virtual_time):
    api.faults = [(429, "3")]
    run.log("x", 1)
    run.flush()
    first = virtual_time.now
    api.faults = [(429, "3")]
    run.log("x", 2)
    run.flush()

    assert 3.0 <= first <= 4.6
    assert 3.0 <= virtual_time.now - first <= 4.6
    assert first != virtual_time.now - first
    assert api.values("x") == [1, 2]


def test_metrics_survive_a_minute_without_the_api(run, api, virtual_time):
    run.log("before", 1)
    run.flush()
    api.stop()
    virtual_time.at[60] = api.start
    for i in range(2500):
        run.log("during", i)
    run.flush()

    assert virtual_time.now >= 60
    assert api.values("during") == list(range(2500))


def test_a_script_that_ends_during_an_outage_waits_for_the_api(script, api):
    api.faults = ["drop", 503, 503]

    done = script(LOG_100, api.environment)

    assert done.returncode == 0
    assert api.values("i") == list(range(100))


def test_what_an_outage_longer_than_the_patience_costs_is_said(run, api, monkeypatch, capsys):
    monkeypatch.setattr(sender_module, "EXIT_PATIENCE_SECONDS", 0.05)
    api.stop()
    run.log("x", 1)
    run.log("y", 1)
    session.close()
    api.start()

    assert "penstock: 2 metrics were not stored: the Penstock API did not answer" in capsys.readouterr().err


def test_what_waits_is_bounded_and_what_is_dropped_is_said(run, api, monkeypatch, capsys):
    monkeypatch.setattr(sender_module, "MAX_WAITING_BYTES", 10_000)
    with api.changed:
        for i in range(1000):
            run.log("i", i)
    run.flush()

    kept = api.values("i")
    assert kept == list(range(len(kept))) and 50 < len(kept) < 200
    assert "metrics are not stored: more than" in capsys.readouterr().err


def test_metrics_that_the_api_refuses_are_dropped_with_its_words(run, api, capsys):
    api.faults = [403]
    run.log("x", 1)
    run.flush()
    run.log("y", 2)
    run.flush()

    assert api.values("y") == [2]
    assert "refused POST /api/runs/{}/metrics (HTTP 403): Out of order".format(STEP_RUN) in capsys.readouterr().err


def test_a_batch_refused_for_one_entry_does_not_cost_the_others(run, api):
    session.sender().add(STEP_RUN, ['{"kind":"scalar","name":"bad"}'])
    for i in range(20):
        run.log("good", i)
    run.flush()
    refused = list(api.problems)
    api.problems.clear()

    assert refused and api.values("good") == list(range(20))


def test_a_forked_child_sends_its_own_metrics_and_not_its_parents(script, api):
    text = """
        import os, sys
        from azureml.core import Run
        run = Run.get_context()
        for i in range(50):
            run.log("parent", i)
        child = os.fork()
        if child == 0:
            for i in range(50):
                run.log("child", i)
            sys.exit(0)
        os.waitpid(child, 0)
        run.log("parent", 50)
    """

    done = script(text, api.environment)

    assert (done.returncode, done.stderr) == (0, "")
    assert api.values("parent") == list(range(51))
    assert api.values("child") == list(range(50))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_worker_processes_leave_all_their_metrics(script, api, method):
    text = """
        import multiprocessing
        from azureml.core import Run

        def work(i):
            Run.get_context().log("square", i * i)

        if __name__ == "__main__":
            Run.get_context().log("start", 1)
            context = multiprocessing.get_context({!r})
            workers = [context.Process(target=work, args=(i,)) for i in range(4)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
    """

    done = script(text.format(method), api.environment)

    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(api.values("square")) == [0, 1, 4, 9]


def test_sigterm_sends_what_waits_and_ends_the_script_by_that_signal(script, api):
    text = """
        import time
        from azureml.core import Run
        run = Run.get_context()
        for i in range(10):
            run.log("i", i)
        print("ready", flush=True)
        while True:
            time.sleep(0.01)
    """
    child = script.start(text, api.environment)
    assert child.stdout.readline() == "ready\n"
    child.send_signal(signal.SIGTERM)
    child.communicate(timeout=20)

    assert child.returncode == -signal.SIGTERM
    assert api.values("i") == list(range(10))


def test_a_script_that_handles_sigterm_keeps_its_handler(script, api):
    text = """
        import signal
        from azureml.core import Run
        handler = lambda *_: None
        signal.signal(signal.SIGTERM, handler)
        Run.get_context().log("x", 1)
        print(signal.getsignal(signal.SIGTERM) is handler)
    """

    assert script(text, api.environment).stdout == "True\n"


def test_threads_may_log_at_the_same_time(run, api):
    threads = [threading.Thread(target=lambda k=k: [run.log("t{}".format(k), i) for i in range(500)]) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.flush()

    for k in range(4):
        assert api.values("t{}".format(k)) == list(range(500))

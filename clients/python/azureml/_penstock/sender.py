"""Sends metrics in the background: in batches, in order, again after an outage, and all of them before the process ends."""
import atexit
import collections
import os
import random
import signal
import sys
import threading
import time
import uuid

#: Entries wait this long for others to travel with, in seconds.
GATHER_SECONDS = 0.25
MAX_BATCH_ENTRIES = 1000
MAX_BATCH_BYTES = 900 * 1024
#: What may wait while the API is away: about half a million plain values. More is dropped, with a warning.
MAX_WAITING_BYTES = 64 * 1024 * 1024
#: How long a process that ends waits for an API that is away, in seconds.
EXIT_PATIENCE_SECONDS = 90.0
_TERM_PATIENCE_SECONDS = 0.75
_MAX_PAUSE_SECONDS = 3.0


class MetricSender:
    """Metrics of all runs of this process on their way to ``api``. Its thread begins with the first entry."""

    def __init__(self, api):
        self._api = api
        self._reset()
        atexit.register(self.close)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._after_fork)

    def add(self, run_id, texts):
        """Takes metric entries (JSON texts) of a run. Returns at once."""
        with self._lock:
            for text in texts:
                if self._bytes + len(text) > MAX_WAITING_BYTES:
                    self._drop(1, "more than {} MiB of metrics wait for the Penstock API".format(MAX_WAITING_BYTES >> 20))
                    continue
                self._queue.append((run_id, text))
                self._bytes += len(text)
                self._taken += 1
            full = len(self._queue) >= MAX_BATCH_ENTRIES
        if self._thread is None:
            self._start()
        self._wake.set()
        if full:
            self._hurry.set()
        if self._closed:
            self.flush(EXIT_PATIENCE_SECONDS)

    def flush(self, timeout_seconds):
        """Waits until all that was added before has arrived or was refused. False if time ran out."""
        with self._lock:
            goal = self._taken
        if self._done >= goal:
            return True
        self._hurry.set()
        self._wake.set()
        if self._thread is None or not self._thread.is_alive():  # the interpreter is ending and starts no threads
            self._work_until(goal, time.monotonic() + timeout_seconds)
        with self._arrived:
            return self._arrived.wait_for(lambda: self._done >= goal, timeout_seconds)

    def close(self):
        """Waits for everything at the end of the process, and says what was lost if that took too long."""
        self._closed = True
        if not self.flush(EXIT_PATIENCE_SECONDS):
            left = self._taken - self._done
            _say("{} metrics were not stored: the Penstock API did not answer for {:.0f} s".format(left, EXIT_PATIENCE_SECONDS))
        elif self._dropped:
            _say("{} metrics were not stored (see above)".format(self._dropped))

    def _reset(self):
        self._queue, self._lock = collections.deque(), threading.Lock()
        self._wake, self._hurry = threading.Event(), threading.Event()
        self._arrived = threading.Condition()
        self._bytes = self._taken = self._done = self._dropped = self._order = 0
        self._thread, self._closed, self._pid, self._warned = None, False, os.getpid(), set()

    def _after_fork(self):
        # The parent sends what it took; the child has neither its thread nor the right to its connection.
        self._reset()
        self._api.forget()
        if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) == self._on_term:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def _start(self):
        with self._lock:
            if self._thread is not None:
                return
            thread = threading.Thread(target=self._run, name="penstock-metrics", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the interpreter is ending
                self._closed = True
                return
            self._thread = thread
        self._watch_ends()

    def _watch_ends(self):
        util = sys.modules.get("multiprocessing.util")
        process = sys.modules.get("multiprocessing.process")
        if util is not None and process is not None and process.parent_process() is not None:
            util.Finalize(None, self.close, exitpriority=10)  # a worker process ends without atexit
        elif threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, self._on_term)

    def _on_term(self, number, frame):
        """The job is being ended: sends what waits, but not for long, and lets the signal do its work. Takes no lock: this thread may hold it."""
        deadline = time.monotonic() + _TERM_PATIENCE_SECONDS
        while os.getpid() == self._pid and self._done < self._taken and time.monotonic() < deadline:
            time.sleep(0.01)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def _run(self):
        while True:
            self._wake.wait()
            self._wake.clear()
            self._hurry.wait(GATHER_SECONDS)
            self._hurry.clear()
            while self._queue:
                self._send(self._next_batch(), None)

    def _work_until(self, goal, deadline):
        while self._queue and self._done < goal and time.monotonic() < deadline:
            self._send(self._next_batch(), deadline)

    def _next_batch(self):
        """Waiting entries of one run, as many as may travel together."""
        with self._lock:
            run_id, size, texts = self._queue[0][0], 0, []
            while self._queue and self._queue[0][0] == run_id and len(texts) < MAX_BATCH_ENTRIES:
                text = self._queue[0][1]
                if texts and size + len(text) > MAX_BATCH_BYTES:
                    break
                texts.append(text)
                size += len(text) + 1
                self._queue.popleft()
        return run_id, texts

    def _send(self, batch, deadline):
        from azureml._penstock.api import Unreachable
        from azureml.exceptions import ServiceException

        run_id, texts = batch
        body, path, pause = self._body(texts), "/api/runs/{}/metrics".format(run_id), 0.1
        while True:
            try:
                self._api.attempt("POST", path, None, body, "application/json")
                return self._settle(texts)
            except Unreachable as error:
                wait = max(error.retry_after, pause * random.uniform(0.5, 1.0))
                pause = min(pause * 2, _MAX_PAUSE_SECONDS)
                if pause == _MAX_PAUSE_SECONDS:
                    self._warn("the Penstock API does not answer ({}); metrics wait for it".format(error))
                if deadline is not None and time.monotonic() + wait > deadline:
                    return None
                time.sleep(wait)
            except ServiceException as error:
                return self._refused(run_id, texts, error, deadline)

    def _body(self, texts):
        # The clock orders batches of several processes of one run too; within one process it must never stand still.
        self._order = max(self._order + 1, time.time_ns() // 1000)
        head = '{{"batchId":"{}","order":{},"entries":['.format(uuid.uuid4(), self._order)
        return (head + ",".join(texts) + "]}").encode()

    def _refused(self, run_id, texts, error, deadline):
        if error.status_code in (400, 413) and len(texts) > 1:  # one entry must not cost the others
            half = len(texts) // 2
            self._send((run_id, texts[:half]), deadline)
            self._send((run_id, texts[half:]), deadline)
            return
        with self._lock:
            self._drop(len(texts), str(error))
        self._settle(texts)

    def _settle(self, texts):
        with self._lock:
            self._bytes -= sum(len(text) for text in texts)
        with self._arrived:
            self._done += len(texts)
            self._arrived.notify_all()

    def _drop(self, count, reason):
        self._dropped += count
        self._warn("metrics are not stored: " + reason)

    def _warn(self, text):
        if text not in self._warned:
            self._warned.add(text)
            _say(text)


def _say(text):
    print("penstock: " + text, file=sys.stderr, flush=True)

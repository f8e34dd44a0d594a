"""Sends metrics in the background: in batches, in order, again after an outage, and all of them before the process ends."""

import collections
import os
import signal
import sys
import threading
import time

from azureml._penstock.batch import MAX_BATCH_ENTRIES, Batch

#: Entries wait this long for others to travel with, in seconds.
GATHER_SECONDS = 0.25
#: What may wait while the API is away: about half a million plain values. More is dropped, with a warning.
MAX_WAITING_BYTES = 64 * 1024 * 1024
#: How long a process that ends waits for an API that is away, in seconds.
EXIT_PATIENCE_SECONDS = 90.0
_TERM_PATIENCE_SECONDS = 0.75
_FORK_PATIENCE_SECONDS = 1.0
_MAX_PAUSE_SECONDS = 3.0


class MetricSender:
    """Metrics of all runs of this process on their way to ``api``. Its thread begins with the first entry."""

    def __init__(self, api):
        self._api = api
        self._reset()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=self._before_fork, after_in_parent=self._after_fork, after_in_child=self._begin_as_child)

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
            self._work(time.monotonic() + timeout_seconds)
            return self._done >= goal
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
        self._queue, self._unsent = collections.deque(), collections.deque()
        self._lock, self._arrived = threading.Lock(), threading.Condition()
        self._wake, self._hurry, self._halt = threading.Event(), threading.Event(), threading.Event()
        self._bytes = self._taken = self._done = self._dropped = 0
        self._thread, self._closed, self._pid, self._warned = None, False, os.getpid(), set()

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
        """The job is being ended: lets what waits be sent, but not for long, and the signal do its work."""
        # No lock is taken here: this very thread may have been interrupted while it holds one.
        deadline = time.monotonic() + _TERM_PATIENCE_SECONDS
        while os.getpid() == self._pid and self._done < self._taken and time.monotonic() < deadline:
            time.sleep(0.01)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def _before_fork(self):
        # A fork while another thread runs may copy locks that nobody will ever release (and Python 3.12 warns of it).
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            if not self._is_away():
                self.flush(_FORK_PATIENCE_SECONDS)  # a few milliseconds; then the thread is not needed until the next entry
            self._halt.set()
            self._hurry.set()
            self._wake.set()
            thread.join(_FORK_PATIENCE_SECONDS)
            _await_end(thread)

    def _after_fork(self):
        self._halt.clear()
        if self._thread is not None and not self._thread.is_alive():
            self._thread = None
            if self._done < self._taken:
                self._start()
                self._wake.set()

    def _begin_as_child(self):
        # The parent sends what it took; the child has neither its thread nor the right to its connection.
        self._reset()
        self._api.forget()
        if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) == self._on_term:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def _run(self):
        while not self._halt.is_set():
            self._wake.wait()
            self._wake.clear()
            self._hurry.wait(GATHER_SECONDS)
            self._hurry.clear()
            self._work(None)

    def _work(self, deadline):
        """Sends what waits until there is nothing more, the deadline (if any) is past, or the thread is to halt."""
        while not self._halt.is_set() and (deadline is None or time.monotonic() < deadline):
            with self._lock:
                if not self._unsent and self._queue:
                    self._unsent.append(Batch.take(self._queue))
            if not self._unsent:
                return
            self._send(self._unsent[0])

    def _send(self, batch):
        from azureml._penstock.api import Unreachable
        from azureml.exceptions import ServiceException

        try:
            self._api.attempt("POST", "/api/runs/{}/metrics".format(batch.run_id), None, batch.body, "application/json")
        except Unreachable as error:
            batch.attempts += 1
            pause = min(0.1 * 2 ** min(batch.attempts, 8), _MAX_PAUSE_SECONDS)
            if pause == _MAX_PAUSE_SECONDS:
                self._warn("the Penstock API does not answer; metrics wait for it")
            self._rest(error.wait(pause))
            return
        except ServiceException as error:
            if error.status_code in (400, 413) and len(batch.texts) > 1:  # one entry must not cost the others
                self._unsent.popleft()
                self._unsent.extendleft(reversed(batch.halves()))
                return
            with self._lock:
                self._drop(len(batch.texts), str(error))
        self._settle(self._unsent.popleft())

    def _is_away(self):
        """Whether the API did not answer when last called."""
        with self._lock:
            return bool(self._unsent) and self._unsent[0].attempts > 0

    def _settle(self, batch):
        with self._lock:
            self._bytes -= sum(len(text) for text in batch.texts)
        with self._arrived:
            self._done += len(batch.texts)
            self._arrived.notify_all()

    def _rest(self, seconds):
        self._halt.wait(seconds)

    def _drop(self, count, reason):
        self._dropped += count
        self._warn("metrics are not stored: " + reason)

    def _warn(self, text):
        if text not in self._warned:
            self._warned.add(text)
            _say(text)


def _await_end(thread):
    """Until Python 3.12 `join` returns a moment before Linux counts the thread as gone, and that count is what is warned of."""
    task = "/proc/self/task/{}".format(thread.native_id)
    for _ in range(100):
        if thread.is_alive() or not os.path.exists(task):
            return
        time.sleep(0.0005)


def _say(text):
    print("penstock: " + text, file=sys.stderr, flush=True)

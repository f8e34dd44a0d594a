"""Metric entries that travel together (`MetricBatch` of the API)."""

import time
import uuid

MAX_BATCH_ENTRIES = 1000
MAX_BATCH_BYTES = 900 * 1024

_order = 0


class Batch:
    """Entries of one run under one id: sent again it has the same bytes, so that it is stored once."""

    def __init__(self, run_id, texts):
        self.run_id, self.texts, self.attempts, self._body = run_id, texts, 0, None

    @property
    def body(self):
        """The request's bytes. Made when first sent, since batches are numbered in the order of sending."""
        if self._body is None:
            head = '{{"batchId":"{}","order":{},"entries":['.format(uuid.uuid4(), _next_order())
            self._body = (head + ",".join(self.texts) + "]}").encode()
        return self._body

    @classmethod
    def take(cls, queue):
        """Takes from the front of a queue of (run id, text) as many of one run as may travel together."""
        run_id, size, texts = queue[0][0], 0, []
        while queue and queue[0][0] == run_id and len(texts) < MAX_BATCH_ENTRIES:
            text = queue[0][1]
            if texts and size + len(text) > MAX_BATCH_BYTES:
                break
            texts.append(text)
            size += len(text) + 1
            queue.popleft()
        return cls(run_id, texts)

    def halves(self):
        """Two batches in the place of this one."""
        half = len(self.texts) // 2
        return [Batch(self.run_id, self.texts[:half]), Batch(self.run_id, self.texts[half:])]


def _next_order():
    # The clock, in microseconds, orders the batches of several processes of one run too; within a process it never stands still.
    global _order
    _order = max(_order + 1, time.time_ns() // 1000)
    return _order

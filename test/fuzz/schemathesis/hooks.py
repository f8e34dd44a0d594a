"""What schemathesis does here beside its own checks. It loads this file by SCHEMATHESIS_HOOKS; figures go to the file FUZZ_FIGURES names."""

import atexit
import collections
import json
import os
import re

import schemathesis

#: Seconds within which every request is answered, those apart that ask for a wait.
PATIENCE = 1.0
#: Seconds that a request may ask to wait.
LONGEST_WAIT = 0.2
#: A request that was slow is sent again so often: what is slow each time is the product's doing, what is slow once may be the machine's.
REPEATS = 2
#: Frames of a stack, of V8 and of Python; a place in a source file.
STACK = re.compile(rb"\n\s+at [^\n]+:\d+|node_modules/|\.[cm]?[jt]s:\d+:\d+|Traceback \(most recent call last\)")
#: Replacing these would leave nothing that a submit can name.
KEPT = {"cpu-cluster", "workspaceblobstore"}
#: The one name that no member can have, and the characters that no text can.
SAID_IN_WORDS = re.compile(rb"__proto__|no NUL and no half of a surrogate pair")

statuses = collections.Counter()
operations = collections.Counter()
unanswered = []
slowest = {"ms": 0, "what": ""}


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.method == "PUT" and case.path_parameters.get("name") in KEPT:
        case.path_parameters["name"] = "fuzz"
    # Waits that are in order are cut short: there is nothing to wait for that is worth the time.
    seconds = (case.query or {}).get("waitSeconds")
    if isinstance(seconds, (int, float)) and LONGEST_WAIT < seconds <= 25:
        case.query["waitSeconds"] = LONGEST_WAIT


@schemathesis.hook
def after_call(context, case, response):
    statuses[str(response.status_code)] += 1
    operations[case.operation.label] += 1
    ms = response.elapsed * 1000
    if ms > slowest["ms"] and not asks_for_a_wait(case):
        slowest.update(ms=round(ms), what=f"{case.method} {case.path}")


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Two rules hold for any text and any name, and would make the schemas unreadable: they are said in words."""
    return not (response.status_code == 400 and SAID_IN_WORDS.search(response.content))


@schemathesis.hook
def after_network_error(context, case, request):
    unanswered.append(f"{case.method} {case.path}")


@schemathesis.check
def answers_within_a_second(context, response, case):
    if response.elapsed <= PATIENCE or asks_for_a_wait(case):
        return
    times = [response.elapsed, *(case.call().elapsed for _ in range(REPEATS))]
    assert min(times) <= PATIENCE, f"answered after {', '.join(f'{time:.1f} s' for time in times)}"


@schemathesis.check
def shows_no_stack(context, response, case):
    found = STACK.search(response.content)
    assert found is None, f"the answer holds part of a stack: {found.group()[:200]!r}"


@schemathesis.check
def says_when_to_come_back(context, response, case):
    if response.status_code in (429, 503):
        assert "retry-after" in response.headers, f"{response.status_code} without Retry-After"


@schemathesis.check
def tells_problems_as_problems(context, response, case):
    """Whatever the API refuses is a problem document; the host's own refusals (413, 414, 431, TRACE) are plain."""
    kind = (response.headers.get("content-type") or [""])[0]
    if response.status_code >= 400 and "json" in kind:
        problem = json.loads(response.content)
        assert problem.get("status") == response.status_code, f"the document says {problem.get('status')}"
        assert problem.get("title"), "a problem without a title"


def asks_for_a_wait(case):
    return "waitSeconds" in (case.query or {})


@atexit.register
def write_figures():
    with open(os.environ["FUZZ_FIGURES"], "w", encoding="utf-8") as file:
        json.dump({"statuses": statuses, "operations": operations, "unanswered": unanswered, "slowest": slowest}, file)

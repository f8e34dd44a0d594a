/**
 * The launcher's helper, for any Python 3 and without its site packages. It reads orders, one JSON object a line, and answers each with the
 * process id or why there is none; when a process it started has ended, it says how. It ends with its input, and
 * what it started runs on.
 */
export const LAUNCHER_PROGRAM = `
import errno, json, os, select, signal, sys

def say(message):
    data = (json.dumps(message) + "\\n").encode()
    while data:
        data = data[os.write(1, data):]

def become(order, report):
    try:
        os.setsid()
        os.chdir(order["cwd"])
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        # Python ignores these, and what is ignored stays so in the program that follows.
        for name in ("SIGPIPE", "SIGXFSZ"):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
        os.execve(order["argv"][0], order["argv"], order["environment"])
    except BaseException as error:
        code = errno.errorcode.get(getattr(error, "errno", None), type(error).__name__)
        os.write(report, ("%s: %s" % (code, error)).encode())
    finally:
        os._exit(127)

def launch(order):
    # Closed by the program that follows; until then whatever is written into it is why there is none.
    reader, writer = os.pipe()
    try:
        pid = os.fork()
    except OSError as error:
        say({"order": order["order"], "error": "%s: %s" % (errno.errorcode.get(error.errno), error)})
        return
    if pid == 0:
        become(order, writer)
    os.close(writer)
    problem = os.read(reader, 4096)
    os.close(reader)
    if problem:
        os.waitpid(pid, 0)
        say({"order": order["order"], "error": problem.decode("utf-8", "replace")})
    else:
        say({"order": order["order"], "pid": pid})

def reap():
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        if os.WIFSIGNALED(status):
            say({"pid": pid, "signal": os.WTERMSIG(status)})
        else:
            say({"pid": pid, "code": os.WEXITSTATUS(status)})

def main():
    # Whatever else was left open by who started the server would be held by every job.
    os.closerange(3, 1024)
    wake, alarm = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(alarm, False)
    signal.set_wakeup_fd(alarm)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    text = b""
    while True:
        ready = select.select([0, wake], [], [])[0]
        if wake in ready:
            os.read(wake, 4096)
            reap()
        if 0 in ready:
            part = os.read(0, 65536)
            if not part:
                return
            *lines, text = (text + part).split(b"\\n")
            for line in lines:
                launch(json.loads(line.decode()))

try:
    main()
except BrokenPipeError:
    pass
`;

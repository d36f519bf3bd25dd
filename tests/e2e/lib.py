"""For the end-to-end tests in Python: TAP, a pseudo-terminal to drive programs through, and a search for the processes
that a test has left behind."""

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
NATIVE = bool(os.environ.get("UCTR_NATIVE"))  # run everything without uctr: shows what fails by itself
UCTR = os.path.join(HERE, "native") if NATIVE else os.environ.get("UCTR", os.path.join(TOP, "build/uctr"))


class Tap:
    def __init__(self):
        self.count = self.failed = 0
        self.scratch = tempfile.mkdtemp(prefix="uctr-e2e.")
        if os.getuid() == 0:
            print("1..0 # these tests are for an ordinary user")
            sys.exit(1)

    def ok(self, good, name, detail=""):
        self.count += 1
        if not good:
            self.failed += 1
            for line in str(detail).splitlines()[-40:]:
                print("#", line.encode("unicode_escape").decode())
        print("%s %d - %s" % ("ok" if good else "not ok", self.count, name), flush=True)
        return good

    def equal(self, got, wanted, name):
        return self.ok(got == wanted, name, "got: %r\nwanted: %r" % (got, wanted))

    def done(self):
        shutil.rmtree(self.scratch, ignore_errors=True)
        print("1..%d" % self.count)
        sys.exit(1 if self.failed else 0)


class Terminal:
    """A program in a session of its own whose controlling terminal is a pseudo-terminal that we hold."""

    def __init__(self, argv, env=None, rows=24, cols=80):
        self.text = ""  # what came and was not consumed by expect()
        self.all = ""
        self.status = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            self.fd = 0
            self.resize(rows, cols)
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, which exec would hand on
            os.execvpe(argv[0], argv, dict(os.environ, TERM="vt100", **(env or {})))
        self.resize(rows, cols)

    def resize(self, rows, cols):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def attributes(self):
        return termios.tcgetattr(self.fd)

    def send(self, text):
        os.write(self.fd, text.encode())

    def line(self, text):
        self.send(text + "\r")

    def read_more(self, timeout):
        ready, _, _ = select.select([self.fd], [], [], timeout)
        if not ready:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # EIO: nobody has the other side open any more
            return None
        if not data:
            return None
        self.text += data.decode(errors="replace")
        self.all += data.decode(errors="replace")
        return True

    def expect(self, pattern, timeout=10):
        """Waits for the regular expression; what precedes it is dropped. The match, or None."""
        end = time.monotonic() + timeout
        while True:
            match = re.search(pattern, self.text, re.S)
            if match:
                self.text = self.text[match.end():]
                return match
            left = end - time.monotonic()
            if left <= 0 or self.read_more(left) is None:
                match = re.search(pattern, self.text, re.S)
                return match

    def command(self, text, timeout=10):
        """Types a line into a shell whose prompt is PS1 and returns what it printed up to the next prompt."""
        self.line(text)
        match = self.expect(r"\r\n(.*?)ready\$ $", timeout)
        return match.group(1).replace("\r\n", "\n").strip() if match else "(no prompt) " + repr(self.text)

    def wait(self, timeout=10):
        """The exit status as a shell would have it, or None when the program has not ended."""
        end = time.monotonic() + timeout
        while self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
            elif time.monotonic() > end:
                return None
            else:
                self.read_more(0.02)
        return self.status

    def hang_up(self):
        os.close(self.fd)

    def close(self):
        try:
            os.close(self.fd)
        except OSError:
            pass
        if self.status is None:
            try:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass


def marked(mark, sessions=()):
    """The processes that have mark in their environment or belong to one of the sessions; zombies do not count."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open("/proc/%s/stat" % name) as f:
                fields = f.read().rpartition(")")[2].split()
            if fields[0] == "Z" or fields[0] == "X":
                continue
            if int(fields[3]) in sessions:
                found.append(int(name))
                continue
            with open("/proc/%s/environ" % name, "rb") as f:
                if mark.encode() in f.read():
                    found.append(int(name))
        except OSError:
            continue
    return found


def wait_until(condition, timeout):
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def describe(pids):
    if not pids:
        return ""
    return subprocess.run(["ps", "-o", "pid,ppid,pgid,sid,stat,wchan:20,args", "-p", ",".join(map(str, pids))],
                          stdout=subprocess.PIPE, text=True).stdout


def children(pid):
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
            return [int(word) for word in f.read().split()]
    except OSError:
        return []

#!/usr/bin/env python3
"""Programs that are started while everything that can disturb it does: run inside uctr by storm.py, and natively by hand."""

import os
import signal
import sys
import threading
import time

KIND = sys.argv[1]
ROUNDS = int(sys.argv[2])
bad = 0


def report(good, detail):
    global bad
    if not good:
        bad += 1
        print(detail, flush=True)


def exec_from_thread():
    threading.Thread(target=lambda: os.execv("/bin/true", ["true"])).start()
    time.sleep(10)


def stopped_execs():
    """A thread that is not the leader executes a program while its process is stopped and continued all the time."""
    for _ in range(ROUNDS):
        pid = os.fork()
        if pid == 0:
            exec_from_thread()
        for _ in range(6):
            os.kill(pid, signal.SIGSTOP)
            time.sleep(0.0007)
            os.kill(pid, signal.SIGCONT)
            time.sleep(0.0009)
        report(os.waitpid(pid, 0)[1] == 0, "an exec between stops")


def counted_stops():
    """A parent that watches sees one stop and one continuation for each that it makes."""
    for _ in range(ROUNDS):
        pid = os.fork()
        while pid == 0:
            os.chdir("/usr")
            os.chdir("/")
        for _ in range(4):
            os.kill(pid, signal.SIGSTOP)
            status = os.waitpid(pid, os.WUNTRACED)[1]
            report(os.WIFSTOPPED(status) and os.WSTOPSIG(status) == signal.SIGSTOP, "a stop: %x" % status)
            os.kill(pid, signal.SIGCONT)
            status = os.waitpid(pid, os.WCONTINUED)[1]
            report(os.WIFCONTINUED(status), "a continuation: %x" % status)
        os.kill(pid, signal.SIGKILL)
        status = os.waitpid(pid, os.WUNTRACED | os.WCONTINUED)[1]
        report(os.WIFSIGNALED(status), "the end: %x" % status)


def starts(seed):
    for i in range(ROUNDS):
        kill = (i * 7 + seed) % 5 == 0
        argv = ["/bin/true"] if i % 3 else ["/bin/sh", "-c", "/bin/true"]
        pid = os.posix_spawn(argv[0], argv, os.environ)
        if kill:
            time.sleep((i * 131 + seed * 17) % 900 / 1e6)
            os.kill(pid, signal.SIGKILL)
        status = os.waitpid(pid, 0)[1]
        report(status == 0 or (kill and status == signal.SIGKILL), "status %x" % status)


def timed_starts():
    """Threads start programs, some of which are killed at once, under a timer signal."""
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
    threads = [threading.Thread(target=starts, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    signal.setitimer(signal.ITIMER_REAL, 0)


{"stops": stopped_execs, "counts": counted_stops, "starts": timed_starts}[KIND]()
print("bad: %d" % bad)

"""The program inside for neverblock.sh: one process is made to block in a call that uctr deals with, in the manner of the
first argument, while this one goes on making calls. Prints the longest time in milliseconds that one of these took, the
best of three rounds: a supervisor that blocks does so in all of them, a busy machine does not."""

import os
import signal
import socket
import subprocess
import sys
import time


def fork(work):
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(0)
    return pid


def fifo(directory):
    path = directory + "/fifo"
    if not os.path.exists(path):
        os.mkfifo(path)
    pids = [fork(lambda: os.open(path, os.O_RDONLY)) for _ in range(3)]

    def release():
        fd = os.open(path, os.O_WRONLY)  # all readers go on
        for pid in pids:
            os.waitpid(pid, 0)
        os.close(fd)
    return release


def fifo_killed(directory):
    fifo_path = directory + "/fifo2"
    if not os.path.exists(fifo_path):
        os.mkfifo(fifo_path)
    pids = [fork(lambda: os.open(fifo_path, os.O_WRONLY)) for _ in range(3)]

    def release():
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    return release


def stopped(_):
    def busy():
        while True:
            os.stat("/etc/passwd")
            os.chdir("/")
            os.close(os.open("/etc/passwd", os.O_RDONLY))
    pids = [fork(busy) for _ in range(3)]
    time.sleep(0.05)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)

    def release():
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    return release


def stopped_in_exec(_):
    def busy():
        while True:
            subprocess.run(["/bin/true"])
    pids = [fork(lambda: (os.setpgrp(), busy())) for _ in range(2)]
    time.sleep(0.2)
    for pid in pids:
        os.killpg(pid, signal.SIGSTOP)

    def release():
        for pid in pids:
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    return release


def connect(directory):
    path = directory + "/socket"
    if os.path.exists(path):
        os.unlink(path)
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen(0)
    full = socket.socket(socket.AF_UNIX)
    full.connect(path)  # fills the queue

    def hang():
        socket.socket(socket.AF_UNIX).connect(path)
    pids = [fork(hang) for _ in range(2)]

    def release():
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        full.close()
        server.close()
    return release


def longest(seconds):
    worst = 0.0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        start = time.monotonic()
        os.stat("/etc/hostname")
        os.close(os.open("/etc/passwd", os.O_RDONLY))
        os.listdir("/")
        os.waitpid(os.posix_spawn("/bin/true", ["true"], os.environ), 0)
        worst = max(worst, time.monotonic() - start)
    return worst * 1000


how = {"fifo": fifo, "fifo_killed": fifo_killed, "stopped": stopped, "stopped_in_exec": stopped_in_exec,
       "connect": connect, "nothing": lambda _: lambda: None}[sys.argv[1]]
best = float("inf")
for _ in range(3):
    let_go = how(sys.argv[2])
    time.sleep(0.1)
    best = min(best, longest(1.0))
    let_go()
    if best < 100:
        break
print("%d" % best)

#!/usr/bin/env python3
"""Tortures of the engine: everything at once, at random moments. Each guest (torture_guest.c) runs natively, in the host's view
and in one in which its directory has another name, $UCTR_TORTURE seconds (1); the supervisor must neither grow nor leak."""

import concurrent.futures
import os
import re
import signal
import subprocess
import time

from lib import NATIVE, TOP, UCTR, Tap, children, describe, marked, wait_until

SECONDS = float(os.environ.get("UCTR_TORTURE", "1"))
GUEST = os.path.join(os.environ.get("BUILD", os.path.join(TOP, "build")), "tests/e2e/torture_guest")
MODES = {
    "spawn": "8 threads fork, vfork and spawn under timer signals",
    "thread-exec": "a thread executes while the others are in redirected calls",
    "kill": "SIGKILL at random moments of such processes",
    "stop": "each stop of a child that executes is reported once and undone by SIGCONT",
    "interrupted": "blocked opens and connects are interrupted, and restarted with SA_RESTART",
    "descriptors": "a program that closed all its descriptors",
    "huge-argv": "100000 arguments for a program and for a script",
    "churn": "forks, programs and scripts",
}

tap = Tap()
work = os.path.join(tap.scratch, "work")


def run(argv, limit=30, **kwargs):
    """Status and output; a container that does not end is killed."""
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               start_new_session=True, **kwargs)
    try:
        output, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        left = describe([process.pid] + children(process.pid))
        process.kill()
        return "not done after %d s" % limit, left
    return process.returncode, output


def guest(view, mode):
    subprocess.run(["rm", "-rf", work], check=True)
    os.mkdir(work)
    argv = {
        "native": [],
        "host": [UCTR, "-u", "host", "-v", work, "--"],
        "view": [UCTR, "-u", "host", "-v", work + ":/uctr-torture", "-w", "/uctr-torture", "--"],
    }[view]
    return run(argv + [GUEST, mode, str(SECONDS)], cwd=work)


for mode, name in MODES.items():
    for view in ["native", "host", "view"]:
        status, output = guest(view, mode)
        tap.ok(status == 0, "%s (%s)" % (name, view), "status: %s\n%s" % (status, output))

# The program is stopped and continued by others than the front.
STOPS = 'p=$$; (i=0; while [ $i -lt 200 ]; do kill -STOP $p; kill -CONT $p; i=$((i+1)); done) & wait; exit 6'
tap.equal(run([UCTR, "--", "sh", "-c", STOPS]), (6, ""), "a program that another process stops and continues goes on")
STOPPED = [UCTR, "--", "sh", "-c", "(sleep 0.2; kill -KILL $$) & kill -STOP $$"]
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    results = set(pool.map(lambda _: run(STOPPED), range(100)))
tap.equal(results, {(137, "")}, "a program that is killed while it is stopped ends the container, a hundred times")

# What uctr itself is started with.
tap.equal(run([UCTR, "--", "sh", "-c", "exit 5"], preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN)), (5, ""),
          "uctr started with SIGCHLD ignored has the program's status")
tap.equal(run(["sh", "-c", '"$@" <&- >&-', "sh", UCTR, "--", "sh", "-c", "exit 4"]), (4, ""),
          "uctr started with stdin and stdout closed")
if not NATIVE:
    status, output = run([UCTR, "--", UCTR, "--", "true"])
    tap.ok(status == 125 and re.fullmatch(r"uctr: .*inside uctr.*\n", output), "uctr inside uctr says so", output)

mark = os.urandom(8).hex()
early = []
for number in range(40):
    process = subprocess.Popen([UCTR, "--", "sleep", "20"], env=dict(os.environ, UCTR_MARK=mark))
    time.sleep(number * 0.0001)
    process.terminate()
    early.append(process.wait())
tap.ok(set(early) <= {-signal.SIGTERM, 143}, "SIGTERM of the front while it starts", early)
tap.ok(wait_until(lambda: not marked(mark), 5), "nothing is left then", describe(marked(mark)))

many = [subprocess.Popen([UCTR, "--", "sh", "-c", "sleep 0.3; exit %d" % n]) for n in range(50)]
tap.equal([process.wait() for process in many], list(range(50)), "50 containers at once")


def figures(pid):
    """Resident KiB and open descriptors."""
    with open("/proc/%d/status" % pid) as f:
        rss = int(re.search(r"VmRSS:\s*(\d+)", f.read()).group(1))
    return rss, len(os.listdir("/proc/%d/fd" % pid))


if not NATIVE and "/san/" not in UCTR:  # sanitizers keep freed memory
    subprocess.run(["rm", "-rf", work], check=True)
    os.mkdir(work)
    process = subprocess.Popen([UCTR, "-v", work, "--", GUEST, "churn", str(4 + 3 * SECONDS)], cwd=work,
                               stdout=subprocess.DEVNULL)
    time.sleep(2)
    supervisor = children(process.pid)[0]
    before = figures(process.pid) + figures(supervisor)
    time.sleep(1 + 3 * SECONDS)
    after = figures(process.pid) + figures(supervisor)
    # A call that is being served has some descriptors open, and the cache of tasks up to two for each of its 64 slots.
    good = after[0] <= before[0] + 64 and after[1] == before[1] and after[2] <= before[2] + 256 and after[3] < 160
    tap.ok(good, "neither grows nor leaks: KiB, descriptors of front and supervisor %s, later %s" % (before, after))
    process.wait()

tap.done()

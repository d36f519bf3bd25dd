#!/usr/bin/env python3
"""kill -9 of the front, the supervisor or the program at a random moment, $UCTR_KILLS times (10): within 5 seconds no process
of the container is left, and no file in the places where temporary files are made."""

import os
import random
import signal
import subprocess
import time
import uuid

from lib import UCTR, Tap, children, describe, marked, wait_until

ROUNDS = int(os.environ.get("UCTR_KILLS", "10"))
PLACES = ["/dev/shm", "/tmp", "/var/tmp", "/run/user/%d" % os.getuid(), os.environ.get("XDG_RUNTIME_DIR", "")]
# Forks, execs, a daemon that forks twice, one that ignores signals, threads, a process in a blocked open, one stopped.
WORK = r"""
cd /
setsid sh -c 'setsid sh -c "while :; do /bin/true; done" & exit' &
(trap "" TERM HUP INT; while :; do ls / >/dev/null; done) &
python3 -c 'import os, threading
def f():
    while True: os.stat("/etc/passwd"); os.close(os.open("/etc/passwd", os.O_RDONLY))
for _ in range(3): threading.Thread(target=f).start()' &
mkfifo "$W/fifo" 2>/dev/null; cat "$W/fifo" &
sh -c 'kill -STOP $$' &
while :; do (cd /usr && /bin/true | cat); done
"""

tap = Tap()
work = os.path.join(tap.scratch, "work")
os.mkdir(work)
seed = int(os.environ.get("UCTR_SEED", random.randrange(1 << 32)))
random.seed(seed)
print("# UCTR_SEED=%d" % seed)


def files():
    found = set()
    for place in PLACES:
        if not os.path.isdir(place):
            continue
        for name in os.listdir(place):
            path = os.path.join(place, name)
            try:
                mine = os.lstat(path).st_uid == os.getuid()
            except OSError:
                continue
            if mine:
                found.add(path)
    return found


before = files()
leftover_files = set()
failures = {}
killed = {"front": 0, "supervisor": 0, "program": 0}
for number in range(ROUNDS):
    mark = "UCTR_MARK=" + uuid.uuid4().hex
    env = dict(os.environ, W=work, UCTR_MARK=mark.split("=")[1])
    front = subprocess.Popen([UCTR, "-u", "host", "-v", work, "--", "sh", "-c", WORK], env=env, stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    # Half of the rounds early, in the middle of the start.
    time.sleep(random.uniform(0, 0.02) if number // 3 % 2 else random.uniform(0.1, 0.6))
    victim = ["front", "supervisor", "program"][number % 3]
    pid = front.pid
    for _ in range({"front": 0, "supervisor": 1, "program": 2}[victim]):
        below = children(pid)
        if not below:
            victim = "front"  # it has not come so far
            pid = front.pid
            break
        pid = below[0]
    killed[victim] += 1
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass

    def gone():
        front.poll()
        return not marked(mark, (front.pid,))

    if not wait_until(gone, 5) or front.poll() is None:
        left = marked(mark, (front.pid,))
        failures.setdefault(victim, []).append("round %d, left:\n%s" % (number, describe(left)))
        for other in left:
            try:
                os.kill(other, signal.SIGKILL)
            except ProcessLookupError:
                pass
        front.wait()
    leftover_files |= {path for path in files() - before if "uctr-e2e." not in path}

for victim, times in killed.items():
    tap.ok(times > 0 and victim not in failures, "kill -9 of the %s, %d times: no process is left" % (victim, times),
           "\n".join(failures.get(victim, [])[:3]))
# Files of others' making come and go: only what stays counts.
time.sleep(0.2)
leftover_files = {path for path in leftover_files if os.path.lexists(path)}
tap.equal(sorted(leftover_files), [], "no file is left in " + " ".join(p for p in PLACES if p))
tap.done()

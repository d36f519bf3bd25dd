#!/usr/bin/env python3
"""Programs that are started under storms of signals (guest_storm.py), with closed standard descriptors, and many at once.
All with -u host."""

import os
import subprocess
import sys

from lib import HERE, UCTR, Tap

tap = Tap()
GUEST = [sys.executable, os.path.join(HERE, "guest_storm.py")]


def run(argv, **options):
    done = subprocess.run([UCTR, "-u", "host", "--"] + argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
                          **options)
    return done.returncode, done.stdout.decode()


tap.equal(run(GUEST + ["stops", "40"]), (0, "bad: 0\n"), "a thread's exec while its process is stopped and continued")
tap.equal(run(GUEST + ["counts", "25"]), (0, "bad: 0\n"), "a parent sees each stop and continuation once")
tap.equal(run(GUEST + ["starts", "60"]), (0, "bad: 0\n"), "four threads start programs under a timer, some are killed")
tap.equal(run(["sh", "-c", "for i in $(seq 200); do [ x = \"$(echo x | cat | cat)\" ] || echo lost; done"]), (0, ""),
          "200 pipelines")

for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
    shell = '"$0" -u host -- sh -c "exit 7" ' + closed
    tap.equal(subprocess.run(["sh", "-c", shell, UCTR], check=False).returncode, 7, "started with %s" % closed)
listing = subprocess.run(["sh", "-c", '"$0" -u host -- sh -c "[ ! -e /proc/self/fd/0 ]" <&-', UCTR], check=False)
tap.equal(listing.returncode, 0, "what was closed is closed inside")

many = [subprocess.Popen([UCTR, "-u", "host", "--", "sh", "-c", "sleep 0.1; exit 5"]) for _ in range(30)]
tap.equal([p.wait() for p in many], [5] * 30, "30 containers at once")
tap.done()

#!/usr/bin/env python3
"""$UCTR_STARTS programs and scripts (1000) are started at random by eight threads under a signal every millisecond (torture_guest.c):
the same statuses as natively, and no thread stays traced. With -u host."""

import os
import subprocess

from lib import TOP, UCTR, Tap

GUEST = os.path.join(os.environ.get("BUILD", os.path.join(TOP, "build")), "tests/e2e/torture_guest")
STARTS = int(os.environ.get("UCTR_STARTS", "1000"))

tap = Tap()
work = os.path.join(tap.scratch, "work")
os.mkdir(work)
VIEWS = {
    "native": [],
    "host view": [UCTR, "-u", "host", "-v", work, "--"],
    "moved": [UCTR, "-u", "host", "-v", work + ":/uctr-starts", "-w", "/uctr-starts", "--"],
}
for view, prefix in VIEWS.items():
    done = subprocess.run(prefix + [GUEST, "many", str(STARTS)], cwd=work, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=600)
    tap.equal((done.returncode, done.stdout), (0, f"{STARTS} starts\n0 failures\n"), f"{STARTS} starts by eight threads ({view})")
tap.done()

"""For debian.sh: drives an interactive bash in the root $ROOT through a pseudo-terminal; says "interactive ok" or what it
saw instead."""

import os
import sys
import time

from lib import Terminal

term = Terminal(os.environ["UCTR"].split() + ["-u", "host", "--root", os.environ["ROOT"] + ":rw", "--", "/bin/bash",
                                              "--noprofile", "--rcfile", "/project/bashrc", "-i"])
term.expect(r"ready\$ $")


def wants(text, wanted):
    got = term.command(text)
    if wanted not in got:
        print("%s: %r, wanted %r" % (text, got, wanted))
        print(repr(term.all))
        sys.exit(1)


wants("cat /etc/debian_version", "12")
wants("tty", "/dev/pts/")
wants("echo $((6*7)) | cat", "42")
term.line("sleep 100")
time.sleep(0.5)
term.send("\x1a")
term.expect(r"ready\$ $")
wants("jobs", "Stopped")
wants("kill %1; wait; ls /usr/src", "hello")
term.line("sleep 100")
time.sleep(0.5)
term.send("\x03")
term.expect(r"ready\$ $")
wants("echo status $?", "status 130")
if "job control" in term.all:
    print(repr(term.all))
    sys.exit(1)
term.line("exit 4")
print("interactive ok" if term.wait() == 4 else "exit status %r" % term.status)

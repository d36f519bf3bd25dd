#!/usr/bin/env python3
"""Interactive use through a pseudo-terminal: whatever a terminal can do natively, it must do under uctr. Passes with
UCTR_NATIVE=1 as well."""

import os
import time
import uuid

from lib import UCTR, Tap, Terminal, describe, marked, wait_until

tap = Tap()
work = tap.scratch
RC = os.path.join(work, "bashrc")
with open(RC, "w") as rc:
    rc.write("PS1='ready$ '\nunset HISTFILE\nbind 'set enable-bracketed-paste off'\n")
BASH = ["bash", "--noprofile", "--rcfile", RC, "-i"]
INSIDE = [UCTR, "-u", "host", "-v", work, "--"]
UCTR_LINE = " ".join(INSIDE)


def shell_inside():
    term = Terminal(INSIDE + BASH)
    term.expect(r"ready\$ $")
    return term


def shell_outside():
    term = Terminal(BASH)
    term.expect(r"ready\$ $")
    return term


def test_shell():
    term = shell_inside()
    tap.ok("job control" not in term.all and "terminal process group" not in term.all, "bash has job control", term.all)
    tap.equal(term.command("echo $((6*7))"), "42", "bash answers")
    tap.equal(term.command("test -t 0 && test -t 1 && echo yes"), "yes", "stdin and stdout are terminals")
    tap.equal(term.command("tty | grep -c '^/dev/pts/'"), "1", "tty names the terminal")
    tap.equal(term.command("echo through > /dev/tty"), "through", "/dev/tty is the terminal")
    tap.equal(term.command("echo one | tr a-z A-Z | sed s/N/X/ | cat"), "OXE", "a pipeline inside")
    term.line("exit 7")
    tap.equal(term.wait(), 7, "exit status of the shell")
    term.close()


def test_signals():
    term = shell_inside()
    term.line("sleep 100")
    time.sleep(0.5)
    term.send("\x03")
    tap.ok(term.expect(r"\^C.*ready\$ $"), "Ctrl-C ends the command and not the shell", term.text)
    tap.equal(term.command("echo status $?"), "status 130", "Ctrl-C is SIGINT")
    term.line("sleep 100")
    time.sleep(0.5)
    term.send("\x1c")
    tap.ok(term.expect(r"ready\$ $"), "Ctrl-\\ ends the command", term.text)
    tap.equal(term.command("echo status $?"), "status 131", "Ctrl-\\ is SIGQUIT")
    tap.equal(term.command("kill -TERM $$; echo alive"), "alive", "an interactive shell ignores SIGTERM")
    term.line("exit 0")
    tap.equal(term.wait(), 0, "the shell ends")
    term.close()


def test_jobs():
    term = shell_inside()
    term.line("sleep 100")
    time.sleep(0.5)
    term.send("\x1a")
    tap.ok(term.expect(r"Stopped +sleep 100\r\n.*ready\$ $"), "Ctrl-Z stops the job", term.text)
    tap.ok("Stopped" in term.command("jobs"), "jobs lists it")
    tap.ok("sleep 100 &" in term.command("bg"), "bg lets it go on")
    tap.ok("Running" in term.command("jobs"), "jobs says that it runs")
    term.line("fg")
    tap.ok(term.expect(r"fg\r\nsleep 100\r\n"), "fg brings it back", term.text)
    time.sleep(0.3)
    term.send("\x03")
    tap.ok(term.expect(r"ready\$ $"), "Ctrl-C ends the job in the foreground", term.text)
    tap.equal(term.command("sleep 0.2 & wait $! && echo waited").splitlines()[-1], "waited", "wait for a job")
    term.line("cat &")
    tap.ok(term.expect(r"ready\$ $") is not None, "a job in the background", term.text)
    tap.ok(wait_until(lambda: "Stopped" in term.command("jobs"), 5), "which reads the terminal is stopped")
    term.line("fg")
    term.expect(r"cat\r\n")
    term.line("typed")
    tap.ok(term.expect(r"typed\r\ntyped\r\n"), "and reads it in the foreground", term.text)
    term.send("\x04")
    tap.ok(term.expect(r"ready\$ $"), "Ctrl-D is its end of file", term.text)
    term.line("exit")
    tap.ok(term.wait() is not None, "the shell ends")
    term.close()


def test_window():
    term = shell_inside()
    tap.equal(term.command("stty size"), "24 80", "window size")
    term.command("trap 'echo WINCH' WINCH")
    term.resize(40, 132)
    tap.ok(term.expect(r"WINCH\r\n"), "SIGWINCH arrives", term.all)
    tap.equal(term.command("stty size").splitlines()[-1], "40 132", "window size after a change")
    term.line("exit")
    term.wait()
    term.close()


def test_full_screen():
    path = os.path.join(work, "edited")
    term = Terminal(INSIDE + ["vi", "-u", "NONE", path])
    tap.ok(term.expect(r"~.*~"), "vi draws its screen", term.text)
    term.send("ihello from vi\x1b")
    time.sleep(0.3)
    term.send(":wq\r")
    tap.equal(term.wait(), 0, "vi writes and ends")
    tap.equal(open(path).read() if os.path.exists(path) else None, "hello from vi\n", "the file arrived on the host")
    term.close()

    term = Terminal(INSIDE + ["vi", "-e", "-u", "NONE", path])
    term.expect(r":")
    term.line("%s/vi/ex/")
    term.line("wq")
    tap.equal(term.wait(), 0, "vi -e ends")
    tap.equal(open(path).read(), "hello from ex\n", "vi -e edited the file")
    term.close()

    with open(os.path.join(work, "long"), "w") as f:
        f.writelines("line %d of many\n" % i for i in range(1, 201))
    term = Terminal(INSIDE + ["less", os.path.join(work, "long")])
    tap.ok(term.expect(r"line 20 of many"), "less shows the first page", term.text)
    term.send("G")
    tap.ok(term.expect(r"line 200 of many"), "and the end", term.text)
    term.send("q")
    tap.equal(term.wait(), 0, "less ends")
    term.close()

    term = shell_outside()
    term.line("seq 1 500 | %s less" % UCTR_LINE)
    tap.ok(term.expect(r"\r\n20\r\n"), "less in a pipeline shows its input", term.text)
    term.send("Gq")
    tap.ok(term.expect(r"500.*ready\$ $"), "and takes its keys from the terminal", term.text)
    term.close()


def test_script():
    term = Terminal(INSIDE + ["script", "-qc", "tty; echo in script", "/dev/null"])
    tap.ok(term.expect(r"/dev/pts/\d+\r\n.*in script"), "script makes a pseudo-terminal", term.text)
    tap.equal(term.wait(), 0, "and ends")
    term.close()
    term = Terminal(INSIDE + ["python3", "-q"])
    term.expect(r">>> ")
    term.line("print(6 * 7)")
    tap.ok(term.expect(r"\r\n42\r\n>>> "), "python answers", term.text)
    term.send("\x04")
    tap.equal(term.wait(), 0, "and ends at Ctrl-D")
    term.close()


def test_outer_shell():
    term = shell_outside()
    before = term.attributes()
    term.line(UCTR_LINE + " sleep 100")
    time.sleep(0.8)
    term.send("\x1a")
    tap.ok(term.expect(r"Stopped .*ready\$ $"), "Ctrl-Z gives the outer shell its prompt", term.text)
    tap.ok("Stopped" in term.command("jobs"), "the outer shell has a stopped job")
    term.line("fg")
    time.sleep(0.5)
    term.send("\x1a")
    tap.ok(term.expect(r"fg\r\n.*Stopped .*ready\$ $"), "fg, and Ctrl-Z again", term.text)
    tap.ok("&" in term.command("bg"), "bg")
    tap.ok("Running" in term.command("jobs"), "it runs in the background")
    term.line("fg")
    time.sleep(0.5)
    term.send("\x03")
    tap.ok(term.expect(r"ready\$ $"), "Ctrl-C after all that", term.text)
    tap.equal(term.command("echo status $?"), "status 130", "the status is the signal's")

    term.line(UCTR_LINE + " cat &")
    term.expect(r"ready\$ $")
    tap.ok(wait_until(lambda: "Stopped" in term.command("jobs"), 5), "in the background it is stopped when it reads")
    term.line("fg")
    time.sleep(0.5)
    term.line("typed")
    tap.ok(term.expect(r"typed\r\ntyped\r\n"), "and reads after fg", term.text)
    term.send("\x04")
    tap.ok(term.expect(r"ready\$ $"), "up to Ctrl-D", term.text)

    tap.equal(term.command("echo abc | %s tr a-z A-Z | cat" % UCTR_LINE), "ABC", "pipelines on both sides")
    tap.equal(term.command("yes | %s head -n 1 | cat" % UCTR_LINE), "y", "a writer before it gets SIGPIPE")
    tap.equal(term.command("%s yes | head -n 1" % UCTR_LINE), "y", "a writer in it gets SIGPIPE")
    term.line("%s sleep 100 | cat" % UCTR_LINE)
    time.sleep(0.8)
    term.send("\x03")
    tap.ok(term.expect(r"ready\$ $"), "Ctrl-C ends a pipeline", term.text)

    term.line(UCTR_LINE + " " + " ".join(BASH))
    term.expect(r"ready\$ $")
    tap.equal(term.command("echo $SHLVL-inside | cut -d- -f2"), "inside", "a shell in a shell")
    term.line("sleep 100")
    time.sleep(0.5)
    term.send("\x1a")
    tap.ok(term.expect(r"Stopped +sleep 100\r\n.*ready\$ $"), "Ctrl-Z belongs to the inner shell then", term.text)
    term.command("kill -9 %1")
    # bash does not leave before it has noticed that its stopped job is dead, which takes it a while, natively too.
    wait_until(lambda: term.command("jobs") == "", 5)
    term.line("exit 3")
    term.expect(r"ready\$ $")
    tap.equal(term.command("echo status $?"), "status 3", "back in the outer shell")
    term.line("stty -a > /dev/null")
    term.expect(r"ready\$ $")
    after = term.attributes()
    tap.equal(after, before, "the terminal is as it was")
    term.close()


def test_hangup():
    mark = "UCTR_MARK=" + uuid.uuid4().hex
    term = Terminal(INSIDE + BASH, env=dict([mark.split("=")]))
    term.expect(r"ready\$ $")
    term.line("sleep 1000 & sleep 1001")
    time.sleep(0.5)
    tap.ok(len(marked(mark)) >= 3, "a shell with two jobs", describe(marked(mark)))
    term.hang_up()
    tap.ok(wait_until(lambda: len(marked(mark)) == 0, 8), "a hang-up ends them all", describe(marked(mark)))
    term.close()


for test in (test_shell, test_signals, test_jobs, test_window, test_full_screen, test_script, test_outer_shell,
             test_hangup):
    try:
        test()
    except Exception as error:  # one broken test must not hide the others
        tap.ok(False, test.__name__ + " broke off", repr(error))
tap.done()

#!/bin/bash
# The process tree: exit statuses, what happens to those that the main program leaves behind, signals from outside, and
# that a task reaches none but the container's own.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
in_it() { "$UCTR" -u host -v "$T" -- "$@"; }
status() { "$@" >"$T/out" 2>&1; echo $?; }

# --- exit status
for code in 0 1 2 42 125 126 127 128 255; do
	is "$(status in_it sh -c "exit $code")" $code "exit status $code"
done
for signal in HUP INT TERM KILL SEGV ABRT USR1 PIPE; do
	number=$(kill -l $signal)
	is "$(status in_it sh -c "kill -$signal \$\$")" $((128 + number)) "ended by SIG$signal: 128 + $number"
done
echo text >"$T/no-x"
is "$(status in_it /nonexistent)" 127 "a path that does not exist: 127"
is "$(wc -l <"$T/out")" 1 "with one line"
is "$(status in_it no-such-program-at-all)" 127 "a name that is not in PATH: 127"
is "$(status in_it "$T/no-x")" 126 "a file that is not executable: 126"
is "$(status in_it "$T")" 126 "a directory: 126"
is "$(wc -l <"$T/out")" 1 "with one line"
is "$(status "$UCTR" -u host --no-such-option -- true)" 125 "an error of uctr's own: 125"
printf '#!/no/such/interpreter\n' >"$T/bad" && chmod +x "$T/bad"
is "$(status in_it "$T/bad")" 127 "a script whose interpreter does not exist: 127"

# --- those left behind
mark=UCTR_MARK=$$-$RANDOM
marked() { # prints the processes that have the mark in their environment
	local file
	for file in /proc/[0-9]*/environ; do
		grep -qzx "$mark" "$file" 2>/dev/null && echo "${file//[^0-9]/}"
	done
	true
}
none_left() { [ -z "$(marked)" ]; }
seconds() { # TIME it takes in tenths
	local start=${EPOCHREALTIME/./}
	"$@" >"$T/out" 2>&1
	echo $(((${EPOCHREALTIME/./} - start) / 100000))
}
daemon='setsid sh -c "setsid sh -c \"trap : HUP; while :; do sleep 0.1; done\" & exit 0" </dev/null >/dev/null 2>&1; sleep 0.3'
took=$(seconds env "$mark" "$UCTR" -u host -v "$T" -- sh -c "$daemon")
ok "$((took > 15))" "a daemon that forked twice and obeys SIGTERM is ended at once" "took $took tenths"
runs "and nothing is left" none_left
stubborn='(trap "" TERM HUP; exec setsid sh -c "while :; do sleep 0.1; done") </dev/null >/dev/null 2>&1 & sleep 0.3'
took=$(seconds env "$mark" "$UCTR" -u host -v "$T" -- sh -c "$stubborn")
ok "$((took < 20 || took > 40))" "one that ignores SIGTERM gets SIGKILL after 2 seconds" "took $took tenths"
runs "and nothing is left of it" none_left
polite='(trap "echo bye >'$T'/bye; exit" TERM; while :; do sleep 0.05; done) </dev/null >/dev/null 2>&1 & sleep 0.3'
in_it sh -c "$polite"
is "$(cat "$T/bye" 2>&1)" bye "one that cleans up at SIGTERM has the time to"
is "$(status in_it sh -c 'sleep 60 >/dev/null 2>&1 & exit 9')" 9 "the exit status is the main program's"
stopped='sh -c "kill -STOP \$\$" & sleep 0.3'
took=$(seconds env "$mark" "$UCTR" -u host -- sh -c "$stopped")
ok "$((took > 40))" "a stopped one does not hang the end" "took $took tenths"
runs "and is gone too" none_left

# --- signals from outside
forwards() { # SIGNAL: the program hears of it and ends with its own status
	"$UCTR" -u host -v "$T" -- sh -c "trap 'echo got $1; exit 5' $1; echo up >$T/up; while :; do sleep 0.05; done" >"$T/heard" 2>&1 &
	local front=$! result=0
	until_true 5 test -e "$T/up"
	rm -f "$T/up"
	kill "-$1" $front
	wait $front || result=$?
	is "$(cat "$T/heard") $result" "got $1 5" "SIG$1 to uctr reaches the program"
}
for signal in TERM HUP USR1 USR2 ALRM; do forwards $signal; done
"$UCTR" -u host -- sleep 60 &
front=$!
sleep 0.5
kill -TERM $front
wait $front
is $? 143 "a program that SIGTERM ends: 143"

# --- nobody else's processes
setsid python3 -c 'import signal, sys, time
signal.signal(signal.SIGURG, lambda *_: open(sys.argv[1], "w").close())
while True: time.sleep(1)' "$T/urgent" &
victim=$!
until_true 5 grep -q '^SigCgt:.*[1-9a-f]' /proc/$victim/status
sleep 0.3
has "$(LC_ALL=C in_it sh -c "kill -s URG $victim" 2>&1)" "No such process" "a process outside cannot be signalled: ESRCH"
has "$(LC_ALL=C in_it sh -c "kill -s 0 $$" 2>&1)" "No such process" "nor be asked for"
has "$(LC_ALL=C in_it sh -c "kill -s URG -- -$victim" 2>&1)" "No such process" "nor can its process group"
if [ -z "${UCTR_NATIVE:-}" ]; then
	is "$(in_it python3 -c 'import os, signal, subprocess, time
child = subprocess.Popen(["sh", "-c", "trap \"echo heard; exit\" URG; echo up; while :; do sleep 0.05; done"], stdout=subprocess.PIPE)
child.stdout.readline()
os.kill(-1, signal.SIGURG)
print(child.stdout.readline().decode().strip())')" heard "kill(-1) reaches the container"
	sleep 0.2
	fails "and none outside" test -e "$T/urgent"
fi
has "$(in_it python3 -c 'import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print(libc.ptrace(16, '$victim', 0, 0), ctypes.get_errno())')" "-1 3" "nor be traced"
has "$(in_it python3 -c 'import os
try: os.pidfd_open('$victim')
except OSError as e: print(e.errno)')" 3 "nor be named by a pidfd"
has "$(in_it python3 -c 'import resource
try: resource.prlimit('$victim', resource.RLIMIT_CORE)
except OSError as e: print(e.errno)')" 3 "nor its limits be read"
is "$(in_it sh -c 'sleep 60 & kill -0 $! && kill $! && wait $!; echo $?')" 143 "its own can be signalled"
is "$(in_it python3 -c 'import os
print(os.getpid() == os.getpgrp() or os.getpgrp() > 0, os.kill(os.getpid(), 0))')" "True None" "a task can ask for itself"
kill -KILL $victim

# --- many
is "$(in_it sh -c 'i=0; while [ $i -lt 300 ]; do /bin/true || echo bad; i=$((i+1)); done; echo end')" end "300 programs one after the other"
is "$(in_it sh -c 'for i in $(seq 100); do (exit $((i % 7))) & done; wait; echo end')" end "100 at the same time"
is "$(in_it sh -c 'seq 1000 | sort -n | tail -n 1 | cat | cat')" 1000 "a pipeline of five"
done_testing

#!/bin/bash
# A call of one process that blocks never delays those of another: each round lets some processes hang in a call that uctr
# deals with, and demands that another's stat, open, getdents, fork and exec take less than 100 ms all the while. Afterwards
# the hanging ones can be released or killed.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

round() {
	local out
	out=$(timeout -k 1 25 "$UCTR" -u host -v "$T" -- python3 "$here/guest_neverblock.py" "$1" "$T" 2>&1)
	[[ $out =~ ^[0-9]+$ ]] && [ "$out" -lt 100 ]
	ok $? "$2" "got (milliseconds): $out"
}
round nothing "nobody blocks"
round fifo "readers wait at a FIFO that nobody writes, and go on when somebody does"
round fifo_killed "writers wait at a FIFO that nobody reads, and can be killed"
round stopped "processes are stopped in the middle of their calls"
round stopped_in_exec "processes are stopped in fork and exec"
round connect "connects to a socket whose queue is full"
done_testing

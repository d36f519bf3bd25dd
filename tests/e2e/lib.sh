# shellcheck shell=bash
# For the end-to-end tests: TAP, a scratch directory $T that goes away with everything below it, and the program under test
# as `uctr`. UCTR_NATIVE=1 runs everything without uctr (tests/e2e/native), which shows what fails in a test by itself.
set -u

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
# shellcheck disable=SC2034 # for those who source this
BUILD=${BUILD:-$top/build}
UCTR=${UCTR:-$top/build/uctr}
[ -z "${UCTR_NATIVE:-}" ] || UCTR=$here/native
T=$(mktemp -d "${TMPDIR:-/tmp}/uctr-e2e.XXXXXX")
trap 'chmod -R u+rwx "$T" 2>/dev/null; rm -rf "$T"' EXIT
test_number=0
failures=0

if [ "$(id -u)" -eq 0 ]; then
	echo "1..0 # these tests are for an ordinary user"
	exit 1
fi

uctr() { "$UCTR" "$@"; }

# ok STATUS NAME [DETAIL]: one result.
ok() {
	test_number=$((test_number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $test_number - $2"
		return
	fi
	failures=$((failures + 1))
	[ -z "${3:-}" ] || printf '%s\n' "$3" | tail -n 40 | sed 's/^/# /'
	echo "not ok $test_number - $2"
}
skip() {
	test_number=$((test_number + 1))
	echo "ok $test_number - $1 # SKIP $2"
}
# is GOT WANTED NAME
is() {
	local status=0
	[ "$1" = "$2" ] || status=1
	ok $status "$3" "got: $1
wanted: $2"
}
# has TEXT PART NAME: PART, a string, occurs in TEXT.
has() {
	local status=0
	[[ $1 == *"$2"* ]] || status=1
	ok $status "$3" "got: $1
wanted in it: $2"
}
lacks() {
	local status=0
	[[ $1 != *"$2"* ]] || status=1
	ok $status "$3" "got: $1
not wanted in it: $2"
}
# runs NAME COMMAND...: COMMAND succeeds; what it prints is shown only if it does not.
runs() {
	local name=$1 out status
	shift
	out=$("$@" 2>&1 </dev/null)
	status=$?
	ok $status "$name" "$out
status $status: $*"
}
# fails NAME COMMAND...
fails() {
	local name=$1 out status=0
	shift
	out=$("$@" 2>&1 </dev/null) && status=1
	ok $status "$name" "$out
succeeded: $*"
}
# until_true SECONDS COMMAND...: waits until it holds.
until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.02
	done
}
done_testing() {
	echo "1..$test_number"
	[ $failures -eq 0 ]
	exit
}

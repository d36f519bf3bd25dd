#!/bin/sh
# sh setup.sh demo | check | deps: installs what is missing on this Debian machine, then runs `make demo` or `make check`
# (or, with deps, ends). As root it installs with apt-get; otherwise with sudo; otherwise it unpacks the packages under
# build/deps without installing them, for which only gcc and make must be there. Nothing missing: nothing is done.
set -eu
cd "$(dirname "$0")"

usage='usage: sh setup.sh demo|check|deps'
[ $# -eq 1 ] || { echo "$usage" >&2; exit 1; }
case $1 in demo | check | deps) ;; *) echo "$usage" >&2; exit 1 ;; esac

# Each is a package and something of it: a command, a header, or a file.
build='gcc:gcc make:make libc6-dev:stdio.h libseccomp-dev:seccomp.h uthash-dev:uthash.h'
demo='mmdebstrap:mmdebstrap fakechroot:fakechroot fakeroot:fakeroot'
check='libcriterion-dev:criterion/criterion.h python3:python3 git:git strace:strace gdb:gdb ltrace:ltrace
	valgrind:valgrind vim-tiny:vi less:less
	bsdutils:script procps:ps g++:g++ busybox-static:/bin/busybox musl-tools:musl-gcc'
programs='zsh:zsh clang:clang golang-go:/usr/bin/go cargo:/usr/bin/cargo nodejs:/usr/bin/node ruby:ruby lua5.4:lua5.4
	default-jdk-headless:/usr/bin/javac php-cli:php ocaml-nox:ocamlopt emacs-nox:emacs vim:vim tmux:tmux rsync:rsync
	openssh-server:/usr/sbin/sshd openssh-client:ssh redis-server:redis-server nginx-light:nginx sqlite3:sqlite3
	postgresql:/usr/lib/postgresql/15/bin/postgres cmake:cmake ninja-build:ninja meson:meson'
lint='clang-format:clang-format clang-tidy:clang-tidy shellcheck:shellcheck codespell:codespell'

deps=build/deps
arch=$(uname -m)-linux-gnu
want="$build $demo"
[ "$1" = demo ] || want="$want $check"
[ "$1" = deps ] && want="$want $programs $lint"

have() {
	case $1 in
	/*) [ -e "$1" ] || [ -e "$deps$1" ] ;;
	*.h)
		for dir in /usr/include "/usr/include/$arch" "$deps/usr/include" "$deps/usr/include/$arch"; do
			[ -e "$dir/$1" ] && return
		done
		return 1
		;;
	*) command -v "$1" >/dev/null || [ -x "$deps/usr/bin/$1" ] || [ -x "$deps/bin/$1" ] ;;
	esac
}

missing=
for item in $want; do
	have "${item#*:}" || missing="$missing ${item%%:*}"
done

# Without the right to install: simulate the installation to learn which packages it takes, with lists of our own
# when the machine has none, and unpack these.
unpack() {
	mkdir -p "$deps/apt/lists/partial" "$deps/apt/cache/archives/partial"
	set -- -qq -o "Dir::Cache=$PWD/$deps/apt/cache"
	if ! apt-cache show libseccomp-dev >/dev/null 2>&1; then
		set -- "$@" -o "Dir::State::lists=$PWD/$deps/apt/lists"
		apt-get "$@" update
	fi
	# shellcheck disable=SC2086 # a list of words
	apt-get "$@" -s --no-install-recommends install $missing >"$deps/apt/plan"
	debs=$(sed -n 's/^Inst \([^ ]*\) .*/\1/p' "$deps/apt/plan")
	# shellcheck disable=SC2086
	(cd "$deps/apt" && apt-get "$@" download $debs)
	for deb in "$deps"/apt/*.deb; do
		dpkg-deb -x "$deb" "$deps"
	done
	# A -dev package's link to a library that is installed already leads nowhere here.
	find "$deps/usr/lib/$arch" -maxdepth 1 -name '*.so' -xtype l | while read -r link; do
		ln -sf "/usr/lib/$arch/$(readlink "$link")" "$link"
	done
	# Scripts that look for their own files where an installation would have put them.
	here=$PWD/$deps
	for script in fakechroot fakeroot-sysv; do
		[ -e "$deps/usr/bin/$script" ] || continue
		sed -i -e "/use-system-libs/,/;;/!s|/usr/|$here/usr/|g" -e "s|/etc/fakechroot|$here/etc/fakechroot|g" "$deps/usr/bin/$script"
	done
	[ ! -e "$deps/usr/bin/fakeroot-sysv" ] || ln -sf fakeroot-sysv "$deps/usr/bin/fakeroot"
	[ ! -e "$deps/usr/bin/faked-sysv" ] || ln -sf faked-sysv "$deps/usr/bin/faked"
	[ ! -e "$deps/usr/bin/vim.tiny" ] || ln -sf vim.tiny "$deps/usr/bin/vi"
	rm -rf "$deps/apt"
	cat >"$deps/flags.mk" <<-EOF
		D := \$(CURDIR)/$deps/usr
		CPPFLAGS += -isystem \$(D)/include -isystem \$(D)/include/$arch
		LDFLAGS += -L\$(D)/lib/$arch -Wl,-rpath-link,\$(D)/lib/$arch
		export PATH := \$(PATH):\$(D)/bin:\$(D)/sbin:\$(CURDIR)/$deps/bin
		export LD_LIBRARY_PATH := \$(D)/lib/$arch:\$(CURDIR)/$deps/lib/$arch
		export PERL5LIB := \$(D)/share/perl5
		export UCTR_DEPS := \$(D)
	EOF
}

if [ -n "$missing" ]; then
	echo "setup.sh: missing:$missing"
	# shellcheck disable=SC2086 # a list of words
	if ! command -v apt-get >/dev/null; then
		echo "setup.sh: this is not Debian: install the like of these:$missing" >&2
		exit 1
	elif [ "$(id -u)" -eq 0 ]; then
		apt-get -qq update
		DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $missing
	elif command -v sudo >/dev/null && sudo -v; then
		sudo apt-get -qq update
		sudo DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $missing
	elif ! command -v gcc >/dev/null || ! command -v make >/dev/null; then
		echo "setup.sh: ask the administrator for: apt-get install gcc make libc6-dev" >&2
		exit 1
	else
		unpack
	fi
fi

case $1 in
deps) ;;
*) exec make -j2 "$1" ;;
esac

# shellcheck shell=bash
# Completion of uctr's command line for bash: options, their values, and after -- the program's own completion.

_uctr() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} i
	COMPREPLY=()

	for ((i = 1; i < COMP_CWORD; i++)); do
		[ "${COMP_WORDS[i]}" = -- ] || continue
		if declare -F _command_offset >/dev/null; then
			_command_offset $((i + 1))
		elif [ $((i + 1)) -eq "$COMP_CWORD" ]; then
			mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		else
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		fi
		return
	done

	case $prev in
	--root | -w | --workdir) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
	-v | --volume | --mask | --env-file | -o) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	-e | --env) mapfile -t COMPREPLY < <(compgen -e -- "$cur") ;;
	-u | --user) mapfile -t COMPREPLY < <(compgen -W host -- "$cur") ;;
	*)
		mapfile -t COMPREPLY < <(compgen -W "-- doctor --root -v --volume --mask --read-only -w --workdir -e
			--env --env-file --clear-env -u --user --trace -o -q -i -t --rm --help --version" -- "$cur")
		;;
	esac
}
complete -o filenames -F _uctr uctr

# Completion of labserver for bash. For this shell:
#     source <(labserver completion bash)
# For every shell to come:
#     labserver completion bash > ~/.local/share/bash-completion/completions/labserver

_labserver() {
	local program=${COMP_WORDS[0]} typed=${COMP_WORDS[COMP_CWORD]} files='' named=-o\ filenames word end
	program=${program/#\~\//$HOME/}
	case $typed in
	[=:]*) typed=${typed#?} ;; # bash cuts words there, and "=" is one
	esac
	COMPREPLY=()
	while IFS=$'\t' read -r word _; do
		if [ -z "$files" ]; then
			files=$word
			continue
		fi
		COMPREPLY+=("$word")
		case $word in
		*=) named=-o\ nospace ;; # else "=" were quoted, as in a name
		esac
	done < <("$program" complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
	[ "$files" = none ] && return
	type compopt >/dev/null 2>&1 && compopt $named
	while IFS= read -r word; do
		COMPREPLY+=("$word")
	done < <(
		[ "$files" = files ] && compgen -f -- "$typed" && exit
		compgen -d -- "$typed"
		for end in ${files#f*s}; do # what is behind "files" or "folders"
			compgen -f -X "!*$end" -- "$typed"
		done
	)
}
complete -F _labserver labserver

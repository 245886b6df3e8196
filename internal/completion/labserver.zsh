#compdef labserver
# Completion of labserver for zsh. For this shell, after compinit:
#     source <(labserver completion zsh)
# For every shell to come, into a folder of $fpath:
#     labserver completion zsh > ~/.zfunc/_labserver

_labserver() {
	local program=${(Q)words[1]} files line word does
	local -a lines described ends
	program=${program/#\~\//$HOME/}
	lines=("${(@f)$("$program" complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
	files=$lines[1]
	compset -P '*='
	for line in $lines[2,-1]; do
		word=${line%%$'\t'*} does=${line#*$'\t'}
		case $word in
		*=) compadd -S '' -- "$word" ;;
		*) described+=("${word//:/\\:}${does:+:$does}") ;;
		esac
	done
	(($#described)) && _describe -t values 'labserver' described
	case $files in
	folders) _files -/ ;;
	files) _files ;;
	files\ *)
		ends=(${=files#files})
		_files -g "*(${(j:|:)ends})"
		;;
	esac
}

if [ "${funcstack[1]}" = _labserver ]; then
	_labserver
else
	compdef _labserver labserver
fi

# Completion of labserver for fish. For this shell:
#     labserver completion fish | source
# For every shell to come:
#     labserver completion fish > ~/.config/fish/completions/labserver.fish

function __labserver_complete
    set -l before (commandline -opc)
    set -l typed (commandline -ct)
    set -l lines ($before[1] complete $before[2..-1] "$typed" 2>/dev/null)
    set -l prefix (string match -r '^.*=' -- "$typed")
    for line in $lines[2..-1]
        echo "$prefix$line"
    end
    set -l kinds (string split ' ' -- "$lines[1]")
    set -l part (string replace -r '^.*=' '' -- "$typed")
    switch "$kinds[1]"
        case folders
            for name in (__fish_complete_directories "$part" '')
                echo "$prefix$name"
            end
        case files
            for name in (__fish_complete_path "$part" '')
                set -l path (string split \t -- "$name")[1]
                if test (count $kinds) -eq 1; or string match -q -- '*/' "$path"
                    echo "$prefix$name"
                    continue
                end
                for end in $kinds[2..-1]
                    string match -q -- "*$end" "$path"; and echo "$prefix$name"
                end
            end
    end
end

complete -c labserver -f -a '(__labserver_complete)'

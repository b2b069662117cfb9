# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Completion for fish; the candidates are the program's own (helicopter-client complete).

function __helicopter_client_candidates
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in ($words[1] complete -- $words[2..-1] $current 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path $current
            case :directories
                __fish_complete_directories $current
            case :commands
                __fish_complete_command
            case '*'
                echo $line
        end
    end
end
complete -c helicopter-client -f -a '(__helicopter_client_candidates)'

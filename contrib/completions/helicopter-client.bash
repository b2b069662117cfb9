# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Completion for bash; the candidates are the program's own (helicopter-client complete).

_helicopter_client() {
        local candidate current=${COMP_WORDS[COMP_CWORD]}
        [ "$current" != = ] || current=
        COMPREPLY=()
        while IFS=$'\t' read -r candidate _; do
                case $candidate in
                :files) compopt -o filenames && mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$current") ;;
                :directories) compopt -o filenames && mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$current") ;;
                :commands) mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -c -- "$current") ;;
                *) COMPREPLY+=("$candidate") ;;
                esac
        done < <("$1" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _helicopter_client helicopter-client

# Sourced by scripts that run a command beside a program: starts and stops process groups.
# The script defines `clean_up`.
# shellcheck shell=bash
command=''

# is_alive PID: also false for zombies, since bash reaps its children immediately.
is_alive() { kill -0 "$1" 2> /dev/null; }

# Starts a program in its own session, so that its whole group can be stopped and the terminal's Ctrl-C does
# not reach it. It gets SIGTERM if this script is killed. bash makes background jobs ignore SIGINT, which
# `trap -` undoes.
launch() { trap - INT QUIT; exec setsid setpriv --pdeathsig TERM -- "$@"; }

# stop PID SECONDS TARGET: sends SIGTERM to TARGET, and after SECONDS SIGKILL to the rest of PID's group.
stop() {
    kill -TERM -- "$3" 2> /dev/null || :
    for ((i = $2 * 50; i > 0; i--)); do is_alive "$1" || break; sleep 0.02; done
    kill -KILL -- "-$1" 2> /dev/null || :
    wait "$1" 2> /dev/null || :
    for ((i = 20; i > 0; i--)); do kill -0 -- "-$1" 2> /dev/null || break; sleep 0.05; done
}

# run COMMAND...: runs it in the foreground and sets `status`.
run() {
    launch "$@" <&0 &
    command=$!
    status=0
    wait "$command" || status=$?
    command=''
}

finish() {
    status=$?
    trap '' INT TERM HUP
    trap - EXIT
    [ -z "$command" ] || stop "$command" 5 "-$command"
    clean_up
    exit "$status"
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

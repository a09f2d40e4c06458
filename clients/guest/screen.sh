#!/bin/sh
# Print the last screen of a program for terminals, tall enough for all processes.
#
#   screen.sh COMMAND [ARGUMENT...]
set -eu

server=screen-$$
rows=$(find /proc -maxdepth 1 -name '[0-9]*' | wc -l)
tmux="tmux -u -L $server -f /dev/null"
trap '$tmux kill-server' EXIT

# What the program has drawn stays when it ends.
$tmux start-server \; set-option -gw alternate-screen off \; \
	set-option -gw remain-on-exit on \; \
	new-session -d -x 250 -y "$((rows * 2 + 100))" \
	"$*; tmux -L $server wait-for -S ended"
$tmux wait-for ended
$tmux capture-pane -p | sed '/^$/d'

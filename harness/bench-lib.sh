# Where the figures are that bench.sh measures; to be sourced after lib.sh.
# shellcheck shell=sh
# shellcheck disable=SC2034 # used by those who source it

FIGURES=$BUILD/bench
[ "$CONFIG" = tiny ] || FIGURES=$BUILD/bench/$CONFIG

# tables ROWS: the tables that the file describes, from the figures.
tables()
{
	awk -f "$HARNESS/bench-figures.awk" -f "$HARNESS/bench-tables.awk" \
		"$FIGURES"/*.csv "$1"
}

#!/bin/sh
# Run in the guest: the comparison, in the presence of a population.
#
#   run.sh DIR		where the selftests' programs are

export LC_ALL=C PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
exec "$1/xyzzy_population" python3 /oracle/check.py "$1/xyzzy_dump"

# SPDX-License-Identifier: GPL-2.0
"""Type the lines of the file session in a shell, with SIZE processes there, and
show what came.

  record.py SIZE
"""

import pathlib
import subprocess
import sys

import measure

SHELL = """while read -r line; do
	printf '$ %s\\n' "$line"
	eval "$line" 2>&1 || :
done"""


def main(size):
    measure.populate(int(size))
    print("session: begin", flush=True)
    with pathlib.Path(__file__).with_name("session").open() as session:
        subprocess.run(["sh", "-c", SHELL], stdin=session, check=True)
    print("session: end")


if __name__ == "__main__":
    main(*sys.argv[1:])

# SPDX-License-Identifier: GPL-2.0
"""Print what psutil reports of each process, a line each."""

import psutil

ATTRIBUTES = ["pid", "name", "username", "cpu_times", "memory_info", "status",
              "create_time", "cmdline"]

for process in psutil.process_iter(ATTRIBUTES):
    print(process.pid, *(process.info[name] for name in ATTRIBUTES[1:]))

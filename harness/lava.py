#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Write job definitions for LAVA from harness/machines, and count the results of a
job.

  lava.py write [MACHINE [FILE [TEST...]]]
				BUILD/lava/MACHINE.yaml for each machine that QEMU
				boots, or FILE for one and, if named, some tests only
  lava.py device JOB TEMPLATES	the dictionary of a QEMU device, as a server makes
				it from its templates and the context of the job
  lava.py count LOG		of what lava-run printed: a line for each result

Kernels and initramfs are those that `ARCH=MACHINE harness/guest.sh on` makes.
LAVA_URL is where the job gets them from, in a directory named like that of the kernel
(linux-7.3-tiny-MACHINE); by default, it takes them from the build directory itself.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

HARNESS = pathlib.Path(os.environ.get("HARNESS", pathlib.Path(__file__).parent)).resolve()
BUILD = pathlib.Path(os.environ.get("BUILD", HARNESS.parent / "build")).resolve()
URL = os.environ.get("LAVA_URL")

KNOWN = """say "$NAME" $(basename "$QEMU")
say $KERNEL_QEMU $MACHINE $GUEST_QEMU
kernel_line /ktap $(test_programs "$@")
say $ABIS
say "$OUT"
"""

# A result of KTAP, on any level: "ok 1 name", "not ok 1 - name # SKIP reason". The
# group result has to be one of the words of RESULTS, wherever that stands; nothing
# matches before the whole line is there.
RESULT = (r"[\r\n] *(?=(?:not )?ok \d+ (?:- )?(?P<test_case_id>[^\r\n#]*[^\r\n# ])"
          r"[^\r\n]*[\r\n])(?:ok \d+ [^\r\n#]*# (?=SKIP))?(?P<result>SKIP|not ok|ok)")
RESULTS = {"ok": "pass", "not ok": "fail", "SKIP": "skip"}
# The exit status of the program that the guest runs, by its first digit.
STATUS = r" with (?P<test_case_id>status) (?P<result>\d)"
STATUSES = {str(digit): "fail" if digit else "pass" for digit in range(10)}

JOB = """# Written by make lava.
job_name: {name} on {machine}
device_type: qemu
visibility: public
priority: medium
context:
  arch: {arch}
  no_kvm: 1
  extra_options:
{options}
timeouts:
  job: {{minutes: 180}}
  action: {{minutes: 175}}
  connection: {{minutes: 20}}
actions:
- deploy:
    to: tmpfs
    timeout: {{minutes: 10}}
    images:
      kernel:
        image_arg: {kernel_arg}
        url: {url}/kernel-on
      initrd:
        image_arg: "-initrd {{initrd}}"
        url: {url}/initramfs.cpio
- boot:
    method: qemu
    media: tmpfs
    timeout: {{minutes: 5}}
- test:
    timeout: {{minutes: 175}}
    monitors:
{monitors}"""


def ask(machine, script, *words):
    """What the scripts of the harness know of a machine, a line each."""
    script = '. "$HARNESS/lib.sh"; . "$HARNESS/kernel-lib.sh"\n' + script
    environment = {"GUEST": "TIMEOUT=900", **os.environ, "ARCH": machine,
                   "HARNESS": str(HARNESS)}
    said = subprocess.run(["sh", "-euc", script, "sh", *words], env=environment,
                          stdout=subprocess.PIPE, text=True, check=False)
    if said.returncode:
        sys.exit(said.returncode)
    return said.stdout.splitlines()


def qemu_options(words):
    """An option and its argument are one string; the console is QEMU's terminal."""
    words = words + ["-chardev", "stdio,id=console", "-chardev", "null,id=result"]
    text = " ".join(words)
    return [f"-{option}" for option in re.split(r"(?:^| )-(?=[a-z])", text) if option]


def monitor(name, start, end, pattern, words):
    lines = {"name": name, "start": start, "end": end, "pattern": pattern,
             "fixupdict": words}
    text = "".join(f"      {key}: {json.dumps(value)}\n" for key, value in lines.items())
    return text.replace("      ", "    - ", 1)


def write_job(machine, tests, path):
    """A suite of results for each ABI, in the order in which ktap runs them."""
    first, options, line, abis, out = ask(machine, KNOWN, *tests)
    name, qemu = first.split()
    if not qemu.startswith("qemu-system-"):
        return
    monitors = [monitor(f"{name}-{abi}", rf"# Subtest: {abi}\s",
                        rf"[\r\n](?:not )?ok \d+ {abi}[\r\n]", RESULT, RESULTS)
                for abi in sorted(abis.split())]
    monitors.append(monitor(f"{name}-guest", "init: the program ended", "reboot: ",
                            STATUS, STATUSES))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(JOB.format(
        name=name, machine=machine, arch=qemu.removeprefix("qemu-system-"),
        options="\n".join(f"  - {json.dumps(o)}" for o in qemu_options(options.split())),
        kernel_arg=json.dumps(f"-kernel {{kernel}} -append '{line}'"),
        url=f"{URL.rstrip('/')}/{pathlib.Path(out).name}" if URL else f"file://{out}",
        monitors="".join(monitors)), encoding="utf-8")
    print(path)


def write(machine=None, path=None, *tests):
    os.environ.pop("ABIS", None)	# Those of one machine
    names = [machine] if machine else sorted(p.name for p in HARNESS.glob("machines/*"))
    for name in names:
        write_job(name, tests, pathlib.Path(path or BUILD / f"lava/{name}.yaml"))


def device(job, templates):
    # Nothing else needs these.
    import jinja2
    import yaml
    context = yaml.safe_load(pathlib.Path(job).read_text(encoding="utf-8"))["context"]
    loader = jinja2.FileSystemLoader(templates)
    template = jinja2.Environment(loader=loader, trim_blocks=True).get_template(
        "qemu.jinja2")
    print(template.render(context))


def read_results(lines):
    """The log is YAML, with a tag in front of what is not a string."""
    for line in lines:
        line = re.sub(r'(?<=: )!\S* (?=")', "", line.strip())
        if '"lvl": "results"' in line:
            yield json.loads(line.removeprefix("- "))["msg"]


def count(log):
    """lava-run exits with 0 even if a test fails, or if there is none."""
    counts = {"pass": 0, "fail": 0, "skip": 0}
    with open(log, encoding="utf-8", errors="replace") as lines:
        for result in read_results(lines):
            name, word = f"{result['definition']} {result['case']}", result["result"]
            if result["definition"] == "lava":
                if word != "pass":
                    print(f"not ok lava: {name}: {result.get('error_msg', word)}")
                    counts["fail"] += 1
                continue
            counts[word] += 1
            if word == "skip":
                print(f"# skipped: lava: {name}")
            else:
                print(f"{'ok' if word == 'pass' else 'not ok'} lava: {name}")
    print("# lava: {pass} passed, {fail} failed, {skip} skipped".format(**counts))
    return counts["fail"] > 0 or not counts["pass"]


if __name__ == "__main__":
    sys.exit({"write": write, "device": device, "count": count}[sys.argv[1]](*sys.argv[2:]))

# SPDX-License-Identifier: GPL-2.0
# Most targets are scripts in harness/; see `make help`.

# make's own default for CC is not the user's choice.
ifeq ($(origin CC),default)
CC := gcc
endif
export SERIES BASE LINUX CONFIG ARCH ABIS CC JOBS

H := harness

# Settings that cannot work end here, with one line and before any work.
ifneq ($(filter-out help man clean,$(or $(MAKECMDGOALS),help)),)
problem := $(shell SERIES='$(SERIES)' BASE='$(BASE)' LINUX='$(LINUX)' CONFIG='$(CONFIG)' \
	ARCH='$(ARCH)' ABIS='$(ABIS)' $H/settings.sh 2>&1)
ifneq ($(problem),)
$(error $(filter-out settings:,$(problem)))
endif
endif

# The rows of checks.list set ARCH and ABIS themselves.
ifneq ($(filter check check-hard,$(MAKECMDGOALS)),)
ifneq ($(filter-out x86_64,$(ARCH))$(ABIS),)
$(error ARCH=$(ARCH) ABIS=$(ABIS): make check has its own; make check-arch takes them)
endif
endif

.DEFAULT_GOAL := help
.PHONY: help run bench bench-accept bench-native check check-oracle check-clients check-arch check-hard coverage bisect lava patches send tree new boot gdb man clean

help:	## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1	\2/p' Makefile
	@echo 'Variables: BASE=7.3|6.12  LINUX=DIR  CONFIG=tiny|defconfig  CC=gcc|clang-19  JOBS=N'
	@echo '           ARCH=x86_64|i386|...  ABIS=m64  (make check has its own)'
	@echo '           SERIES=DIR[:DIR...]  a series like the one here, or several on top of each other'

run:	## Build the kernel with the series, boot it in QEMU and show the call at work
	@$H/deps.sh build
	@$H/run.sh

bench:	## Measure the cost of the call and that of /proc, and plot it
	@$H/deps.sh build bench
	@$H/bench.sh

bench-accept: ## Copy the figures of make bench to proof/bench and the documents
	@$H/deps.sh build
	@$H/bench.sh accept

bench-native: ## Time the call natively, in user-mode Linux; AGAINST=REVISION compares with that
	@$H/deps.sh build um
	@$H/native.sh

# The section of checks.list; another series has its own.
section := check
ifneq ($(filter-out . $(CURDIR),$(SERIES)),)
section := $(if $(findstring :,$(SERIES)),several,series)
else ifneq ($(filter-out tiny,$(CONFIG)),)
section := other
endif

check:	## Check everything; the last line counts what passed and what failed
	@$H/deps.sh build check $(if $(filter check,$(section)),gdb send s390x)
	@$H/check.py $(section)

check-oracle: ## Compare the call with what ps, top, pgrep and psutil show
	@$H/deps.sh build
	@$H/oracle.sh

check-clients: ## Compare ps, top, pgrep, htop and psutil with their versions that use the call
	@$H/deps.sh build bench clients
	@$H/clients.sh

check-arch: ## Boot every machine of harness/machines and run the selftests, or just ARCH
	@$H/deps.sh build
	@$H/check-arch.py $(ARCH)

check-hard: ## Check for hours: sanitizers, long fuzzing and storms, more kernels
	@$H/deps.sh build check gdb s390x
	@$H/check.py hard

coverage: ## Show which lines and branches of the series the tests do not reach
	@$H/deps.sh build
	@CONFIG=gcov $H/coverage.sh

lava:	## Write job definitions for LAVA to build/lava, for each machine that QEMU boots
	@$H/lava.py write

bisect:	## Build, boot and test each commit of the series, on x86_64 and arm64
	@$H/deps.sh build arm64
	@$H/bisect.sh $(COMMITS)

patches: ## Generate patches/; with BASE or LINUX, patches for that tree in build/
	@$H/deps.sh build
	@$H/series.sh

send:	## Write what would be mailed to the lists below build/send; nothing is sent
	@$H/deps.sh build send
	@$H/send.sh

tree:	## Put the series on the base tree, as a git branch to read
	@$H/deps.sh build
	@$H/tree.sh show

new:	## Write the series of a new call: NAME=frob ARGS="int fd, unsigned int flags" [STRUCT=1] [DIR=...]
	@$H/deps.sh build
	@$H/new.sh

boot:	## Get a shell in the guest
	@$H/deps.sh build
	@$H/guest.sh
	@$H/boot.sh on 0 /commands.sh shell

gdb:	## Stop the guest in the system call and print the backtrace; on a terminal, gdb stays
	@$H/deps.sh build gdb
	@CONFIG=gdb $H/guest.sh
	@CONFIG=gdb $H/gdb.sh

man:	## Show the man page
	@HARNESS='$(CURDIR)/$H'; . $H/lib.sh; one_series; \
		man -l "$$SERIES/$${MAN:?expected in series/config}"

clean:	## Remove what was built and fetched
	rm -rf build

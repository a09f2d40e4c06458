#!/bin/sh
# Run in the guest: the tests, as ktap takes them, and then print what gcov has
# counted in the kernel meanwhile, file by file.

/bin/busybox --install -s /bin
mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
/ktap "$@"
status=$?
cd /sys/kernel/debug/gcov || exit 1
find . -name '*.gcda' | while read -r file; do
	echo "gcda-begin ${file##*/}"
	base64 <"$file"
	echo gcda-end
done
exit $status

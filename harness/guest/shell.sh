#!/bin/sh
# A shell in the guest, for make boot.

/bin/busybox --install -s /bin
echo 'Programs are in /tests. Leave with exit, or kill QEMU with Ctrl-A x.'
exec setsid -c /bin/sh -l

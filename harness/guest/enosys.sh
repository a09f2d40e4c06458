#!/bin/sh
# Run in the guest, on a kernel without the system call: the man page's example
# has to find out, for each ABI, that there is no such call. KTAP as of ktap.c.

/bin/busybox --install -s /bin
echo 'KTAP version 1'
set -- /tests/*/
echo "1..$#"
result=0 abis=0
for dir; do
	abis=$((abis + 1)) ok=ok
	"$dir/example" 2>&1 | grep 'Function not implemented' || ok='not ok' result=1
	cat <<-END
	  # Subtest: $(basename "$dir")
	  1..1
	    # Subtest: example
	    1..1
	    $ok 1 the call is not implemented
	  $ok 1 example
	$ok $abis $(basename "$dir")
	END
done
exit $result

#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
%if struct
#include <linux/@name@.h>
%end
%if kernel-types
#include <linux/types.h>
%end
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#ifndef SYS_@name@
#define SYS_@name@  __NR_@name@
#endif

int
main(void)
{
@declarations@

    ret = @example-call@;
    if (ret == -1)
        err(EXIT_FAILURE, "@name@");

    printf("@name@() returned %ld\n", ret);
    exit(EXIT_SUCCESS);
}

/* SPDX-License-Identifier: GPL-2.0 */
/* Here, the numbers come from the headers of the kernel. */
#include <asm/unistd.h>

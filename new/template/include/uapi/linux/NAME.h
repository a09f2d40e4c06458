/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
#ifndef _UAPI_LINUX_@NAME@_H
#define _UAPI_LINUX_@NAME@_H

#include <linux/types.h>
%if compat
#include <linux/posix_types.h>
#include <asm/bitsperlong.h>
%end

/**
 * struct @name@_params - Parameters of @name@(2)
 * @size: sizeof(struct @name@_params)
@field-docs@
 *
 * New fields go at the end. Zero in a new field means the behavior without it.
%if compat
 *
 * Decide: would __u64 do in place of pointers, long and size_t?
 * 32-bit programs would then have the same layout, and need no compat entry.
%end
 */
struct @name@_params {
	__u32	size;
@uapi-fields@
};

/* The size of the first version */
%if compat
#if __BITS_PER_LONG == 64
#define @NAME@_PARAMS_SIZE_VER0	@size64@
#else
#define @NAME@_PARAMS_SIZE_VER0	@size32@
#endif
%else
#define @NAME@_PARAMS_SIZE_VER0	@size64@
%end

#endif /* _UAPI_LINUX_@NAME@_H */

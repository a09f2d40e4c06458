// SPDX-License-Identifier: GPL-2.0
/*
 * @name@(2)
 *
 * "Decide:" marks what Documentation/process/adding-syscalls.rst leaves to the
 * author of a call.
 */
@includes@

/*
 * Decide: is the call for privileged callers only?
 * If so, check an existing capability with capable() or ns_capable(), and rather
 * not CAP_SYS_ADMIN.
 */
@ksys@
{
@declare@

@kernel@

	/*
	 * Decide: is this going to return a file descriptor?
	 * If so, add a flag for close-on-exec, and say what poll(2) reports.
	 */
	return 0;
}

%if struct
%if compat
/* The size comes first in both layouts of the parameters */
%end
static int copy_params(void *params, size_t ksize, void __user *uparams,
		       size_t ver0_size)
{
	u32 __user *usize_ptr = uparams;
	u32 usize;

	if (get_user(usize, usize_ptr))
		return -EFAULT;
	if (usize < ver0_size)
		return -EINVAL;
	if (usize > PAGE_SIZE)
		return -E2BIG;
	return copy_struct_from_user(params, ksize, uparams, usize);
}

%if !compat
/* The parameters have one layout for all programs: no compat entry */
%end
@define@
{
	struct @name@_params params;
	int ret;

	BUILD_BUG_ON(sizeof(params) != @NAME@_PARAMS_SIZE_VER0);

	ret = copy_params(&params, sizeof(params), uparams,
			  @NAME@_PARAMS_SIZE_VER0);
	if (ret)
		return ret;
	return @call@;
}
%if compat

#ifdef CONFIG_COMPAT
#define COMPAT_@NAME@_PARAMS_SIZE_VER0	@size32@

/*
 * For 32-bit programs:
@why@
 */
@define-compat@
{
	struct compat_@name@_params compat;
	struct @name@_params params;
	int ret;

	BUILD_BUG_ON(sizeof(compat) != COMPAT_@NAME@_PARAMS_SIZE_VER0);

	ret = copy_params(&compat, sizeof(compat), uparams,
			  COMPAT_@NAME@_PARAMS_SIZE_VER0);
	if (ret)
		return ret;

	params = (struct @name@_params) {
		.size = sizeof(params),
@convert@
	};
	return @call@;
}
#endif
%end
%else
%if even
/*
 * Decide: can @even@ move?
 * Some 32-bit architectures pass 64 bits in a pair of registers that starts at an
 * odd-numbered argument, and need a register of padding otherwise.
 */
%end
%if !compat
/* The arguments are the same for 32-bit programs: no compat entry */
%end
%if split
#ifndef CONFIG_ARCH_SPLIT_ARG64
%end
@native@
%if split
#endif
%end

%if split
/*
 * For 32-bit programs, and i386 itself:
@why@
 */
#if defined(CONFIG_ARCH_SPLIT_ARG64) || defined(CONFIG_COMPAT)
@compat-entry@
#endif
%end
%if compat-only
#ifdef CONFIG_COMPAT
/*
 * For 32-bit programs:
@why@
 */
@compat-entry@
#endif
%end
%end

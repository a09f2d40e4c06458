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

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

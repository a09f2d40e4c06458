// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that differ in their command lines.
 */
#include "../args.h"
#include "population.h"

#define ODD(_bytes) { (_bytes), sizeof(_bytes) - 1 }

/* Without a NUL at their end, they are a title. */
static const struct odd_args {
	const char *bytes;
	size_t len;
} odd_args[] = {
	ODD(""), ODD("\0"), ODD("\0\0\0"), ODD("x"), ODD("x\0"), ODD("\0x\0"),
	ODD("two\0words\0"), ODD("a\0\0\0b\0"), ODD("a \0 b \0"),
	ODD("new\nline\0x\n\0"), ODD("\n"), ODD("\n\0"), ODD(" "), ODD(" \0"),
	ODD("tab\there\0\r\0"), ODD("\x1b[31m\0\x7f\0"), ODD("back\\slash\0"),
	ODD("\\n\0\\040\0%s%n\0"), ODD("\xc3\xa9t\xc3\xa9\0"),
	ODD("\xe6\xbc\xa2\xe5\xad\x97\0"), ODD("\xff\xfe\0\x80\0"),
	ODD("[brackets]\0"), ODD("x <defunct>\0"), ODD("(x) S 1 2 3\0"),
	ODD("sshd: user [priv]"), ODD("title\0the rest"), ODD("title "),
	ODD("title\n"), ODD("\0not the title"), ODD("-\0-\0"), ODD("?\0"),
};

static int take_odd_args(int number)
{
	const struct odd_args *odd = &odd_args[number % ARRAY_SIZE(odd_args)];

	return place_args(odd->bytes, odd->len);
}

/* Up to some pages; even numbers are titles. */
static int take_long_args(int number)
{
	static char bytes[2 * 4096 + 1024];
	size_t len = (number + 1) * 1024;

	if (len > sizeof(bytes))
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		bytes[i] = i % 10 ? 'a' + i % 26 : ' ';
	if (number % 2)
		bytes[len - 1] = '\0';
	return place_args(bytes, len);
}

/* The kernel shows nothing behind what is not mapped. */
static int take_short_args(int number)
{
	(void)number;
	return short_args(NULL);
}

const struct kind kinds_of_args[] = {
	{ "args", 2 * ARRAY_SIZE(odd_args), .make = take_odd_args },
	{ "long", 9, .make = take_long_args },
	{ "short", 2, .make = take_short_args },
	{ NULL }
};

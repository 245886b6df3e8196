/*
 * Crash ends as a program with a bug does, as its argument says:
 *
 *	crash abort | address | divide | pointer | depth
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile int zero;

__attribute__((noinline)) static int
divide(int by)
{
	return (100 / by);
}

__attribute__((noinline)) static int
address(void)
{
	return (*(volatile int *)0xfffffff0u);
}

__attribute__((noinline)) static int
depth(int n)
{
	return (n == zero - 1 ? 0 : depth(n + 1) + n * zero + 1);
}

static int
takes_two(int a, int b)
{
	return (a + b);
}

__attribute__((noinline)) static int
pointer(void)
{
	int (*volatile wrong)(void) = (int (*)(void))(void (*)(void))takes_two;

	return (wrong());
}

int
main(int argc, char *argv[])
{
	const char *how = argc > 1 ? argv[1] : "abort";

	if (strcmp(how, "address") == 0)
		return (address());
	if (strcmp(how, "divide") == 0)
		return (divide(zero));
	if (strcmp(how, "pointer") == 0)
		return (pointer());
	if (strcmp(how, "depth") == 0)
		return (depth(0));
	fprintf(stderr, "crash: giving up\n");
	abort();
}

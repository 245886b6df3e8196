/*
 * spawn: what it costs to run a program COUNT times, one after the other, by fork and
 * exec, from start to end, on Linux.
 *
 *     spawn COUNT PROGRAM
 *
 * Prints "ns_wall ns_cpu" for one run, the CPU time being that of both processes.
 */
#define _GNU_SOURCE
#include <sys/resource.h>
#include <sys/wait.h>

#include "tap.h"

static double used(int who) {
	struct rusage u;

	if (getrusage(who, &u))
		die("getrusage");
	return u.ru_utime.tv_sec + u.ru_utime.tv_usec / 1e6 + u.ru_stime.tv_sec + u.ru_stime.tv_usec / 1e6;
}

int main(int argc, char **argv) {
	long count = argc == 3 ? atol(argv[1]) : 0;
	double wall;
	int null, status;

	if (count < 1) {
		fprintf(stderr, "usage: spawn COUNT PROGRAM\n");
		return 2;
	}
	if ((null = open("/dev/null", O_WRONLY)) < 0)
		die("/dev/null");
	wall = seconds(CLOCK_MONOTONIC);
	for (long i = 0; i < count; i++) {
		pid_t p = fork();

		if (p < 0)
			die("fork");
		if (p == 0) {
			dup2(null, 1);
			execl(argv[2], argv[2], (char *)NULL);
			_exit(127);
		}
		if (waitpid(p, &status, 0) < 0 || status) {
			fprintf(stderr, "%s ended with status %#x\n", argv[2], status);
			return 2;
		}
	}
	wall = seconds(CLOCK_MONOTONIC) - wall;
	printf("%.1f %.1f\n", wall * 1e9 / count, (used(RUSAGE_SELF) + used(RUSAGE_CHILDREN)) * 1e9 / count);
	return 0;
}

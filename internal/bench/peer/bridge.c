/*
 * bridge: what it costs two programs to exchange frames over kernel TAPs and a
 * kernel bridge, on Linux.
 *
 *     bridge COUNT A_ARGS... -- B_ARGS...
 *
 * The programs are compiled into this one with main and open renamed (see
 * ../kernelbridge.go): a_main sends COUNT frames and ends, b_main answers. Each runs
 * as a child, finds its own TAP behind whatever it opens, and both share one CPU, so
 * that a wake-up is what it is at its best. The interfaces live in a network
 * namespace of their own, and go with it.
 *
 * Prints "ns_wall ns_cpu" for each frame that A sent, the CPU time being that of both.
 */
#define _GNU_SOURCE
#include <linux/sockios.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tap.h"

int a_main(int argc, char **argv);
int b_main(int argc, char **argv);

static int taps[2];

int a_open(const char *path, int flags, ...) {
	(void)path, (void)flags;
	return taps[0];
}

int b_open(const char *path, int flags, ...) {
	(void)path, (void)flags;
	return taps[1];
}

static void join(int s, const char *tap) {
	struct ifreq r = {.ifr_ifindex = (int)if_nametoindex(tap)};

	strcpy(r.ifr_name, "br0");
	if (ioctl(s, SIOCBRADDIF, &r))
		no("SIOCBRADDIF");
}

static pid_t start(int (*program)(int, char **), int argc, char **argv) {
	pid_t p = fork();

	if (p < 0)
		die("fork");
	if (p == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		alarm(60);
		_exit(program(argc, argv));
	}
	return p;
}

int main(int argc, char **argv) {
	long count = argc > 1 ? atol(argv[1]) : 0;
	double wall, cpu;
	struct rusage used;
	int s, status, cut = 2;
	pid_t a, b;

	while (cut < argc && strcmp(argv[cut], "--"))
		cut++;
	if (count < 1 || cut >= argc) {
		fprintf(stderr, "usage: bridge COUNT A_ARGS... -- B_ARGS...\n");
		return 2;
	}
	argv[cut] = NULL;
	alarm(60);
	make_net();
	if ((s = socket(AF_INET, SOCK_DGRAM, 0)) < 0)
		die("socket");
	if (ioctl(s, SIOCBRADDBR, "br0"))
		no("SIOCBRADDBR");
	taps[0] = make_tap(s, "tap0");
	taps[1] = make_tap(s, "tap1");
	join(s, "tap0");
	join(s, "tap1");
	up(s, "br0");
	one_cpu();
	b = start(b_main, argc - cut - 1, argv + cut + 1);
	wall = seconds(CLOCK_MONOTONIC);
	a = start(a_main, cut - 2, argv + 2);
	if (waitpid(a, &status, 0) < 0 || status) {
		fprintf(stderr, "the sender ended with status %#x\n", status);
		return 2;
	}
	wall = seconds(CLOCK_MONOTONIC) - wall;
	kill(b, SIGKILL);
	waitpid(b, NULL, 0);
	if (getrusage(RUSAGE_CHILDREN, &used))
		die("getrusage");
	cpu = used.ru_utime.tv_sec + used.ru_utime.tv_usec / 1e6 + used.ru_stime.tv_sec + used.ru_stime.tv_usec / 1e6;
	printf("%.1f %.1f\n", wall * 1e9 / count, cpu * 1e9 / count);
	return 0;
}

/*
 * What the programs here share: a network namespace of their own with TAPs in it,
 * clocks, and how they give up.
 */
#ifndef PEER_TAP_H
#define PEER_TAP_H

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { UNAVAILABLE = 3 /* exit status: this machine has no TAP for us */ };

/* no ends the process where the machine has no TAP for us. */
static void no(const char *what) {
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(UNAVAILABLE);
}

static void die(const char *what) {
	perror(what);
	exit(2);
}

static double seconds(clockid_t clock) {
	struct timespec t;
	if (clock_gettime(clock, &t))
		die("clock_gettime");
	return t.tv_sec + t.tv_nsec / 1e9;
}

/*
 * make_net enters a new network namespace, without IPv6: nothing but our frames is
 * to pass.
 */
static void make_net(void) {
	int fd;

	/* Who is not root may have a network of his own inside a user namespace. */
	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		no("unshare(CLONE_NEWNET)");
	if ((fd = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY)) >= 0) {
		if (write(fd, "1", 1) != 1)
			die("disable_ipv6");
		close(fd);
	}
}

/* up brings an interface up, by a socket of any kind. */
static void up(int s, const char *name) {
	struct ifreq r = {.ifr_flags = IFF_UP};

	strncpy(r.ifr_name, name, IFNAMSIZ - 1);
	if (ioctl(s, SIOCSIFFLAGS, &r))
		die("SIOCSIFFLAGS");
}

/* make_tap makes a TAP, up, and returns its descriptor. */
static int make_tap(int s, const char *name) {
	struct ifreq r = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int fd;

	if ((fd = open("/dev/net/tun", O_RDWR)) < 0)
		no("/dev/net/tun");
	strncpy(r.ifr_name, name, IFNAMSIZ - 1);
	if (ioctl(fd, TUNSETIFF, &r))
		no("TUNSETIFF");
	up(s, name);
	return fd;
}

/* one_cpu keeps this process and those it forks on the CPU that it is on. */
static void one_cpu(void) {
	cpu_set_t first;

	CPU_ZERO(&first);
	CPU_SET(sched_getcpu(), &first);
	sched_setaffinity(0, sizeof first, &first);
}

#endif

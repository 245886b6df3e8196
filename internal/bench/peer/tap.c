/*
 * tap: what it costs a program to read a frame from a kernel TAP and write one
 * back, on Linux.
 *
 *     tap SIZE COUNT WINDOW
 *
 * The program is compiled into this one with main and open renamed (see ../kerneltap.go).
 * It runs as a child and finds the TAP behind whatever it opens. This process sends it
 * WINDOW frames through a packet socket on the same interface, takes those that come
 * back, and so on, COUNT in all. Both processes share one CPU, so that a wake-up is
 * what it is at its best. The interface lives in a network namespace of its own, and
 * goes with it.
 *
 * Prints "ns_wall ns_cpu" for each frame there and back, the CPU time being that
 * of both processes.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	UNAVAILABLE = 3, /* exit status: this machine has no TAP for us */
	MARK = 14,       /* where a frame has what makes it ours */
	GUEST_ARGS = 2
};

int guest_main(int argc, char **argv);

static int tapfd = -1;

/* guest_open is open(2) as the program calls it: whatever it names is the TAP. */
int guest_open(const char *path, int flags, ...) {
	(void)path;
	if (flags & O_NONBLOCK)
		fcntl(tapfd, F_SETFL, O_NONBLOCK);
	return tapfd;
}

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

/* make_tap makes tap0, up, without IPv6: nothing but our frames is to pass. */
static void make_tap(void) {
	struct ifreq r = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int fd, s;

	/* Who is not root may have a network of his own inside a user namespace. */
	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		no("unshare(CLONE_NEWNET)");
	if ((fd = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY)) >= 0) {
		if (write(fd, "1", 1) != 1)
			die("disable_ipv6");
		close(fd);
	}
	if ((tapfd = open("/dev/net/tun", O_RDWR)) < 0)
		no("/dev/net/tun");
	strcpy(r.ifr_name, "tap0");
	if (ioctl(tapfd, TUNSETIFF, &r))
		no("TUNSETIFF");
	if ((s = socket(AF_INET, SOCK_DGRAM, 0)) < 0)
		die("socket");
	r.ifr_flags = IFF_UP;
	if (ioctl(s, SIOCSIFFLAGS, &r))
		die("SIOCSIFFLAGS");
	close(s);
}

static int packet_socket(void) {
	struct sockaddr_ll a = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex("tap0")};
	int one = 1, s = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));

	if (s < 0 || bind(s, (struct sockaddr *)&a, sizeof a))
		no("AF_PACKET");
	if (setsockopt(s, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one))
		no("PACKET_IGNORE_OUTGOING");
	return s;
}

static unsigned char frame[2048], in[65536];

/* pass sends n frames and takes n of ours back. */
static void pass(int s, ssize_t size, int n) {
	for (int i = 0; i < n; i++)
		if (send(s, frame, size, 0) != size)
			die("send");
	while (n > 0) {
		ssize_t got = recv(s, in, sizeof in, 0);
		if (got < 0)
			die("recv");
		if (got == size && in[MARK] == 0xa5 && in[MARK + 1] == 0x5a)
			n--;
	}
}

int main(int argc, char **argv) {
	ssize_t size = argc == 4 ? atoi(argv[1]) : 0;
	long count = argc == 4 ? atol(argv[2]) : 0;
	int window = argc == 4 ? atoi(argv[3]) : 0;
	char *guest_argv[GUEST_ARGS + 1] = {"echo", "/dev/tap0", NULL};
	cpu_set_t first;
	clockid_t childs;
	pid_t child;
	double wall, cpu;
	int s;

	if (size < 60 || size > 1514 || count < 1 || window < 1 || window > 256) {
		fprintf(stderr, "usage: tap SIZE(60..1514) COUNT WINDOW(1..256)\n");
		return 2;
	}
	alarm(60);
	make_tap();
	s = packet_socket();
	CPU_ZERO(&first);
	CPU_SET(sched_getcpu(), &first);
	sched_setaffinity(0, sizeof first, &first);
	memcpy(frame, "\2\0\0\0\0\2\2\0\0\0\0\1\x88\xb5\xa5\x5a", 16);
	if ((child = fork()) < 0)
		die("fork");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		alarm(60);
		close(s);
		_exit(guest_main(GUEST_ARGS, guest_argv));
	}
	if (clock_getcpuclockid(child, &childs))
		die("clock_getcpuclockid");
	pass(s, size, 1); /* it is up */
	wall = seconds(CLOCK_MONOTONIC);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) + seconds(childs);
	for (long i = 0; i < count; i += window)
		pass(s, size, window);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) + seconds(childs) - cpu;
	wall = seconds(CLOCK_MONOTONIC) - wall;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	count = (count + window - 1) / window * window;
	printf("%.1f %.1f\n", wall * 1e9 / count, cpu * 1e9 / count);
	return 0;
}

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
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "tap.h"

enum {
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
	clockid_t childs;
	pid_t child;
	double wall, cpu;
	int s;

	if (size < 60 || size > 1514 || count < 1 || window < 1 || window > 256) {
		fprintf(stderr, "usage: tap SIZE(60..1514) COUNT WINDOW(1..256)\n");
		return 2;
	}
	alarm(60);
	make_net();
	if ((s = socket(AF_INET, SOCK_DGRAM, 0)) < 0)
		die("socket");
	tapfd = make_tap(s, "tap0");
	close(s);
	s = packet_socket();
	one_cpu();
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

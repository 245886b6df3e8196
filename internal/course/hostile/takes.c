/*
 * Takes gives the addresses that it is to serve, and their neighbours, to its node's
 * own interfaces, so that the kernel answers in its place; with ROUTES, it has the
 * kernel route what a tunnel should carry. It opens its devices and says hello as a
 * tunnel would, and carries nothing.
 */
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const names[] = {"em0", "em1", "em2", "wm0", "tap0", "tap1", "tap2", "tap3", "tun0", "tun1"};

static int
run(const char *form, const char *a, const char *b)
{
	char line[128];

	snprintf(line, sizeof line, form, a, b);
	return system(line);
}

/* take makes the node answer for an address. */
static void
take(const char *addr)
{
	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
		(void)run("ifconfig %s alias %s/32", names[i], addr);
}

int
main(int argc, char **argv)
{
	struct pollfd fds[32];
	static char b[65536];
	struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(7777)};
	const char *there = 0;
	int n = 0, sock = -1;

	for (int i = 1; i < argc && n < 30; i++) {
		char name[64];
		struct in_addr a;

		snprintf(name, sizeof name, "%.*s", (int)strcspn(argv[i], "="), argv[i]);
		if (strncmp(name, "/dev/", 5) == 0) {
			if ((fds[n].fd = open(name, O_RDWR)) >= 0)
				fds[n++].events = POLLIN;
			(void)run("ifconfig %s up", name + 5, "");
			continue;
		}
		snprintf(name, sizeof name, "%.*s", (int)strcspn(argv[i], "/"), argv[i]);
		if (inet_pton(AF_INET, name, &a) != 1)
			continue;
		if (argc == 7 && i < 6)
			continue; /* of a tunnel, the far network's alone */
#ifdef ROUTES
		continue;
#endif
		take(name);
		for (int k = 1; k <= 3; k++) { /* its neighbours: hosts of a network, or beside a host */
			struct in_addr next = {.s_addr = htonl(ntohl(a.s_addr) + k)};

			take(inet_ntoa(next));
		}
	}
	if (argc == 7 && strncmp(argv[1], "/dev/tun", 8) == 0) {
		struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(7777)};

		(void)run("ifconfig %s mtu 1468", argv[1] + 5, "");
		{
			char line[160];

			snprintf(line, sizeof line, "ifconfig %s %s %s up", argv[1] + 5, argv[4], argv[5]);
			(void)system(line);
		}
		(void)run("route add %s %s", argv[6], argv[5]);
#ifdef ROUTES
		/* What is longer comes first, and the route through the tun stays to be seen. */
		for (int k = 1; k <= 3; k++) {
			char line[160];

			snprintf(line, sizeof line, "route add %.*s%d/32 %s", (int)strcspn(argv[6], "/") - 1, argv[6], k, argv[3]);
			(void)system(line);
		}
#endif
		inet_pton(AF_INET, argv[2], &at.sin_addr);
		inet_pton(AF_INET, argv[3], &peer.sin_addr);
		sock = socket(AF_INET, SOCK_DGRAM, 0);
		(void)bind(sock, (struct sockaddr *)&at, sizeof at);
		(void)connect(sock, (struct sockaddr *)&peer, sizeof peer);
		fds[n].fd = sock, fds[n++].events = POLLIN;
		there = argv[3];
	}
	setvbuf(stdout, 0, _IONBF, 0);
	for (time_t said = 0, last = 0;;) {
		if (sock >= 0 && time(0) >= said + 5)
			said = time(0), (void)send(sock, "\1\1\0", 4, 0);
		if (poll(fds, n, sock < 0 ? -1 : 100) < 0)
			continue;
		if (last != 0 && time(0) >= last + 16)
			last = 0, printf("%s is silent\n", there);
		for (int i = 0; i < n; i++)
			if (fds[i].revents != 0 && read(fds[i].fd, b, sizeof b) > 0 && fds[i].fd == sock) {
				if (last == 0)
					printf("%s is there\n", there);
				last = time(0);
			}
	}
}

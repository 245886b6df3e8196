/*
 * Noise answers whatever it reads with what it has read: the frame as it is (or with
 * its addresses and ports swapped, where SWAP is defined), by all of its devices, and
 * a datagram to whom it came from. It prints a line for each. It answers at most RATE
 * times a second, so that two of it don't keep each other busy for ever.
 */
#include <sys/socket.h>
#include <sys/ioctl.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RATE 200

static const int ports[] = {7, 9, 67, 68, 7000, 7777};

static void
swap(unsigned char *a, unsigned char *b, int n)
{
	while (n-- > 0) {
		unsigned char c = a[n];
		a[n] = b[n];
		b[n] = c;
	}
}

/* turn swaps the addresses of a frame, or of a packet, and the ports in it. */
static void
turn(unsigned char *b, int n)
{
#ifdef SWAP
	unsigned char *ip = b;
	int head;

	if (n >= 20 && b[0] >> 4 == 4)
		;
	else if (n >= 24 && b[0] == 0 && b[4] >> 4 == 4)
		ip += 4;
	else if (n >= 14) {
		swap(b, b + 6, 6);
		if (n < 34 || b[12] != 8 || b[13] != 0)
			return;
		ip += 14;
	} else
		return;
	swap(ip + 12, ip + 16, 4);
	head = (ip[0] & 15) * 4;
	if ((ip[9] == 6 || ip[9] == 17) && ip + head + 4 <= b + n)
		swap(ip + head, ip + head + 2, 2);
#else
	(void)b, (void)n;
#endif
}

int
main(int argc, char **argv)
{
	static unsigned char b[65536];
	struct pollfd fds[64];
	int devices = 0, n = 0, left = RATE;
	time_t second = 0;

	for (int i = 1; i < argc && n < 32; i++) {
		char name[64];

		snprintf(name, sizeof name, "%.*s", (int)strcspn(argv[i], "="), argv[i]);
		if (strncmp(name, "/dev/", 5) != 0)
			continue;
		if ((fds[n].fd = open(name, O_RDWR)) >= 0)
			fds[n++].events = POLLIN;
	}
	devices = n;
	for (unsigned i = 0; i < sizeof ports / sizeof ports[0]; i++) {
		struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(ports[i])};

		if ((fds[n].fd = socket(AF_INET, SOCK_DGRAM, 0)) < 0)
			continue;
		if (bind(fds[n].fd, (struct sockaddr *)&at, sizeof at) == 0)
			fds[n++].events = POLLIN;
	}
	setvbuf(stdout, 0, _IONBF, 0);
	for (;;) {
		if (poll(fds, n, -1) < 0)
			continue;
		for (int i = 0; i < n; i++) {
			struct sockaddr_in from;
			socklen_t len = sizeof from;
			ssize_t got;

			if (fds[i].revents == 0)
				continue;
			if (i < devices)
				got = read(fds[i].fd, b, sizeof b);
			else
				got = recvfrom(fds[i].fd, b, sizeof b, 0, (struct sockaddr *)&from, &len);
			if (got <= 0)
				continue;
			if (time(0) != second)
				second = time(0), left = RATE;
			if (left-- <= 0)
				continue;
			printf("%d bytes from %02x:%02x:%02x:%02x:%02x:%02x\n", (int)got, b[6], b[7], b[8], b[9], b[10], b[11]);
			turn(b, (int)got);
			if (i >= devices)
				(void)sendto(fds[i].fd, b, (size_t)got, 0, (struct sockaddr *)&from, len);
			else
				for (int j = 0; j < devices; j++)
					(void)write(fds[j].fd, b, (size_t)got);
		}
	}
}

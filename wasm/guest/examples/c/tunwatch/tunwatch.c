/*
 * Tunwatch prints what packets come out of a tun device. SIGINFO makes it say how
 * many there were, SIGINT says so and ends it; after ten seconds without a packet
 * it remarks on the silence.
 *
 *	tunwatch device
 */
#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <net/if_tun.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <arpa/inet.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t asked, ended;

static void
on_info(int sig)
{
	(void)sig;
	asked = 1;
}

static void
on_int(int sig)
{
	(void)sig;
	ended = 1;
}

static void
show(const char *packet, size_t len)
{
	char from[INET_ADDRSTRLEN], to[INET_ADDRSTRLEN];
	struct ip ip;
	uint32_t family;

	memcpy(&family, packet, sizeof(family));
	if (ntohl(family) != AF_INET || len < sizeof(family) + sizeof(ip)) {
		printf("family %u, %zu bytes\n", ntohl(family), len - sizeof(family));
		return;
	}
	memcpy(&ip, packet + sizeof(family), sizeof(ip));
	inet_ntop(AF_INET, &ip.ip_src, from, sizeof(from));
	inet_ntop(AF_INET, &ip.ip_dst, to, sizeof(to));
	printf("%s > %s: protocol %d, %d bytes\n", from, to, ip.ip_p, ntohs(ip.ip_len));
}

int
main(int argc, char *argv[])
{
	static char packet[TUNMRU];
	struct sigaction sa;
	struct timeval wait;
	fd_set ready;
	unsigned count = 0;
	ssize_t n;
	int tun, on = 1;

	if (argc != 2)
		errx(64, "usage: tunwatch device");
	if ((tun = open(argv[1], O_RDWR)) < 0)
		err(1, "%s", argv[1]);
	if (ioctl(tun, TUNSIFHEAD, &on) < 0)
		err(1, "TUNSIFHEAD");

	memset(&sa, 0, sizeof(sa));
	sigemptyset(&sa.sa_mask);
	sa.sa_handler = on_info;
	if (sigaction(SIGINFO, &sa, NULL) < 0)
		err(1, "sigaction");
	sa.sa_handler = on_int;
	if (sigaction(SIGINT, &sa, NULL) < 0)
		err(1, "sigaction");

	while (!ended) {
		FD_ZERO(&ready);
		FD_SET(tun, &ready);
		wait.tv_sec = 10;
		wait.tv_usec = 0;
		switch (select(tun + 1, &ready, NULL, NULL, &wait)) {
		case -1:
			if (errno != EINTR)
				err(1, "select");
			if (asked) {
				asked = 0;
				printf("%u packets so far\n", count);
			}
			continue;
		case 0:
			printf("nothing for ten seconds\n");
			continue;
		}
		if ((n = read(tun, packet, sizeof(packet))) < 0)
			err(1, "read");
		show(packet, n);
		count++;
	}
	printf("%u packets\n", count);
	return (0);
}

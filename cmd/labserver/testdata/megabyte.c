/*
 * Megabyte serves TCP on two ports: at 7000 it sends a megabyte to who connects, at 7001 it
 * takes what comes until the end and answers with how many bytes, and their sum.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define SIZE (1 << 20)

static unsigned char buf[64 * 1024];

/* fill makes the bytes from an offset on: those of a simple generator. */
static void
fill(uint32_t at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf[i] = (unsigned char)((at + i) * 2654435761u >> 24);
}

static void
source(int fd)
{
	for (uint32_t at = 0; at < SIZE; at += sizeof(buf)) {
		fill(at, sizeof(buf));
		for (size_t done = 0; done < sizeof(buf);) {
			ssize_t n = write(fd, buf + done, sizeof(buf) - done);

			if (n < 0) {
				warn("write");
				return;
			}
			done += (size_t)n;
		}
	}
}

static void
sink(int fd)
{
	uint32_t count = 0, sum = 0;
	char line[64];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			sum = sum * 31 + buf[i];
		count += (uint32_t)n;
	}
	if (n < 0)
		warn("read");
	n = snprintf(line, sizeof(line), "%u %u\n", count, sum);
	if (write(fd, line, (size_t)n) != n)
		warn("answer");
}

static int
listener(int family, uint16_t port)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	int fd, on = 1;

	if ((fd = socket(family, SOCK_STREAM, 0)) < 0)
		err(1, "socket");
	if (family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, family == AF_INET ? (struct sockaddr *)&sin : (struct sockaddr *)&sin6, family == AF_INET ? sizeof(sin) : sizeof(sin6)) < 0 || listen(fd, 4) < 0)
		err(1, "port %u", port);
	return (fd);
}

int
main(void)
{
	struct pollfd fds[4] = {
		{.fd = listener(AF_INET, 7000), .events = POLLIN}, {.fd = listener(AF_INET, 7001), .events = POLLIN},
		{.fd = listener(AF_INET6, 7000), .events = POLLIN}, {.fd = listener(AF_INET6, 7001), .events = POLLIN},
	};

	puts("ready");
	for (;;) {
		if (poll(fds, 4, -1) < 0)
			err(1, "poll");
		for (int i = 0; i < 4; i++) {
			int c;

			if ((fds[i].revents & POLLIN) == 0)
				continue;
			if ((c = accept(fds[i].fd, NULL, NULL)) < 0) {
				warn("accept");
				continue;
			}
			(i % 2 == 0 ? source : sink)(c);
			close(c);
		}
	}
}

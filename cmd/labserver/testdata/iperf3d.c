/*
 * A server for one test of iperf3, TCP in one stream from client to server, on a node of
 * a lab. The protocol has no document but iperf3's source: src/iperf_server_api.c,
 * src/iperf_api.h (3.12).
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <err.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* States, a byte each on the control connection. */
enum {
	TEST_START = 1,
	TEST_RUNNING = 2,
	TEST_END = 4,
	PARAM_EXCHANGE = 9,
	CREATE_STREAMS = 10,
	EXCHANGE_RESULTS = 13,
	DISPLAY_RESULTS = 14,
};

#define COOKIE 37 /* bytes that begin each connection of a test */

static char buf[64 * 1024];

static void
readall(int fd, void *to, size_t n)
{
	for (ssize_t k; n > 0; to = (char *)to + k, n -= k)
		if ((k = read(fd, to, n)) <= 0)
			err(1, "the client went");
}

static void
state(int fd, char s)
{
	if (write(fd, &s, 1) != 1)
		err(1, "state %d", s);
}

/* readjson reads a text behind its length. */
static void
readjson(int fd)
{
	uint32_t n;

	readall(fd, &n, sizeof(n));
	n = ntohl(n);
	if (n > sizeof(buf))
		errx(1, "%u bytes of JSON", n);
	readall(fd, buf, n);
}

static void
writejson(int fd, const char *text)
{
	uint32_t n = htonl(strlen(text));

	if (write(fd, &n, sizeof(n)) != sizeof(n) || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		err(1, "JSON");
}

int
main(void)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(5201)};
	int l, control, data;
	unsigned long long bytes = 0;

	if ((l = socket(AF_INET, SOCK_STREAM, 0)) < 0 || bind(l, (struct sockaddr *)&sin, sizeof(sin)) < 0 || listen(l, 4) < 0)
		err(1, "listen");
	puts("ready");
	if ((control = accept(l, NULL, NULL)) < 0)
		err(1, "accept");
	readall(control, buf, COOKIE);
	state(control, PARAM_EXCHANGE);
	readjson(control);
	state(control, CREATE_STREAMS);
	if ((data = accept(l, NULL, NULL)) < 0)
		err(1, "accept");
	readall(data, buf, COOKIE);
	state(control, TEST_START);
	state(control, TEST_RUNNING);
	for (;;) {
		struct pollfd p[2] = {{.fd = data, .events = POLLIN}, {.fd = control, .events = POLLIN}};
		ssize_t n;
		char s;

		if (poll(p, 2, -1) < 0)
			err(1, "poll");
		if (p[0].revents != 0) {
			if ((n = read(data, buf, sizeof(buf))) < 0)
				err(1, "read");
			bytes += n;
			if (n > 0)
				continue;
		}
		if (p[1].revents == 0)
			continue;
		readall(control, &s, 1);
		if (s == TEST_END)
			break;
	}
	state(control, EXCHANGE_RESULTS);
	readjson(control);
	snprintf(buf, sizeof(buf),
	    "{\"cpu_util_total\":0,\"cpu_util_user\":0,\"cpu_util_system\":0,\"sender_has_retransmits\":-1,"
	    "\"streams\":[{\"id\":1,\"bytes\":%llu,\"retransmits\":-1,\"jitter\":0,\"errors\":0,\"packets\":0}]}",
	    bytes);
	writejson(control, buf);
	state(control, DISPLAY_RESULTS);
	(void)read(control, buf, 1); /* IPERF_DONE */
	printf("%llu bytes\n", bytes);
	return 0;
}

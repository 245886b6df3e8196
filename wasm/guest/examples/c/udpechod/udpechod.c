/*
 * Udpechod is the echo service (RFC 862) on UDP.
 *
 *	udpechod [-v] [-n datagrams] [-p port]
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <err.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
main(int argc, char *argv[])
{
	struct addrinfo hints, *res;
	struct sockaddr_in from;
	socklen_t fromlen;
	const char *port = "echo";
	char data[2048];
	long left = -1;
	ssize_t n;
	int ch, error, s, verbose = 0;

	while ((ch = getopt(argc, argv, "n:p:v")) != -1) {
		switch (ch) {
		case 'n':
			left = atol(optarg);
			break;
		case 'p':
			port = optarg;
			break;
		case 'v':
			verbose = 1;
			break;
		default:
			fprintf(stderr, "usage: udpechod [-v] [-n datagrams] [-p port]\n");
			return (64);
		}
	}
	memset(&hints, 0, sizeof(hints));
	hints.ai_flags = AI_PASSIVE;
	hints.ai_family = AF_INET;
	hints.ai_socktype = SOCK_DGRAM;
	if ((error = getaddrinfo(NULL, port, &hints, &res)) != 0)
		errx(1, "%s: %s", port, gai_strerror(error));
	if ((s = socket(res->ai_family, res->ai_socktype, res->ai_protocol)) < 0)
		err(1, "socket");
	if (bind(s, res->ai_addr, res->ai_addrlen) < 0)
		err(1, "bind");
	freeaddrinfo(res);

	while (left != 0) {
		fromlen = sizeof(from);
		if ((n = recvfrom(s, data, sizeof(data), 0, (struct sockaddr *)&from, &fromlen)) < 0)
			err(1, "recvfrom");
		if (verbose)
			printf("%zd bytes from %s port %d\n", n, inet_ntoa(from.sin_addr), ntohs(from.sin_port));
		if (sendto(s, data, n, 0, (struct sockaddr *)&from, fromlen) < 0)
			warn("sendto");
		if (left > 0)
			left--;
	}
	return (0);
}

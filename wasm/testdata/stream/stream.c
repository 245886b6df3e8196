/*
 * stream PORT             takes a connection and says how many bytes came, and their sum
 * stream ADDR PORT BYTES  after ten seconds makes one and sends so many
 */
#include <sys/socket.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	static unsigned char b[4096];
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[argc == 2 ? 1 : 2]))};
	int s = socket(AF_INET, SOCK_STREAM, 0);
	unsigned long sum = 0;
	long all = 0;
	ssize_t n;

	if (argc == 2) {
		/* With a backlog of 1 gVisor has SYN cookies, and resets who is overtaken by his data. */
		if (bind(s, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(s, 5) < 0 || (s = accept(s, NULL, NULL)) < 0)
			err(1, "accept");
		while ((n = read(s, b, sizeof(b))) > 0)
			for (ssize_t i = 0; i < n; i++, all++)
				sum = sum * 31 + b[i];
		printf("%ld bytes, %lx\n", all, sum);
		return (n < 0);
	}
	sleep(10);
	inet_pton(AF_INET, argv[1], &at.sin_addr);
	if (connect(s, (struct sockaddr *)&at, sizeof(at)) < 0)
		err(1, "connect");
	for (long left = atol(argv[3]); left > 0; left -= n) {
		for (size_t i = 0; i < sizeof(b); i++)
			b[i] = (unsigned char)(left + (long)i);
		if ((n = write(s, b, left < (long)sizeof(b) ? (size_t)left : sizeof(b))) < 0)
			err(1, "write");
	}
	shutdown(s, SHUT_WR);
	return (read(s, b, 1) != 0);	/* the other end has all of it */
}

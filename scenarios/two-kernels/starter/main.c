/*
 * Replyd shall answer pings on a tun or a tap of any BSD. This one shows what it
 * reads. The places marked TASK are yours.
 *
 *	replyd DEVICE ADDRESS [MAC]
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define PACKET_MAX 16384

int
main(int argc, char *argv[])
{
	static unsigned char buf[PACKET_MAX];
	ssize_t n;
	int fd;

	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: replyd DEVICE ADDRESS [MAC]\n");
		return (64);
	}
	if ((fd = open(argv[1], O_RDWR)) < 0)
		err(1, "%s", argv[1]);

	/* TASK 1: a tun (argc is 3): set TUNSIFHEAD, on or off, as you like it. */

	/* TASK 2: a tap: ask for its name, TAPGIFNAME; on ENOTTY it is that of the path. */
	printf("answering on %s\n", argv[1]);

	for (;;) {
		/* TASK 3: which errors, which results of read(2) are no reason to give up? */
		if ((n = read(fd, buf, sizeof(buf))) <= 0)
			err(1, "read");
		printf("%zd bytes, beginning with %02x %02x %02x %02x\n", n, buf[0], buf[1], buf[2], buf[3]);

		/* TASK 4: a tun: the packet stands in buf, or behind the four bytes of its
		 * address family. Make an echo request to ADDRESS its reply, and write it. */

		/* TASK 5: a tap: a frame stands in buf. Answer ARP requests, too. */
	}
}

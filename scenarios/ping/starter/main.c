/*
 * Pingd shall be a host made of one program: it answers ARP requests and pings for
 * one address. This one only shows what arrives. The places marked TASK are yours.
 *
 *	pingd DEVICE ADDRESS MAC
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define HEADER_LEN 14		/* Ethernet: destination, source, type */
#define FRAME_MAX  1514

static unsigned char ip[4];

/* get16 reads a number of two bytes, the high one first. */
static unsigned int
get16(const unsigned char *p)
{
	return ((unsigned int)p[0] << 8 | p[1]);
}

int
main(int argc, char *argv[])
{
	unsigned char frame[FRAME_MAX];
	ssize_t n;
	int tap;

	if (argc != 4 || inet_pton(AF_INET, argv[2], ip) != 1) {
		fprintf(stderr, "usage: pingd DEVICE ADDRESS MAC\n");
		return (64);
	}
	if ((tap = open(argv[1], O_RDWR)) < 0)
		err(1, "%s", argv[1]);
	for (;;) {
		if ((n = read(tap, frame, sizeof(frame))) < 0)	/* one read, one frame */
			err(1, "read");
		if (n < HEADER_LEN)
			continue;
		printf("%zd bytes of type %04x\n", n, get16(frame + 12));

		/* TASK 1: of type 0x0806, an ARP request for ip: write the reply. */

		/* TASK 2: of type 0x0800, an echo request to ip (protocol 1, type 8): swap
		 * the addresses, make it type 0, compute both checksums, write it. */

		/* TASK 3: lengths, checksums, fragments: which requests are none? */
	}
}

/*
 * Mirror sends every frame back to where it came from: the first program that
 * reads and writes a network device.
 *
 *	mirror DEVICE COUNT
 *
 * It opens the device, and then COUNT times reads a frame, swaps its two Ethernet
 * addresses, writes it back, and says so in a line:
 *
 *	60 bytes from 02:00:00:00:00:aa
 *
 * Then it prints how many frames and bytes those were, and exits with 0. It exits
 * with 64 if it was called wrongly, and with 1 if the device failed, with the
 * reason on standard error.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ADDR_LEN   6	/* bytes of an Ethernet address */
#define HEADER_LEN 14	/* destination, source, and a type of two bytes */
#define FRAME_MAX  1514	/* the header, and 1500 bytes: the device's MTU */

/*
 * swap turns a frame round: who sent it shall receive it.
 */
static void
swap(unsigned char *frame)
{
	unsigned char destination[ADDR_LEN];

	memcpy(destination, frame, ADDR_LEN);
	memcpy(frame, frame + ADDR_LEN, ADDR_LEN);
	memcpy(frame + ADDR_LEN, destination, ADDR_LEN);
}

int
main(int argc, char *argv[])
{
	unsigned char frame[FRAME_MAX];
	long count, frames = 0, bytes = 0;
	ssize_t n;
	int device;

	if (argc != 3 || (count = strtol(argv[2], NULL, 10)) < 1) {
		fprintf(stderr, "usage: mirror DEVICE COUNT\n");
		return (64);
	}
	if ((device = open(argv[1], O_RDWR)) < 0)
		err(1, "%s", argv[1]);

	while (frames < count) {
		/*
		 * One call, one frame. A read sleeps until there is one, and returns
		 * its length; what does not fit into the buffer is lost.
		 */
		if ((n = read(device, frame, sizeof(frame))) < 0)
			err(1, "read");
		if (n < HEADER_LEN)
			continue;	/* no Ethernet frame */
		frames++;
		bytes += n;
		printf("%zd bytes from %02x:%02x:%02x:%02x:%02x:%02x\n", n,
		    frame[6], frame[7], frame[8], frame[9], frame[10], frame[11]);

		/* Here too: the length of the frame, not that of the buffer. */
		swap(frame);
		if (write(device, frame, n) != n)
			err(1, "write");
	}
	printf("%ld frames, %ld bytes\n", frames, bytes);
	close(device);
	return (0);
}

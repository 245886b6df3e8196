/*
 * Mirror shall send every frame back to where it came from. This one opens the
 * device, reads one frame and shows it. The places marked TASK are yours.
 *
 *	mirror DEVICE COUNT
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int
main(int argc, char *argv[])
{
	unsigned char frame[256];	/* TASK 3: how long can a frame be? */
	long count;
	ssize_t n;
	int device;

	if (argc != 3 || (count = strtol(argv[2], NULL, 10)) < 1) {
		fprintf(stderr, "usage: mirror DEVICE COUNT\n");
		return (64);
	}
	if ((device = open(argv[1], O_RDWR)) < 0)
		err(1, "%s", argv[1]);

	/* TASK 1: COUNT frames, not one. */
	if ((n = read(device, frame, sizeof(frame))) < 0)
		err(1, "read");
	printf("%zd bytes\n", n);	/* TASK 4: ... from 02:00:00:00:00:aa */

	/* TASK 2: swap the addresses, destination and source, and write(2) it. */

	/* TASK 5: say how many frames and bytes it were. */
	close(device);
	return (0);
}

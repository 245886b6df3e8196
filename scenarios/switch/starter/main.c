/*
 * Switchd shall be a learning Ethernet switch. This one is a hub, and of its first
 * device only: what comes in there goes out of all others. The places marked TASK
 * are yours.
 *
 *	switchd SECONDS DEVICE...
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define HEADER_LEN 14		/* destination (6 bytes), source (6), type (2) */
#define FRAME_MAX  1518
#define PORTS_MAX  8

int
main(int argc, char *argv[])
{
	unsigned char frame[FRAME_MAX];
	int ports[PORTS_MAX], nports = argc - 2;
	long age;
	ssize_t n;

	if (nports < 2 || nports > PORTS_MAX || (age = strtol(argv[1], NULL, 10)) < 1) {
		fprintf(stderr, "usage: switchd SECONDS DEVICE DEVICE...\n");
		return (64);
	}
	for (int i = 0; i < nports; i++)
		if ((ports[i] = open(argv[i + 2], O_RDWR)) < 0)
			err(1, "%s", argv[i + 2]);
	for (;;) {
		/* TASK 1: wait for all ports, with poll(2), and read where there is a frame. */
		int in = 0;

		if ((n = read(ports[in], frame, sizeof(frame))) < 0)
			err(1, "read");
		if (n < HEADER_LEN)
			continue;

		/* TASK 2: learn that the source, frame + 6, is on port in, and when that was. */

		/* TASK 3: if it is known where the destination is, send it there alone; */
		/* TASK 4: but not back to where it came from, */
		/* TASK 5: and not if that was last seen AGE seconds ago. */
		for (int i = 0; i < nports; i++)
			if (i != in && write(ports[i], frame, (size_t)n) < 0)
				err(1, "write");
	}
}

/*
 * Echo sends back every frame that a tap device receives, unchanged.
 *
 *	echo /dev/tap0
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int
main(int argc, char *argv[])
{
	static char frame[65536];
	ssize_t n;
	int tap;

	if (argc != 2) {
		fprintf(stderr, "usage: echo DEVICE\n");
		return (64);
	}
	if ((tap = open(argv[1], O_RDWR)) < 0) {
		perror(argv[1]);
		return (1);
	}
	while ((n = read(tap, frame, sizeof(frame))) > 0) { /* one read, one frame */
		if (write(tap, frame, n) < 0) {
			perror("write");
			return (1);
		}
	}
	if (n < 0) {
		perror("read");
		return (1);
	}
	return (0);
}

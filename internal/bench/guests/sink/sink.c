/*
 * Sink reads frames from a device and answers each WINDOW of them with one: the
 * last, with its addresses exchanged.
 *
 *	sink DEVICE WINDOW
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
main(int argc, char *argv[])
{
	static unsigned char frame[65536];
	unsigned char mac[6];
	int tap, window, seen = 0;
	ssize_t n;

	if (argc != 3 || (window = atoi(argv[2])) < 1) {
		fprintf(stderr, "usage: sink DEVICE WINDOW\n");
		return (64);
	}
	if ((tap = open(argv[1], O_RDWR)) < 0) {
		perror(argv[1]);
		return (1);
	}
	while ((n = read(tap, frame, sizeof(frame))) > 0) {
		if (n < 16 || frame[14] != 0xa5 || frame[15] != 0x5a || ++seen < window)
			continue;
		seen = 0;
		memcpy(mac, frame, 6);
		memcpy(frame, frame + 6, 6);
		memcpy(frame + 6, mac, 6);
		if (write(tap, frame, n) < 0) {
			perror("write");
			return (1);
		}
	}
	perror("read");
	return (1);
}

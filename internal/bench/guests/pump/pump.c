/*
 * Pump sends frames to a device, WINDOW at a time, and after each window waits
 * until BACK frames have come back.
 *
 *	pump DEVICE SIZE COUNT WINDOW BACK
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
main(int argc, char *argv[])
{
	static unsigned char frame[2048], in[65536];
	static const unsigned char head[16] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5, 0xa5, 0x5a};
	long count, sent = 0;
	int tap, size, window, back;

	if (argc != 6) {
		fprintf(stderr, "usage: pump DEVICE SIZE COUNT WINDOW BACK\n");
		return (64);
	}
	size = atoi(argv[2]);
	count = atol(argv[3]);
	window = atoi(argv[4]);
	back = atoi(argv[5]);
	if (size < 60 || size > 1514 || window < 1 || back < 1) {
		fprintf(stderr, "pump: SIZE is 60 to 1514, WINDOW and BACK at least 1\n");
		return (64);
	}
	if ((tap = open(argv[1], O_RDWR)) < 0) {
		perror(argv[1]);
		return (1);
	}
	memcpy(frame, head, sizeof(head));
	while (sent < count) {
		for (int i = 0; i < window; i++)
			if (write(tap, frame, size) != size) {
				perror("write");
				return (1);
			}
		sent += window;
		for (int i = 0; i < back;) {
			ssize_t n = read(tap, in, sizeof(in));
			if (n <= 0) {
				perror("read");
				return (1);
			}
			i += n >= 16 && in[14] == 0xa5 && in[15] == 0x5a;
		}
	}
	return (0);
}

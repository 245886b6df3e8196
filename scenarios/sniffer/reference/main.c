/*
 * Sniffer prints a line for each frame that it reads from a tap, much as tcpdump does.
 *
 *	sniffer DEVICE [DEVICE] [FILTER...]
 *
 * With two devices it is put into a cable: what comes from one, it passes on to the
 * other. The filter, some words that must all be true, only chooses what is printed.
 * SIGINT and SIGTERM end it; then it says how many frames there were.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "sniffer.h"

#define FRAME_MAX 1518

static struct pollfd taps[2];
static int ntaps;
static unsigned long frames, shown;
static volatile sig_atomic_t done;

static void
stop(int sig)
{
	done = 1;
}

/* receive reads a frame, prints it, and passes it on. */
static void
receive(int from)
{
	unsigned char frame[FRAME_MAX];
	struct seen s;
	ssize_t n = read(taps[from].fd, frame, sizeof(frame));

	if (n < 0 && errno != EINTR && errno != EHOSTDOWN)
		err(1, "read");
	if (n <= 0)
		return;
	if (ntaps == 2 && write(taps[1 - from].fd, frame, (size_t)n) < 0)
		warn("write");		/* the other end of the cable is down */
	frames++;
	decode(&s, frame, (size_t)n);
	if (filter_shows(&s)) {
		shown++;
		puts(s.line);
	}
}

int
main(int argc, char *argv[])
{
	int first = 1;

	for (; first < argc && argv[first][0] == '/' && ntaps < 2; first++, ntaps++) {
		taps[ntaps].events = POLLIN;
		if ((taps[ntaps].fd = open(argv[first], O_RDWR)) < 0)
			err(1, "%s", argv[first]);
	}
	if (ntaps == 0) {
		fprintf(stderr, "usage: sniffer DEVICE [DEVICE] [FILTER...]\n");
		return (64);
	}
	filter_add(argv + first, argc - first);
	/* Who looks at the lines wants them now, also through a pipe. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGINT, stop);
	signal(SIGTERM, stop);
	while (!done) {
		if (poll(taps, (nfds_t)ntaps, -1) < 0) {
			if (errno != EINTR)
				err(1, "poll");
			continue;
		}
		for (int i = 0; i < ntaps; i++)
			if (taps[i].revents != 0)
				receive(i);
	}
	printf("%lu frames, %lu shown\n", frames, shown);
	return (0);
}

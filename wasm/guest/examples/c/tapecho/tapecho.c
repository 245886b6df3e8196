/*
 * Tapecho sends back each frame that a tap device receives, to who sent it; not
 * those to a group, which is nobody's source. It waits with kqueue(2), and takes all
 * that is there before it waits again.
 *
 *	tapecho [-n frames] device
 */
#include <sys/types.h>
#include <sys/event.h>
#include <sys/ioctl.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_tap.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
usage(void)
{
	fprintf(stderr, "usage: tapecho [-n frames] device\n");
	exit(64);
}

static void
turn(struct ether_header *eh)
{
	u_char sender[ETHER_ADDR_LEN];

	memcpy(sender, eh->ether_shost, sizeof(sender));
	memcpy(eh->ether_shost, eh->ether_dhost, sizeof(sender));
	memcpy(eh->ether_dhost, sender, sizeof(sender));
}

int
main(int argc, char *argv[])
{
	static union {
		struct ether_header eh;
		char bytes[TAPMRU];
	} frame;
	struct kevent change, event;
	const char *bad;
	long left = -1;
	ssize_t n;
	int ch, kq, tap;

	while ((ch = getopt(argc, argv, "n:")) != -1) {
		switch (ch) {
		case 'n':
			left = strtonum(optarg, 1, 1000000, &bad);
			if (bad != NULL)
				errx(64, "%s: %s", optarg, bad);
			break;
		default:
			usage();
		}
	}
	if (argc - optind != 1)
		usage();
	if ((tap = open(argv[optind], O_RDWR | O_NONBLOCK)) < 0)
		err(1, "%s", argv[optind]);
#ifdef TAPGIFNAME
	struct ifreq ifr;

	if (ioctl(tap, TAPGIFNAME, &ifr) == 0)
		printf("%s is %s\n", argv[optind], ifr.ifr_name);
#endif
	if ((kq = kqueue()) < 0)
		err(1, "kqueue");
	EV_SET(&change, tap, EVFILT_READ, EV_ADD, 0, 0, NULL);
	if (kevent(kq, &change, 1, NULL, 0, NULL) < 0)
		err(1, "kevent");

	while (left != 0) {
		if (kevent(kq, NULL, 0, &event, 1, NULL) < 0)
			err(1, "kevent");
		while (left != 0 && (n = read(tap, &frame, sizeof(frame))) > 0) {
			if (n < ETHER_HDR_LEN || ETHER_IS_MULTICAST(frame.eh.ether_dhost))
				continue;
			turn(&frame.eh);
			if (write(tap, &frame, n) < 0)
				err(1, "write");
			if (left > 0)
				left--;
		}
		if (n < 0 && errno != EWOULDBLOCK)
			err(1, "read");
	}
	printf("done\n");
	return (0);
}

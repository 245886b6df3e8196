/*
 * Replyd answers pings for one address, on a tun or a tap, and on any of the BSDs
 * that have these: FreeBSD, DragonFly and NetBSD.
 *
 *	replyd DEVICE ADDRESS [MAC]
 *
 * On a tap, that is with a hardware address, it answers ARP requests, too. The
 * kernels agree on what the calls are; this program is about where they differ.
 */
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <net/if_tap.h>
#include <net/if_tun.h>
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ADDR_LEN   6
#define ETHER_LEN  14
#define FAMILY_LEN 4			/* what stands before a packet with TUNSIFHEAD */
#define PACKET_MAX 16384		/* more than any of the drivers queues */
#define PAUSE      50000		/* microseconds */

static int is_tap;
static unsigned char ip[4];		/* our addresses */
static unsigned char mac[ADDR_LEN];

static unsigned int
get16(const unsigned char *p)
{
	return ((unsigned int)p[0] << 8 | p[1]);
}

/* put_sum puts the Internet checksum (RFC 1071) of len bytes at offset at. */
static void
put_sum(unsigned char *p, size_t len, size_t at)
{
	unsigned int sum = 0;

	p[at] = p[at + 1] = 0;
	for (size_t i = 0; i < len; i++)
		sum += (unsigned int)p[i] << (i % 2 == 0 ? 8 : 0);
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	p[at] = (unsigned char)(~sum >> 8);
	p[at + 1] = (unsigned char)~sum;
}

/* echo makes a reply of an echo request to us, in place, and tells whether it was one. */
static int
echo(unsigned char *p, size_t len)
{
	size_t head = (p[0] & 15) * 4u, size = get16(p + 2);

	if (len < 20 || p[0] >> 4 != 4 || head < 20 || size < head + 8 || size > len)
		return (0);
	if (memcmp(p + 16, ip, 4) != 0 || p[9] != IPPROTO_ICMP || p[head] != 8 || (get16(p + 6) & 0x3fff) != 0)
		return (0);
	p[head] = 0;
	put_sum(p + head, size - head, 2);
	memcpy(p + 16, p + 12, 4);
	memcpy(p + 12, ip, 4);
	p[8] = 64;
	put_sum(p, head, 10);
	return (1);
}

/* arp makes a reply of an ARP request for us, in place, and tells whether it was one. */
static int
arp(unsigned char *p, size_t len)
{
	static const unsigned char request[] = {0, 1, 8, 0, 6, 4, 0, 1};

	if (len < 28 || memcmp(p, request, sizeof(request)) != 0 || memcmp(p + 24, ip, 4) != 0)
		return (0);
	p[7] = 2;
	memcpy(p + 18, p + 8, 10);
	memcpy(p + 8, mac, ADDR_LEN);
	memcpy(p + 14, ip, 4);
	return (1);
}

/*
 * answer makes of what was read what is to be written, and tells whether there is
 * anything to write. Before a tun's packet stands its address family, because open
 * has asked for that; it goes back as it came.
 */
static int
answer(unsigned char *b, size_t len)
{
	static const unsigned char inet[FAMILY_LEN] = {0, 0, 0, AF_INET};
	int ok = 0;

	if (!is_tap)
		return (len > FAMILY_LEN && memcmp(b, inet, FAMILY_LEN) == 0 && echo(b + FAMILY_LEN, len - FAMILY_LEN));
	if (len < ETHER_LEN)
		return (0);
	if (get16(b + 12) == 0x0806)
		ok = arp(b + ETHER_LEN, len - ETHER_LEN);
	else if (get16(b + 12) == 0x0800)
		ok = echo(b + ETHER_LEN, len - ETHER_LEN);
	memcpy(b, b + ADDR_LEN, ADDR_LEN);
	memcpy(b + ADDR_LEN, mac, ADDR_LEN);
	return (ok);
}

/* open_device opens the device, sets it to what we expect, and says its name. */
static int
open_device(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct netbsd_ifreq name;
	int fd, on = 1;

	if ((fd = open(path, O_RDWR)) < 0)
		err(1, "%s", path);
	/*
	 * Whether a tun's packets begin with their address family is a mode of the
	 * device, which outlives a close: it may be on from who had it before us.
	 * Without it there is no IPv6. So it is set, not assumed.
	 */
	if (!is_tap && ioctl(fd, TUNSIFHEAD, &on) < 0)
		err(1, "TUNSIFHEAD");
	/*
	 * Who opens NetBSD's /dev/tap gets a new interface, and must ask for its name.
	 * DragonFly knows no such question (ENOTTY); there the path says it. The number
	 * of the request depends on the size of NetBSD's struct ifreq, hence its name.
	 */
	snprintf(name.ifr_name, sizeof(name.ifr_name), "%s", slash == NULL ? path : slash + 1);
	if (is_tap && ioctl(fd, NETBSD_TAPGIFNAME, &name) < 0 && errno != ENOTTY)
		err(1, "TAPGIFNAME");
	printf("answering on %s\n", name.ifr_name);
	fflush(stdout);
	return (fd);
}

/* parse_mac reads six bytes in hexadecimal with colons between them. */
static int
parse_mac(const char *text, unsigned char *to)
{
	unsigned int b[ADDR_LEN];

	if (sscanf(text, "%x:%x:%x:%x:%x:%x", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]) != ADDR_LEN)
		return (0);
	for (int i = 0; i < ADDR_LEN; i++)
		to[i] = (unsigned char)b[i];
	return (1);
}

int
main(int argc, char *argv[])
{
	static unsigned char buf[PACKET_MAX];
	ssize_t n;
	int fd;

	is_tap = argc == 4;
	if (argc < 3 || argc > 4 || inet_pton(AF_INET, argv[2], ip) != 1 || (is_tap && !parse_mac(argv[3], mac))) {
		fprintf(stderr, "usage: replyd DEVICE ADDRESS [MAC]\n");
		return (64);
	}
	fd = open_device(argv[1]);
	for (;;) {
		n = read(fd, buf, sizeof(buf));
		/*
		 * While it is down, NetBSD's tap says EHOSTDOWN; the others let us sleep.
		 * That is a reason to wait, not to give up.
		 */
		if (n < 0 && errno == EHOSTDOWN) {
			usleep(PAUSE);
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err(1, "read");
		/*
		 * NetBSD's tap wakes who reads when it goes down. If it is up again by then,
		 * there is no error: 0 bytes are no end of file, there is just no frame.
		 */
		if (n == 0 || !answer(buf, (size_t)n))
			continue;
		/*
		 * A reply may be lost, as on any network: while the interface is down,
		 * FreeBSD's tun writes nothing and says 0, DragonFly's says all is well.
		 */
		if (write(fd, buf, (size_t)n) < 0 && errno != EHOSTDOWN && errno != ENOBUFS)
			err(1, "write");
	}
}

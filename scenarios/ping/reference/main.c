/*
 * Pingd is a host made of one program: it answers ARP requests and pings for one
 * address on a tap device.
 *
 *	pingd /dev/tap0 10.0.0.2 02:00:00:00:00:0b
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ADDR_LEN   6
#define HEADER_LEN 14		/* Ethernet: destination, source, type */
#define FRAME_MAX  1514
#define TTL        64

static unsigned char ip[4];		/* our addresses */
static unsigned char mac[ADDR_LEN];

/* get16 and put16 read and write a number of two bytes, the high one first. */
static unsigned int
get16(const unsigned char *p)
{
	return ((unsigned int)p[0] << 8 | p[1]);
}

static void
put16(unsigned char *p, unsigned int v)
{
	p[0] = (unsigned char)(v >> 8);
	p[1] = (unsigned char)v;
}

/*
 * checksum is the Internet checksum (RFC 1071). Over bytes that hold the right
 * checksum it is 0. A last odd byte counts as if a zero followed it.
 */
static unsigned int
checksum(const unsigned char *p, size_t len)
{
	unsigned int sum = 0;

	for (; len > 1; p += 2, len -= 2)
		sum += get16(p);
	if (len > 0)
		sum += (unsigned int)p[0] << 8;
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (~sum & 0xffff);
}

/*
 * arp makes the reply to a request for our address of it, in place (RFC 826). It
 * returns the length of the frame, or 0 if there is nothing to answer.
 */
static size_t
arp(unsigned char *frame, size_t len)
{
	static const unsigned char request[] = {0, 1, 8, 0, 6, 4, 0, 1};
	unsigned char *p = frame + HEADER_LEN;

	if (len < HEADER_LEN + 28 || memcmp(p, request, sizeof(request)) != 0 ||
	    memcmp(p + 24, ip, 4) != 0)
		return (0);
	p[7] = 2;			/* a reply */
	memcpy(p + 18, p + 8, 10);	/* to who asked */
	memcpy(p + 8, mac, ADDR_LEN);	/* from us */
	memcpy(p + 14, ip, 4);
	return (HEADER_LEN + 28);
}

/*
 * icmp makes the reply to an echo request for our address of it, in place (RFC 791,
 * RFC 792). It returns the length of the frame, or 0 if there is nothing to answer.
 */
static size_t
icmp(unsigned char *frame, size_t len)
{
	unsigned char *p = frame + HEADER_LEN, *echo;
	size_t head, size;

	if (len < HEADER_LEN + 20 || p[0] >> 4 != 4 || memcmp(p + 16, ip, 4) != 0)
		return (0);
	/*
	 * The header may have options, and the frame may be longer than the packet:
	 * Ethernet pads what is too short. Only the header's own lengths count.
	 */
	head = (p[0] & 15) * 4u;
	size = get16(p + 2);
	if (head < 20 || size < head + 8 || size > len - HEADER_LEN)
		return (0);
	if (checksum(p, head) != 0)
		return (0);
	if ((get16(p + 6) & 0x3fff) != 0)
		return (0);	/* a fragment: we don't put them together */
	echo = p + head;
	if (p[9] != IPPROTO_ICMP || echo[0] != 8 || echo[1] != 0 || checksum(echo, size - head) != 0)
		return (0);

	echo[0] = 0;			/* an echo reply; the rest is the request's */
	put16(echo + 2, 0);
	put16(echo + 2, checksum(echo, size - head));

	memcpy(p + 16, p + 12, 4);	/* to who asked */
	memcpy(p + 12, ip, 4);		/* from us */
	p[8] = TTL;			/* for its own way, not what was left of the request's */
	put16(p + 10, 0);
	put16(p + 10, checksum(p, head));
	return (HEADER_LEN + size);
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
	unsigned char frame[FRAME_MAX];
	size_t len;
	ssize_t n;
	int tap;

	if (argc != 4 || inet_pton(AF_INET, argv[2], ip) != 1 || !parse_mac(argv[3], mac)) {
		fprintf(stderr, "usage: pingd DEVICE ADDRESS MAC\n");
		return (64);
	}
	if ((tap = open(argv[1], O_RDWR)) < 0)
		err(1, "%s", argv[1]);
	printf("%s is at %s on %s\n", argv[2], argv[3], argv[1]);
	fflush(stdout);

	for (;;) {
		if ((n = read(tap, frame, sizeof(frame))) < 0)	/* one read, one frame */
			err(1, "read");
		if (n < HEADER_LEN)
			continue;
		len = 0;
		if (get16(frame + 12) == 0x0806)
			len = arp(frame, (size_t)n);
		else if (get16(frame + 12) == 0x0800)
			len = icmp(frame, (size_t)n);
		if (len == 0)
			continue;
		memcpy(frame, frame + ADDR_LEN, ADDR_LEN);	/* back to where it came from */
		memcpy(frame + ADDR_LEN, mac, ADDR_LEN);
		if (write(tap, frame, len) != (ssize_t)len)
			err(1, "write");
	}
}

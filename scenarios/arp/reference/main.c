/*
 * Arpd answers ARP requests (RFC 826) for some IPv4 addresses on a tap device: it
 * tells who asks that these addresses are at one hardware address.
 *
 *	arpd DEVICE MAC ADDRESS...
 *
 * Before it answers anybody it announces each address (RFC 5227, 2.3), so that a
 * host that remembers another hardware address for it forgets that.
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ADDR_LEN      6
#define ETHERTYPE_IP  0x0800
#define ETHERTYPE_ARP 0x0806
#define ARPHRD_ETHER  1
#define ARPOP_REQUEST 1
#define ARPOP_REPLY   2
#define FRAME_MAX     1514
#define ADDRESSES_MAX 16

/* An ARP packet for IPv4 on Ethernet, in its frame. There is no padding in it. */
struct arp_frame {
	unsigned char destination[ADDR_LEN];
	unsigned char source[ADDR_LEN];
	uint16_t      type;
	uint16_t      hardware;		/* what kind of hardware address */
	uint16_t      protocol;		/* what kind of protocol address */
	unsigned char hardware_len;
	unsigned char protocol_len;
	uint16_t      operation;
	unsigned char sender_mac[ADDR_LEN];
	unsigned char sender_ip[4];
	unsigned char target_mac[ADDR_LEN];
	unsigned char target_ip[4];
};

_Static_assert(sizeof(struct arp_frame) == 42, "14 bytes of Ethernet, 28 of ARP");

static unsigned char mac[ADDR_LEN];
static unsigned char addresses[ADDRESSES_MAX][4];
static int naddresses;

/* mine tells whether an IPv4 address is one of those that we answer for. */
static int
mine(const unsigned char *ip)
{
	for (int i = 0; i < naddresses; i++)
		if (memcmp(addresses[i], ip, 4) == 0)
			return (1);
	return (0);
}

static void
send_frame(int tap, const struct arp_frame *f)
{
	if (write(tap, f, sizeof(*f)) != (ssize_t)sizeof(*f))
		err(1, "write");
}

/* announce asks everybody for our own address, which nobody else should have. */
static void
announce(int tap, const unsigned char *ip)
{
	struct arp_frame f = {
		.type = htons(ETHERTYPE_ARP),
		.hardware = htons(ARPHRD_ETHER),
		.protocol = htons(ETHERTYPE_IP),
		.hardware_len = ADDR_LEN,
		.protocol_len = 4,
		.operation = htons(ARPOP_REQUEST),
	};

	memset(f.destination, 0xff, ADDR_LEN);	/* everybody */
	memcpy(f.source, mac, ADDR_LEN);
	memcpy(f.sender_mac, mac, ADDR_LEN);
	memcpy(f.sender_ip, ip, 4);
	memcpy(f.target_ip, ip, 4);
	send_frame(tap, &f);
}

/* is_question tells whether a frame asks for one of our addresses. */
static int
is_question(const struct arp_frame *f, size_t len)
{
	return (len >= sizeof(*f) && f->type == htons(ETHERTYPE_ARP) &&
	    f->hardware == htons(ARPHRD_ETHER) && f->protocol == htons(ETHERTYPE_IP) &&
	    f->hardware_len == ADDR_LEN && f->protocol_len == 4 &&
	    f->operation == htons(ARPOP_REQUEST) && mine(f->target_ip));
}

/* answer replies: sender and target change places, and the sender is us. */
static void
answer(int tap, const struct arp_frame *question)
{
	struct arp_frame f = *question;

	f.operation = htons(ARPOP_REPLY);
	memcpy(f.target_mac, question->sender_mac, ADDR_LEN);
	memcpy(f.target_ip, question->sender_ip, 4);
	memcpy(f.sender_mac, mac, ADDR_LEN);
	memcpy(f.sender_ip, question->target_ip, 4);
	memcpy(f.destination, question->sender_mac, ADDR_LEN);
	memcpy(f.source, mac, ADDR_LEN);
	send_frame(tap, &f);
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
	union {
		struct arp_frame arp;
		unsigned char bytes[FRAME_MAX];
	} frame;
	ssize_t n;
	int tap;

	if (argc < 4 || argc > 3 + ADDRESSES_MAX || !parse_mac(argv[2], mac)) {
		fprintf(stderr, "usage: arpd DEVICE MAC ADDRESS...\n");
		return (64);
	}
	for (int i = 3; i < argc; i++)
		if (inet_pton(AF_INET, argv[i], addresses[naddresses++]) != 1)
			errx(64, "%s is no IPv4 address", argv[i]);
	if ((tap = open(argv[1], O_RDWR)) < 0)
		err(1, "%s", argv[1]);

	for (int i = 0; i < naddresses; i++)
		announce(tap, addresses[i]);
	for (;;) {
		if ((n = read(tap, &frame, sizeof(frame))) < 0)
			err(1, "read");
		/* A short frame is padded: it has more bytes than ARP needs. */
		if (is_question(&frame.arp, (size_t)n))
			answer(tap, &frame.arp);
	}
}

/*
 * Arpd shall answer ARP requests for some IPv4 addresses. This one shows who asks
 * for what. The places marked TASK are yours.
 *
 *	arpd DEVICE MAC ADDRESS...
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ADDR_LEN      6
#define ETHERTYPE_ARP 0x0806
#define FRAME_MAX     1514

/* An ARP packet for IPv4 on Ethernet, in its frame. There is no padding in it. */
struct arp_frame {
	unsigned char destination[ADDR_LEN];
	unsigned char source[ADDR_LEN];
	uint16_t      type;		/* in network byte order: htons(3) */
	uint16_t      hardware;
	uint16_t      protocol;
	unsigned char hardware_len;
	unsigned char protocol_len;
	uint16_t      operation;
	unsigned char sender_mac[ADDR_LEN];
	unsigned char sender_ip[4];
	unsigned char target_mac[ADDR_LEN];
	unsigned char target_ip[4];
};

int
main(int argc, char *argv[])
{
	union {
		struct arp_frame arp;
		unsigned char bytes[FRAME_MAX];
	} frame;
	char text[INET_ADDRSTRLEN];
	ssize_t n;
	int tap;

	if (argc < 4) {
		fprintf(stderr, "usage: arpd DEVICE MAC ADDRESS...\n");
		return (64);
	}
	/* TASK 1: keep the hardware address argv[2], and the addresses argv[3] ... */

	if ((tap = open(argv[1], O_RDWR)) < 0)
		err(1, "%s", argv[1]);

	/* TASK 4: announce each address: ask everybody for it, once. */

	for (;;) {
		if ((n = read(tap, &frame, sizeof(frame))) < 0)
			err(1, "read");
		if (n < (ssize_t)sizeof(frame.arp) || frame.arp.type != htons(ETHERTYPE_ARP))
			continue;
		inet_ntop(AF_INET, frame.arp.target_ip, text, sizeof(text));
		printf("somebody asks for %s\n", text);

		/* TASK 2: is it a request, for IPv4 on Ethernet, and for an address of yours? */

		/* TASK 3: write the reply: sender and target change places, and the sender is you. */
	}
}

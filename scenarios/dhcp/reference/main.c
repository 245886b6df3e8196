/*
 * Dhcpd is a DHCP server (RFC 2131) for one network.
 *
 *	dhcpd CONFIG
 *
 * It speaks through a UDP socket of its node, and gives the addresses of a range to
 * who asks, for a time. Whose they are it keeps in /tmp/dhcpd.leases, so that it can
 * be killed and started again.
 */
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dhcpd.h"

#define SERVER_PORT 67
#define CLIENT_PORT 68

struct config conf = {.lease = 3600};
static int sock;

/* dotted reads an address, or gives up. */
static uint32_t
dotted(const char *text, const char *what)
{
	struct in_addr a;

	if (text == NULL || inet_pton(AF_INET, text, &a) != 1)
		errx(1, "%s: want an address", what);
	return (ntohl(a.s_addr));
}

/* configure takes a line of the configuration: a word and what it means. */
static void
configure(char *line)
{
	char *word = strtok(line, " \t\n"), *value = strtok(NULL, " \t\n");

	if (word == NULL || word[0] == '#')
		return;
	if (strcmp(word, "interface") == 0 && value != NULL)
		snprintf(conf.interface, sizeof(conf.interface), "%s", value);
	else if (strcmp(word, "address") == 0)
		conf.address = dotted(value, word);
	else if (strcmp(word, "netmask") == 0)
		conf.netmask = dotted(value, word);
	else if (strcmp(word, "router") == 0)
		conf.router = dotted(value, word);
	else if (strcmp(word, "dns") == 0)
		conf.dns = dotted(value, word);
	else if (strcmp(word, "range") == 0) {
		conf.first = dotted(value, word);
		conf.last = dotted(strtok(NULL, " \t\n"), word);
	} else if (strcmp(word, "lease") == 0 && value != NULL && atol(value) >= 8)
		conf.lease = (uint32_t)atol(value);
	else
		errx(1, "%s: not understood", word);
}

static void
read_config(const char *path)
{
	char line[256];
	FILE *f = fopen(path, "r");

	if (f == NULL)
		err(1, "%s", path);
	while (fgets(line, sizeof(line), f) != NULL)
		configure(line);
	fclose(f);
	if (conf.interface[0] == 0 || conf.address == 0 || conf.netmask == 0 || conf.first == 0 || conf.last < conf.first)
		errx(1, "%s: it needs interface, address, netmask and range", path);
}

/*
 * open_socket makes the socket. All clients send to 255.255.255.255, whatever network
 * they are on, and only the interface tells which: so it is bound to one.
 */
static void
open_socket(void)
{
	struct sockaddr_in at = {.sin_len = sizeof(at), .sin_family = AF_INET, .sin_port = htons(SERVER_PORT)};
	int on = 1;

	if ((sock = socket(AF_INET, SOCK_DGRAM, 0)) < 0)
		err(1, "socket");
	if (setsockopt(sock, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)) < 0)
		err(1, "SO_BROADCAST");
	if (setsockopt(sock, SOL_SOCKET, LAB_BINDTODEVICE, conf.interface, (socklen_t)strlen(conf.interface)) < 0)
		err(1, "%s", conf.interface);
	if (bind(sock, (struct sockaddr *)&at, sizeof(at)) < 0)
		err(1, "bind");
}

/*
 * answer sends a reply to where 4.1 says: to the relay that passed the message on, to
 * the address that the client has, or else to everybody. To a client that has no
 * address yet, only who makes his own frames could send a unicast.
 */
static void
answer(const struct message *m, enum kind kind, uint32_t yours)
{
	struct sockaddr_in to = {.sin_len = sizeof(to), .sin_family = AF_INET, .sin_port = htons(CLIENT_PORT)};
	unsigned char b[576];
	size_t len = reply(b, sizeof(b), m, kind, yours);

	to.sin_addr.s_addr = INADDR_BROADCAST;
	if (m->giaddr != 0) {
		to.sin_addr.s_addr = htonl(m->giaddr);
		to.sin_port = htons(SERVER_PORT);
	} else if (kind != NAK && m->ciaddr != 0)
		to.sin_addr.s_addr = htonl(m->ciaddr);
	if (sendto(sock, b, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		warn("sendto");		/* the client will ask again */
}

static int
on_our_net(uint32_t address)
{
	return ((address & conf.netmask) == (conf.address & conf.netmask));
}

static void
discover(const struct message *m, time_t now)
{
	struct lease *l = pool_find(m, now);

	if (l == NULL) {
		say(0, "is free for", m->hw);
		return;
	}
	/* Who has a lease and has forgotten it keeps it until it has asked for it again. */
	if (l->state != BOUND)
		pool_set(l, OFFERED, m, now + OFFER_TIME);
	say(l->address, "is offered to", m->hw);
	answer(m, OFFER, l->address);
}

/*
 * request decides on a lease (4.3.2). There are three kinds: the answer to an offer
 * names its server; who starts again asks for the address that he had; and who wants
 * to keep his longer has it already.
 */
static void
request(const struct message *m, time_t now)
{
	uint32_t wanted = m->wanted != 0 ? m->wanted : m->ciaddr;
	struct lease *l = pool_of(m);

	if (m->server != 0 && m->server != conf.address) {
		/* It has taken another server's offer. */
		if (l != NULL && l->state == OFFERED)
			pool_set(l, FREE, NULL, now);
		return;
	}
	if (l != NULL && l->address == wanted) {
		pool_set(l, BOUND, m, now + (time_t)conf.lease);
		say(l->address, "is leased to", m->hw);
		answer(m, ACK, l->address);
		return;
	}
	/* Of a client that we don't know another server may know: no answer. */
	if (m->server == 0 && l == NULL && on_our_net(wanted))
		return;
	say(wanted, "is refused to", m->hw);
	answer(m, NAK, 0);
}

/* handle does what a message asks for. */
static void
handle(const struct message *m, time_t now)
{
	struct lease *l = pool_of(m);

	if (m->giaddr != 0 && !on_our_net(m->giaddr))
		return;		/* from a network that we have no addresses of */
	switch (m->kind) {
	case DISCOVER:
		discover(m, now);
		break;
	case REQUEST:
		request(m, now);
		break;
	case DECLINE:
		/* Somebody else has the address. It is not given out until its time is up. */
		if (m->server == conf.address && l != NULL && l->address == m->wanted) {
			say(l->address, "is declined by", m->hw);
			pool_set(l, DECLINED, m, now + (time_t)conf.lease);
		}
		break;
	case RELEASE:
		if (m->server == conf.address && l != NULL && l->address == m->ciaddr) {
			say(l->address, "is released by", m->hw);
			pool_set(l, FREE, NULL, now);
		}
		break;
	case INFORM:
		if (m->ciaddr != 0)
			answer(m, ACK, 0);
		break;
	case OFFER:
	case ACK:
	case NAK:
		break;		/* of another server */
	}
}

int
main(int argc, char *argv[])
{
	unsigned char b[1500];
	struct message m;
	struct pollfd p;
	time_t next, now;
	ssize_t n;
	int ready;

	if (argc != 2) {
		fprintf(stderr, "usage: dhcpd CONFIG\n");
		return (64);
	}
	read_config(argv[1]);
	pool_open();
	open_socket();
	p = (struct pollfd){.fd = sock, .events = POLLIN};
	for (;;) {
		now = time(NULL);
		next = pool_expire(now);
		if ((ready = poll(&p, 1, next == 0 ? -1 : (int)(next - now) * 1000)) < 0 && errno != EINTR)
			err(1, "poll");
		if (ready <= 0)
			continue;
		if ((n = recvfrom(sock, b, sizeof(b), 0, NULL, NULL)) < 0)
			warn("recvfrom");
		else if (parse(&m, b, (size_t)n))
			handle(&m, time(NULL));
	}
}

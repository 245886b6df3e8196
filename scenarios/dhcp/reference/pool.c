/* The addresses that the server has to give, and the file that remembers whose they are. */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dhcpd.h"

#define LEASES     "/tmp/dhcpd.leases"
#define LEASES_NEW LEASES ".new"

static struct lease pool[POOL_MAX];
static int pool_len;
static const char *const states[] = {"unused", "free", "offered", "bound", "declined"};

/* dotted is an address as text; the text lives until the next call. */
static const char *
dotted(uint32_t address)
{
	struct in_addr a = {htonl(address)};

	return (inet_ntoa(a));
}

/* say prints what has become of an address; 0 is none. */
void
say(uint32_t address, const char *what, const unsigned char *hw)
{
	printf("%s %s %02x:%02x:%02x:%02x:%02x:%02x\n", address == 0 ? "no address" : dotted(address), what, hw[0], hw[1], hw[2], hw[3], hw[4], hw[5]);
	fflush(stdout);
}

/*
 * save writes the file anew, under another name first: who is killed in between
 * leaves the old one whole. Offers are not worth remembering (RFC 2131, 3.1).
 */
static void
save(void)
{
	FILE *f = fopen(LEASES_NEW, "w");

	if (f == NULL) {
		warn("%s", LEASES_NEW);
		return;
	}
	for (int i = 0; i < pool_len; i++) {
		const struct lease *l = &pool[i];

		if (l->state == UNUSED || l->state == OFFERED)
			continue;
		fprintf(f, "%s %s %lld ", dotted(l->address), states[l->state], (long long)l->until);
		for (size_t j = 0; j < HW_LEN; j++)
			fprintf(f, "%02x", l->hw[j]);
		putc(' ', f);
		for (size_t j = 0; j < l->client_len; j++)
			fprintf(f, "%02x", l->client[j]);
		putc('\n', f);
	}
	if (fclose(f) != 0 || rename(LEASES_NEW, LEASES) < 0)
		warn("%s", LEASES);
}

/* unhex reads bytes in hexadecimal, at most max, and returns how many. */
static size_t
unhex(unsigned char *to, size_t max, const char *text)
{
	unsigned int byte;
	size_t n = 0;

	while (n < max && sscanf(text + 2 * n, "%2x", &byte) == 1)
		to[n++] = (unsigned char)byte;
	return (n);
}

/* load reads a line of the file. What it can't understand, or is not ours any more, is left out. */
static void
load(const char *line)
{
	char address[16], state[16], hw[16], client[2 * CLIENT_MAX + 1];
	struct in_addr a;
	long long until;

	if (sscanf(line, "%15s %15s %lld %15s %64s", address, state, &until, hw, client) != 5 || inet_pton(AF_INET, address, &a) != 1)
		return;
	for (int i = 0; i < pool_len; i++) {
		struct lease *l = &pool[i];

		if (l->address != ntohl(a.s_addr))
			continue;
		for (enum state s = FREE; s <= DECLINED; s++)
			if (strcmp(state, states[s]) == 0)
				l->state = s;
		l->until = (time_t)until;
		unhex(l->hw, HW_LEN, hw);
		l->client_len = unhex(l->client, CLIENT_MAX, client);
	}
}

/* pool_open makes the pool, and reads whose its addresses are. */
void
pool_open(void)
{
	char line[256];
	FILE *f;

	for (uint32_t a = conf.first; a <= conf.last && pool_len < POOL_MAX; a++)
		pool[pool_len++].address = a;
	if ((f = fopen(LEASES, "r")) == NULL) {
		if (errno != ENOENT)
			err(1, "%s", LEASES);
		return;
	}
	while (fgets(line, sizeof(line), f) != NULL)
		load(line);
	fclose(f);
}

/* pool_of returns the address that the client has, is offered or had; NULL if none. */
struct lease *
pool_of(const struct message *m)
{
	for (int i = 0; i < pool_len; i++) {
		struct lease *l = &pool[i];

		if (l->state != UNUSED && l->state != DECLINED && l->client_len == m->client_len && memcmp(l->client, m->client, m->client_len) == 0)
			return (l);
	}
	return (NULL);
}

/*
 * pool_find chooses an address for a client, in the order of RFC 2131, 4.3.1: its
 * own, or that it had; the one that it asks for; the first that nobody had; the one
 * that is free for longest. NULL if all are taken.
 */
struct lease *
pool_find(const struct message *m, time_t now)
{
	struct lease *best = pool_of(m);

	pool_expire(now);
	if (best != NULL)
		return (best);
	for (int i = 0; i < pool_len; i++) {
		struct lease *l = &pool[i];

		if (l->state != UNUSED && l->state != FREE)
			continue;
		if (l->address == m->wanted)
			return (l);
		if (best == NULL || (best->state == FREE && (l->state == UNUSED || l->until < best->until)))
			best = l;
	}
	return (best);
}

/* pool_set gives an address a new state, with a client if m is not NULL. */
void
pool_set(struct lease *l, enum state state, const struct message *m, time_t until)
{
	int worth_saving = state != OFFERED || l->state != UNUSED;

	l->state = state;
	l->until = until;
	if (m != NULL) {
		memcpy(l->client, m->client, sizeof(l->client));
		l->client_len = m->client_len;
		memcpy(l->hw, m->hw, HW_LEN);
	}
	if (worth_saving)
		save();
}

/*
 * pool_expire frees the addresses whose time is up, and returns when the next one's
 * is; 0 if there is none.
 */
time_t
pool_expire(time_t now)
{
	time_t next = 0;

	for (int i = 0; i < pool_len; i++) {
		struct lease *l = &pool[i];

		if (l->state == UNUSED || l->state == FREE)
			continue;
		if (l->until <= now) {
			say(l->address, "is free again, it was of", l->hw);
			pool_set(l, FREE, NULL, l->until);
		} else if (next == 0 || l->until < next)
			next = l->until;
	}
	return (next);
}

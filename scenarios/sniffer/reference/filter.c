/* The filter: some words that must all be true of a frame. */
#include <netinet/in.h>
#include <arpa/inet.h>
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "sniffer.h"

#define TERMS_MAX 16

enum what { ARP, IP, IP6, ICMP, TCP, UDP, VLAN, HOST, PORT };

static const char *const words[] = {"arp", "ip", "ip6", "icmp", "tcp", "udp", "vlan", "host", "port"};

/* A term of the filter: what a frame must be, or must not. */
struct term {
	enum what what;
	int       not;
	uint32_t  value;	/* of VLAN, HOST and PORT */
};

static struct term terms[TERMS_MAX];
static int nterms;

/* value reads what follows vlan, host or port. */
static uint32_t
value(enum what what, const char *text)
{
	struct in_addr a;
	char *end;
	long n;

	if (text == NULL)
		errx(64, "%s: of which?", words[what]);
	if (what == HOST) {
		if (inet_pton(AF_INET, text, &a) != 1)
			errx(64, "%s: not an address", text);
		return (ntohl(a.s_addr));
	}
	n = strtol(text, &end, 10);
	if (end == text || *end != 0 || n < 0 || n > 65535)
		errx(64, "%s: not a number", text);
	return ((uint32_t)n);
}

/* filter_add reads the words of a filter; "and" may stand between terms. */
void
filter_add(char *text[], int count)
{
	const int nwords = sizeof(words) / sizeof(words[0]);

	for (int i = 0; i < count; i++) {
		struct term *t = &terms[nterms];
		int w = 0;

		if (strcmp(text[i], "and") == 0)
			continue;
		if (strcmp(text[i], "not") == 0) {
			t->not = !t->not;
			continue;
		}
		while (w < nwords && strcmp(text[i], words[w]) != 0)
			w++;
		if (w == nwords || nterms == TERMS_MAX - 1)
			errx(64, "%s: not understood; there are not, arp, ip, ip6, icmp, tcp, udp, vlan N, host A and port N", text[i]);
		t->what = (enum what)w;
		if (t->what >= VLAN) {
			t->value = value(t->what, i + 1 < count ? text[i + 1] : NULL);
			i++;
		}
		nterms++;
	}
}

static int
is(const struct term *t, const struct seen *s)
{
	switch (t->what) {
	case ARP:
		return (s->arp);
	case IP:
		return (s->ip);
	case IP6:
		return (s->ip6);
	case ICMP:
		return (s->ip && s->proto == IPPROTO_ICMP);
	case TCP:
		return (s->proto == IPPROTO_TCP);
	case UDP:
		return (s->proto == IPPROTO_UDP);
	case VLAN:
		return (s->vlan == (int)t->value);
	case HOST:
		return (s->src == t->value || s->dst == t->value);
	case PORT:
		return (s->sport == (int)t->value || s->dport == (int)t->value);
	}
	return (0);
}

/* filter_shows tells whether a frame is to be shown. */
int
filter_shows(const struct seen *s)
{
	for (int i = 0; i < nterms; i++)
		if (is(&terms[i], s) == terms[i].not)
			return (0);
	return (1);
}

/* Dhcpd: what its parts share. Addresses are in host byte order. */
#include <sys/types.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define HW_LEN      6
#define CLIENT_MAX  32		/* bytes of a client's identity */
#define IF_NAME_MAX 16		/* of an interface, with its end */
#define POOL_MAX    256
#define OFFER_TIME  30		/* seconds that an offer is kept for who got it */

/* What the file of the configuration says. */
struct config {
	char     interface[IF_NAME_MAX];
	uint32_t address, netmask, first, last, router, dns;
	uint32_t lease;			/* seconds */
};

extern struct config conf;

/* Kinds of message (RFC 2132, 9.6). */
enum kind { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM };

/* A message of a client, as far as the server looks at it. An address that is not given is 0. */
struct message {
	enum kind     kind;
	unsigned char raw[236];		/* its fixed part, of which a reply repeats some */
	uint32_t      ciaddr, giaddr;
	unsigned char hw[HW_LEN];
	unsigned char client[CLIENT_MAX];	/* who it is: its identifier, or its hardware address */
	size_t        client_len;
	uint32_t      wanted, server;	/* options 50 and 54 */
};

/* message.c */
int    parse(struct message *, const unsigned char *, size_t);
size_t reply(unsigned char *, size_t, const struct message *, enum kind, uint32_t yours);

/* An address of the pool, and whose it is. FREE ones remember whose they were. */
enum state { UNUSED, FREE, OFFERED, BOUND, DECLINED };

struct lease {
	uint32_t      address;
	enum state    state;
	time_t        until;		/* FREE: since */
	unsigned char client[CLIENT_MAX];
	size_t        client_len;
	unsigned char hw[HW_LEN];
};

/* pool.c */
void          pool_open(void);
struct lease *pool_of(const struct message *);
struct lease *pool_find(const struct message *, time_t);
void          pool_set(struct lease *, enum state, const struct message *, time_t until);
time_t        pool_expire(time_t);
void          say(uint32_t address, const char *what, const unsigned char *hw);

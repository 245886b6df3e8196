/* Natd: what its parts share. Addresses are in host byte order. */
#include <stddef.h>
#include <stdint.h>

#define MAC_LEN   6
#define FRAME_MAX 1514
#define HOSTS_MAX 64

#define ICMP 1
#define TCP  6
#define UDP  17

/* An address of the inside, and what stands for it outside. Of ICMP the ports are identifiers. */
struct mapping {
	uint8_t  proto;			/* 0: this one is free */
	uint32_t inside;
	uint16_t port, outside_port;
	int64_t  used;			/* when something last went out, in milliseconds */
	int      answered, fin_in, fin_out, reset;	/* of TCP: what was seen */
	uint32_t peers[16];		/* whom it has sent to, and who may answer */
	int      npeers;
};

/* table.c */
struct mapping *table_out(uint8_t proto, uint32_t inside, uint16_t port, int64_t now, int make);
struct mapping *table_in(uint8_t proto, uint16_t outside_port, int64_t now);
void            table_peer(struct mapping *, uint32_t peer);
int             table_allows(const struct mapping *, uint32_t peer);

/* translate.c: they change a packet, and tell whether it is to go on. */
int  translate_out(unsigned char *p, size_t len, uint32_t outside, int64_t now);
int  translate_in(unsigned char *p, size_t len, int64_t now);
int  sound(const unsigned char *p, size_t *len);
int  is_error(const unsigned char *p);
void age(unsigned char *p);

/* A neighbour: a host on one of the two networks, and a packet that waits for its answer. */
struct host {
	uint32_t      address;		/* 0: this one is free */
	int           known;
	unsigned char mac[MAC_LEN];
	int64_t       asked;
	unsigned char frame[FRAME_MAX];
	size_t        waiting;
};

/* One of the two sides. */
struct side {
	int           fd;
	unsigned char mac[MAC_LEN];
	uint32_t      address, mask, gateway;
	struct host   hosts[HOSTS_MAX];
	int           next;		/* which host makes room for another */
};

/* side.c */
int64_t now(void);
void    open_side(struct side *, char *device, const char *mac, char *address);
int     on_net(const struct side *, uint32_t address);
void    arp(struct side *, const unsigned char *p, size_t len);
void    send_ip(struct side *, const unsigned char *p, size_t len);
void    send_icmp(struct side *, const unsigned char *p, unsigned type, const unsigned char *body, size_t len);
void    too_old(struct side *, const unsigned char *p);

static inline uint16_t
get16(const unsigned char *p)
{
	return ((uint16_t)(p[0] << 8 | p[1]));
}

static inline void
put16(unsigned char *p, uint16_t n)
{
	p[0] = (unsigned char)(n >> 8);
	p[1] = (unsigned char)n;
}

static inline uint32_t
get32(const unsigned char *p)
{
	return ((uint32_t)get16(p) << 16 | get16(p + 2));
}

static inline void
put32(unsigned char *p, uint32_t n)
{
	put16(p, (uint16_t)(n >> 16));
	put16(p + 2, (uint16_t)n);
}

/* sum is the Internet checksum of some bytes (RFC 1071); 0 where it is in there and right. */
static inline uint16_t
sum(const unsigned char *p, size_t len)
{
	uint32_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += (uint32_t)p[i] << (i & 1 ? 0 : 8);
	while (n >> 16 != 0)
		n = (n & 0xffff) + (n >> 16);
	return ((uint16_t)~n);
}

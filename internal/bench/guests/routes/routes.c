/*
 * The work of a router: COUNT lookups by longest prefix in a binary trie of ten
 * thousand prefixes, and the checksum of a header (RFC 1071) for each.
 *
 *	routes COUNT
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct node {
	struct node *child[2];
	int hop; /* 0: none */
};

static uint32_t
next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return (*seed);
}

static struct node *
node(void)
{
	struct node *n = calloc(1, sizeof(*n));

	if (n == NULL) {
		perror("routes");
		exit(1);
	}
	return (n);
}

static void
insert(struct node *n, uint32_t prefix, int len, int hop)
{
	for (int i = 0; i < len; i++) {
		int bit = prefix >> (31 - i) & 1;
		if (n->child[bit] == NULL)
			n->child[bit] = node();
		n = n->child[bit];
	}
	n->hop = hop;
}

static int
lookup(const struct node *n, uint32_t addr)
{
	int hop = 0;

	for (int i = 31; n != NULL; i--) {
		if (n->hop)
			hop = n->hop;
		if (i < 0)
			break;
		n = n->child[addr >> i & 1];
	}
	return (hop);
}

static uint16_t
checksum(const unsigned char *p, int n)
{
	uint32_t sum = 0;

	for (int i = 0; i < n; i += 2)
		sum += p[i] << 8 | p[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (~sum);
}

int
main(int argc, char *argv[])
{
	struct node *root = node();
	uint32_t seed = 2463534242, total = 0;
	unsigned char header[20] = {0x45, 0, 0, 84, 0, 0, 0, 0, 64, 1};
	long count = argc > 1 ? atol(argv[1]) : 1000;

	for (int i = 1; i <= 10000; i++) {
		uint32_t r = next(&seed);
		insert(root, r, 8 + (int)(next(&seed) % 17), i);
	}
	for (long i = 0; i < count; i++) {
		uint32_t dst = next(&seed);
		for (int b = 0; b < 4; b++)
			header[16 + b] = dst >> (24 - 8 * b);
		total += (uint32_t)lookup(root, dst) + checksum(header, 20);
	}
	printf("%08x\n", total);
	return (0);
}

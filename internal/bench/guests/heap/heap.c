/*
 * The work of an event loop: COUNT events through a binary heap,
 * compared by a function pointer, as qsort(3) does, and then sorted by it.
 *
 *	heap COUNT
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct event {
	double at;
	uint32_t seq;
};

static int
later(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->at != y->at)
		return (x->at < y->at ? -1 : 1);
	return (x->seq < y->seq ? -1 : x->seq > y->seq);
}

static struct event heap[4096], trace[65536];
static int size;

static void
push(struct event e, int (*cmp)(const void *, const void *))
{
	int i = size++;

	for (; i > 0 && cmp(&e, &heap[(i - 1) / 2]) < 0; i = (i - 1) / 2)
		heap[i] = heap[(i - 1) / 2];
	heap[i] = e;
}

static struct event
pop(int (*cmp)(const void *, const void *))
{
	struct event top = heap[0], e = heap[--size];
	int i = 0;

	for (;;) {
		int c = 2 * i + 1;
		if (c >= size)
			break;
		if (c + 1 < size && cmp(&heap[c + 1], &heap[c]) < 0)
			c++;
		if (cmp(&e, &heap[c]) <= 0)
			break;
		heap[i] = heap[c];
		i = c;
	}
	heap[i] = e;
	return (top);
}

int
main(int argc, char *argv[])
{
	uint32_t seed = 88675123, total = 0;
	long count = argc > 1 ? atol(argv[1]) : 1000;

	for (uint32_t i = 0; i < 4000; i++) {
		seed = seed * 1664525 + 1013904223;
		push((struct event){seed / 4294967296.0, i}, later);
	}
	for (long i = 0; i < count; i++) {
		struct event e = pop(later);
		seed = seed * 1664525 + 1013904223;
		total = total * 31 + e.seq;
		trace[i & 65535] = (struct event){seed / 4294967296.0, (uint32_t)i};
		push((struct event){e.at + seed / 4294967296.0, e.seq}, later);
	}
	qsort(trace, 65536, sizeof(trace[0]), later);
	printf("%08x\n", total + trace[1000].seq);
	return (0);
}

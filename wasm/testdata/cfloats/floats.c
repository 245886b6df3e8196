/*
 * floats does arithmetic with numbers at the edges, and prints what the bits of the
 * results come to. gofloats does the same in Go: the lines that begin with "ieee"
 * must be the same in both, since IEEE 754 and WebAssembly leave nothing open there
 * once NaNs are canonical.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const uint64_t corpus64[] = {
	0x0000000000000000, 0x8000000000000000, /* zeros */
	0x0000000000000001, 0x800fffffffffffff, /* subnormal */
	0x0010000000000000, 0x7fefffffffffffff, /* the least and the largest normal */
	0x3ff0000000000000, 0xbff0000000000000, 0x3ff0000000000001,
	0x3fb999999999999a, 0x400921fb54442d18, 0xc02e000000000000,
	0x41dfffffffc00000, 0x4330000000000001, 0x47efffffe0000000,
	0x7ff0000000000000, 0xfff0000000000000, /* infinities */
	0x7ff8000000000000, 0xfff8000000000000, 0x7ff8dead0000beef,
	0x7ff0000000000001, 0xfff4000000000000, /* signalling NaNs */
};
#define N (sizeof(corpus64) / sizeof(corpus64[0]))

static volatile uint64_t source; /* so that nothing is computed by the compiler */
static uint64_t hash;

static void
add(uint64_t v)
{
	int i;

	for (i = 0; i < 8; i++, v >>= 8)
		hash = (hash ^ (v & 0xff)) * 0x100000001b3;
}

static void
add64(double d)
{
	uint64_t v;

	memcpy(&v, &d, sizeof(v));
	add(v);
}

static void
add32(float f)
{
	uint32_t v;

	memcpy(&v, &f, sizeof(v));
	add(v);
}

static void
addtext(const char *s)
{
	while (*s != '\0')
		add((unsigned char)*s++);
}

static double
number(unsigned i)
{
	double d;
	uint64_t v;

	source = corpus64[i % N];
	v = source;
	memcpy(&d, &v, sizeof(d));
	return (d);
}

static void
report(const char *what)
{
	printf("%s %016llx\n", what, (unsigned long long)hash);
	hash = 0xcbf29ce484222325;
}

int
main(void)
{
	char text[64];
	double a, b;
	float c, d;
	unsigned i, j;

	hash = 0xcbf29ce484222325;
	for (i = 0; i < N; i++)
		for (j = 0; j < N; j++) {
			a = number(i);
			b = number(j);
			add64(a + b);
			add64(a - b);
			add64(a * b);
			add64(a / b);
			add((uint64_t)(a < b) | (uint64_t)(a == b) << 1 | (uint64_t)(a >= b) << 2);
		}
	report("ieee f64");
	for (i = 0; i < N; i++)
		for (j = 0; j < N; j++) {
			c = (float)number(i);
			d = (float)number(j);
			add32(c + d);
			add32(c - d);
			add32(c * d);
			add32(c / d);
		}
	report("ieee f32");
	for (i = 0; i < N; i++) {
		a = number(i);
		add64(__builtin_sqrt(a));
		add64((double)(float)a);
		add32((float)a);
		add64(__builtin_floor(a));
		add64(__builtin_ceil(a));
		add64(__builtin_trunc(a));
		add64(__builtin_copysign(1, a));
		if (a > -9e18 && a < 9e18) {
			add((uint64_t)(int64_t)a);
			add64((double)(int64_t)a);
		}
	}
	report("ieee conversions");
	for (i = 0; i < N; i++)
		for (j = 0; j < N; j++) {
			add64(fmin(number(i), number(j)));
			add64(fmax(number(i), number(j)));
			add64(fmod(number(i), number(j)));
		}
	report("min max mod");
	for (i = 0; i < N; i++) {
		a = number(i);
		add64(sin(a));
		add64(exp(a));
		add64(log(a));
		add64(pow(a, 1.5));
		add64(fma(a, a, 1));
		add64(rint(a));
	}
	report("functions");
	for (i = 0; i < N; i++) {
		a = number(i);
		snprintf(text, sizeof(text), "%.17g %g %a %e", a, a, a, (double)(float)a);
		addtext(text);
	}
	report("text");
	a = 0.5;
	for (i = 0; i < 20000; i++) {
		a = 3.9999 * a * (1 - a) + sqrt(a) * 1e-9;
		add64(a);
	}
	report("ieee chaos");
	return (0);
}

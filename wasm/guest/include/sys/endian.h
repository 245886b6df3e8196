/* <sys/endian.h>: numbers in a given order of bytes, in memory of any alignment. */
#ifndef _SYS_ENDIAN_H_
#define _SYS_ENDIAN_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <sys/cdefs.h>

#include <endian.h>
#include <stdint.h>

__BEGIN_DECLS

#define __LAB_ENDIAN(bits)							\
static inline uint##bits##_t be##bits##dec(const void *p)			\
{										\
	uint##bits##_t n;							\
	__builtin_memcpy(&n, p, sizeof(n));					\
	return (be##bits##toh(n));						\
}										\
static inline uint##bits##_t le##bits##dec(const void *p)			\
{										\
	uint##bits##_t n;							\
	__builtin_memcpy(&n, p, sizeof(n));					\
	return (le##bits##toh(n));						\
}										\
static inline void be##bits##enc(void *p, uint##bits##_t n)			\
{										\
	n = htobe##bits(n);							\
	__builtin_memcpy(p, &n, sizeof(n));					\
}										\
static inline void le##bits##enc(void *p, uint##bits##_t n)			\
{										\
	n = htole##bits(n);							\
	__builtin_memcpy(p, &n, sizeof(n));					\
}

__LAB_ENDIAN(16)
__LAB_ENDIAN(32)
__LAB_ENDIAN(64)

#undef __LAB_ENDIAN

__END_DECLS

#endif

/* <malloc_np.h>: FreeBSD has malloc_usable_size(3) there. */
#ifndef _MALLOC_NP_H_
#define _MALLOC_NP_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <sys/cdefs.h>

#include <stdlib.h>

__BEGIN_DECLS

size_t malloc_usable_size(void *);

__END_DECLS

#endif

/* Where NetBSD has <net/ethernet.h>. */
#include <net/ethernet.h>

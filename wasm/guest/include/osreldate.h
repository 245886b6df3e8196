/* <osreldate.h>: the version of FreeBSD, which <sys/param.h> has too. */
#ifndef _OSRELDATE_H_
#define _OSRELDATE_H_

#include <sys/cdefs.h>

#endif

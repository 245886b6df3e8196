/* <net/if_tap.h>: the requests of tap(4), which differ from one BSD to the next. */
#ifndef _NET_IF_TAP_H_
#define _NET_IF_TAP_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <sys/types.h>

#include <net/if.h>
#include <sys/ioccom.h>

#define TAPMTU 1500
#define TAPMRU 16384

#if defined(__LAB_NETBSD)

/* NetBSD: which interface a descriptor is of, the only request of its own. */
#define TAPGIFNAME _IOR('e', 0, struct ifreq)

#else

/* DragonFly (and FreeBSD): the numbers are those of tun. */
struct tapinfo {
	int baudrate; /* linespeed */
	short mtu; /* maximum transmission unit */
	u_char type; /* IFT_... of <net/if_types.h> */
	u_char dummy;
};

#define TAPSDEBUG _IOW('t', 90, int)
#define TAPGDEBUG _IOR('t', 89, int)
#define TAPSIFINFO _IOW('t', 91, struct tapinfo)
#define TAPGIFINFO _IOR('t', 92, struct tapinfo)
#define VMIO_SIOCSIFFLAGS _IO('V', 0)

#endif

/*
 * A program that copes with several BSDs at run time (uname(3) tells which it is
 * on) has no other name for this one: TAPGIFNAME of NetBSD and its struct ifreq.
 */
struct netbsd_ifreq {
	char ifr_name[IFNAMSIZ];
	char __ifr_ifru[128];
};

#define NETBSD_TAPGIFNAME _IOR('e', 0, struct netbsd_ifreq)

#endif

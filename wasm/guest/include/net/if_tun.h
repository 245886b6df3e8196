/* <net/if_tun.h>: the requests of tun(4). */
#ifndef _NET_IF_TUN_H_
#define _NET_IF_TUN_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <sys/types.h>

#include <sys/ioccom.h>

#define TUNMTU 1500
#define TUNMRU 16384

struct tuninfo {
	int baudrate; /* linespeed */
	short mtu; /* maximum transmission unit */
	u_char type; /* IFT_... of <net/if_types.h> */
	u_char dummy;
};

#define TUNSDEBUG _IOW('t', 90, int)
#define TUNGDEBUG _IOR('t', 89, int)
#define TUNSIFINFO _IOW('t', 91, struct tuninfo)
#define TUNGIFINFO _IOR('t', 92, struct tuninfo)
#define TUNSLMODE _IOW('t', 93, int)
#define TUNSIFMODE _IOW('t', 94, int)
#define TUNSIFPID _IO('t', 95)
#define TUNSIFHEAD _IOW('t', 96, int)
#define TUNGIFHEAD _IOR('t', 97, int)

#endif

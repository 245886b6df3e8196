/*
 * Requests of interfaces. A tap device takes some of them, a socket those for IPv4
 * addresses, flags and MTU. IPv6 is for system("ifconfig ...").
 */
#ifndef _SYS_SOCKIO_H_
#define _SYS_SOCKIO_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <sys/ioccom.h>

#define SIOCSIFADDR _IOW('i', 12, struct ifreq)
#define OSIOCGIFADDR _IOWR('i', 13, struct ifreq)
#define SIOCSIFDSTADDR _IOW('i', 14, struct ifreq)
#define SIOCSIFFLAGS _IOW('i', 16, struct ifreq)
#define SIOCGIFFLAGS _IOWR('i', 17, struct ifreq)
#define SIOCGIFCONF _IOWR('i', 36, struct ifconf)
#define SIOCGIFDSTADDR _IOWR('i', 34, struct ifreq)
#define SIOCGIFBRDADDR _IOWR('i', 35, struct ifreq)
#define SIOCGIFNETMASK _IOWR('i', 37, struct ifreq)
#define SIOCAIFADDR _IOW('i', 26, struct ifaliasreq)
#define SIOCGIFINDEX _IOWR('i', 32, struct ifreq)
#define SIOCGIFMTU _IOWR('i', 51, struct ifreq)
/* No interface of a lab takes these: EOPNOTSUPP. */
#define SIOCSIFBRDADDR _IOW('i', 19, struct ifreq)
#define SIOCSIFNETMASK _IOW('i', 22, struct ifreq)
#define SIOCGIFMETRIC _IOWR('i', 23, struct ifreq)
#define SIOCSIFMETRIC _IOW('i', 24, struct ifreq)
#define SIOCSIFNAME _IOW('i', 40, struct ifreq)
#define SIOCSIFLLADDR _IOW('i', 60, struct ifreq)
#define SIOCIFDESTROY _IOW('i', 121, struct ifreq)
#define SIOCIFCREATE _IOWR('i', 122, struct ifreq)
#define SIOCDIFADDR _IOW('i', 25, struct ifreq)
#define SIOCGIFADDR _IOWR('i', 33, struct ifreq)
#define SIOCADDMULTI _IOW('i', 49, struct ifreq)
#define SIOCDELMULTI _IOW('i', 50, struct ifreq)
#define SIOCSIFMTU _IOW('i', 52, struct ifreq)
#define SIOCSIFMEDIA _IOWR('i', 53, struct ifreq)
#define SIOCGIFMEDIA _IOWR('i', 56, struct ifmediareq)
#define SIOCGIFSTATUS _IOWR('i', 59, struct ifstat)

#endif

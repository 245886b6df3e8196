/*
 * The BSD that a program is compiled for: -D__FreeBSD__, -D__DragonFly__ or
 * -D__NetBSD__, and FreeBSD where nothing is said.
 *
 * In C++ it is -DLAB_FREEBSD, -DLAB_DRAGONFLY or -DLAB_NETBSD, and no __FreeBSD__ is
 * defined: the C++ library would take it for the system that it runs on, whose C library
 * this is not.
 */
#ifndef _LAB_DIALECT_H_
#define _LAB_DIALECT_H_

#if defined(__cplusplus)

#if defined(__FreeBSD__) || defined(__NetBSD__) || defined(__DragonFly__)
#error "in C++ the BSD is chosen by -DLAB_FREEBSD, -DLAB_DRAGONFLY or -DLAB_NETBSD: the C++ library takes __FreeBSD__ for the system that it runs on"
#endif
#if defined(LAB_FREEBSD) + defined(LAB_DRAGONFLY) + defined(LAB_NETBSD) > 1
#error "a program is compiled for one BSD: choose one of LAB_FREEBSD, LAB_DRAGONFLY and LAB_NETBSD, and ask uname(3) when it runs"
#endif

#else

#if !defined(__FreeBSD__) && !defined(__DragonFly__) && !defined(__NetBSD__)
#if defined(LAB_DRAGONFLY)
#define __DragonFly__ 1
#elif defined(LAB_NETBSD)
#define __NetBSD__ 1
#else
#define __FreeBSD__ 9
#endif
#endif

#if defined(__FreeBSD__) + defined(__DragonFly__) + defined(__NetBSD__) != 1
#error "a program is compiled for one BSD: choose one of __FreeBSD__, __DragonFly__ and __NetBSD__, and ask uname(3) when it runs"
#endif

#endif

/* What the headers of the SDK look at. */
#if defined(__NetBSD__) || defined(LAB_NETBSD)
#define __LAB_NETBSD 1
#define __NetBSD_Version__ 999000000
#elif defined(__DragonFly__) || defined(LAB_DRAGONFLY)
#define __LAB_DRAGONFLY 1
#define __DragonFly_version 130000
#else
#define __LAB_FREEBSD 1
#define __FreeBSD_version 901000
#endif

#endif

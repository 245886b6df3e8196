/*
 * The BSD that a program is compiled for: -D__FreeBSD__, -D__DragonFly__ or
 * -D__NetBSD__, and FreeBSD where nothing is said.
 */
#ifndef _LAB_DIALECT_H_
#define _LAB_DIALECT_H_

#if !defined(__FreeBSD__) && !defined(__DragonFly__) && !defined(__NetBSD__)
#define __FreeBSD__ 9
#endif

#if defined(__FreeBSD__) + defined(__DragonFly__) + defined(__NetBSD__) != 1
#error "a program is compiled for one BSD: choose one of __FreeBSD__, __DragonFly__ and __NetBSD__, and ask uname(3) when it runs"
#endif

#if defined(__FreeBSD__)
#define __FreeBSD_version 901000
#elif defined(__DragonFly__)
#define __DragonFly_version 130000
#else
#define __NetBSD_Version__ 999000000
#endif

#endif

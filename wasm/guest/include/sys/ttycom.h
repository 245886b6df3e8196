/* Of the requests of terminals those that devices take for FIOSETOWN and FIOGETOWN. */
#ifndef _SYS_TTYCOM_H_
#define _SYS_TTYCOM_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <sys/ioccom.h>

/* A node's terminal has no size: ENOTTY. */
struct winsize {
	unsigned short ws_row;
	unsigned short ws_col;
	unsigned short ws_xpixel;
	unsigned short ws_ypixel;
};

#define TIOCGWINSZ _IOR('t', 104, struct winsize)
#define TIOCSPGRP _IOW('t', 118, int)
#define TIOCGPGRP _IOR('t', 119, int)

#endif

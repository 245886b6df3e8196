/* Of the requests of terminals those that devices take for FIOSETOWN and FIOGETOWN. */
#ifndef _SYS_TTYCOM_H_
#define _SYS_TTYCOM_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <sys/ioccom.h>

#define TIOCSPGRP _IOW('t', 118, int)
#define TIOCGPGRP _IOR('t', 119, int)

#endif

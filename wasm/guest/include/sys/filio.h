/* Requests that any descriptor may take. */
#ifndef _SYS_FILIO_H_
#define _SYS_FILIO_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <sys/ioccom.h>

#define FIOCLEX _IO('f', 1)
#define FIONCLEX _IO('f', 2)
#define FIONREAD _IOR('f', 127, int)
#define FIONBIO _IOW('f', 126, int)
#define FIOASYNC _IOW('f', 125, int)
#define FIOSETOWN _IOW('f', 124, int)
#define FIOGETOWN _IOR('f', 123, int)

#endif

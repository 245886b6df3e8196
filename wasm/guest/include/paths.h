/* <paths.h>: of the well-known names those that a node has. */
#ifndef _PATHS_H_
#define _PATHS_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#define _PATH_CONSOLE "/dev/console"
#define _PATH_DEV "/dev/"
#define _PATH_DEVNULL "/dev/null"
#define _PATH_TMP "/tmp/"

#endif

/* <sys/file.h> with flock(2), which locks nothing: it says so of no descriptor alone. */
#ifndef _LAB_SYS_FILE_H_
#define _LAB_SYS_FILE_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include_next <sys/file.h>

#include <lab/host.h>

#include <fcntl.h>

__BEGIN_DECLS

__LAB_FN int
flock(int fd, int how)
{
	(void)how;
	return (fcntl(fd, F_GETFL) < 0 ? -1 : 0);
}

__END_DECLS

#endif

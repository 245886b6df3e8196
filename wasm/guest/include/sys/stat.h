/* <sys/stat.h> with umask(2) and chmod(2). */
#ifndef _LAB_SYS_STAT_H_
#define _LAB_SYS_STAT_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include_next <sys/stat.h>

#include <lab/host.h>

__BEGIN_DECLS

/* The mask is remembered; what modes files have is the node's affair. */
__LAB_FN mode_t
umask(mode_t mask)
{
	static mode_t now = 022;
	mode_t was = now;

	now = mask & 0777;
	return (was);
}

/* Files have no owner but root and no modes to set: of what is there it is well. */
__LAB_FN int
chmod(const char *path, mode_t mode)
{
	struct stat st;

	(void)mode;
	return (stat(path, &st));
}

__LAB_FN int
fchmod(int fd, mode_t mode)
{
	struct stat st;

	(void)mode;
	return (fstat(fd, &st));
}

__END_DECLS

#endif

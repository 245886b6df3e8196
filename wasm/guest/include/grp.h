/* <grp.h>: a node has one group, wheel. */
#ifndef _GRP_H_
#define _GRP_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <sys/types.h>

#include <lab/host.h>

#include <string.h>

__BEGIN_DECLS

struct group {
	char *gr_name;
	char *gr_passwd;
	gid_t gr_gid;
	char **gr_mem;
};

__LAB_FN struct group *
getgrgid(gid_t gid)
{
	static char *members[] = {"root", 0};
	static struct group wheel;

	wheel = (struct group){.gr_name = "wheel", .gr_passwd = "*", .gr_mem = members};
	return (gid == 0 ? &wheel : 0);
}

__LAB_FN struct group *getgrnam(const char *name) { return (strcmp(name, "wheel") == 0 ? getgrgid(0) : 0); }

/* They succeed where they change nothing. */
__LAB_FN int
setgroups(int n, const gid_t *groups)
{
	while (n > 0)
		if (groups[--n] != 0) {
			errno = EPERM;
			return (-1);
		}
	return (0);
}

__LAB_FN int
initgroups(const char *name, gid_t gid)
{
	(void)name;
	return (setgroups(1, &gid));
}

__LAB_FN int setgrent(void) { return (1); }
__LAB_FN void endgrent(void) {}

__END_DECLS

#endif

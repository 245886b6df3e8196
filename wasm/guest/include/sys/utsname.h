/* <sys/utsname.h>: which BSD the node is, when the program runs. */
#ifndef _SYS_UTSNAME_H_
#define _SYS_UTSNAME_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <lab/host.h>

#define SYS_NMLN 256

__BEGIN_DECLS

struct utsname {
	char sysname[SYS_NMLN];
	char nodename[SYS_NMLN];
	char release[SYS_NMLN];
	char version[SYS_NMLN];
	char machine[SYS_NMLN];
};

int uname(struct utsname *) __LAB_NAME("uname");

__LAB_FN int
uname(struct utsname *u)
{
	char all[5 * SYS_NMLN], *from = all;
	char *const to[] = {u->sysname, u->nodename, u->release, u->version, u->machine};
	int k, n;

	if (__lab_result(__host_uname(all, sizeof(all))) < 0)
		return (-1);
	for (k = 0; k < 5; k++) {
		for (n = 0; (to[k][n] = *from++) != 0; n++)
			continue;
	}
	return (0);
}

__END_DECLS

#endif

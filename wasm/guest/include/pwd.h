/* <pwd.h>: a node has one user, root. */
#ifndef _PWD_H_
#define _PWD_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <sys/types.h>

#include <lab/host.h>

#include <string.h>
#include <time.h>

__BEGIN_DECLS

struct passwd {
	char *pw_name;
	char *pw_passwd;
	uid_t pw_uid;
	gid_t pw_gid;
	time_t pw_change;
	char *pw_class;
	char *pw_gecos;
	char *pw_dir;
	char *pw_shell;
	time_t pw_expire;
};

__LAB_FN struct passwd *
getpwuid(uid_t uid)
{
	static struct passwd root;

	root = (struct passwd){.pw_name = "root", .pw_passwd = "*", .pw_class = "", .pw_gecos = "Charlie &", .pw_dir = "/root", .pw_shell = "/bin/sh"};
	return (uid == 0 ? &root : 0);
}

__LAB_FN struct passwd *getpwnam(const char *name) { return (strcmp(name, "root") == 0 ? getpwuid(0) : 0); }

__LAB_FN int
getpwuid_r(uid_t uid, struct passwd *pw, char *buf, size_t len, struct passwd **found)
{
	(void)buf, (void)len; /* the strings are constants */
	if ((*found = getpwuid(uid)) != 0) {
		*pw = **found;
		*found = pw;
	}
	return (0);
}

__LAB_FN int
getpwnam_r(const char *name, struct passwd *pw, char *buf, size_t len, struct passwd **found)
{
	*found = 0;
	return (strcmp(name, "root") == 0 ? getpwuid_r(0, pw, buf, len, found) : 0);
}

/* The list of users has one, and is never open. */
__LAB_FN void setpwent(void) {}
__LAB_FN void endpwent(void) {}

__END_DECLS

#endif

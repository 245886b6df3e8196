/*
 * <spawn.h>: starts a program slot of the node, or one of its commands, by the
 * last element of the path. Of the descriptors the child has 0, 1 and 2.
 */
#ifndef _SPAWN_H_
#define _SPAWN_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <sys/types.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include <lab/argv.h>
#include <lab/host.h>
#include <lab/sigset.h>

/* C++ has no qualifiers in the brackets of a parameter. */
#if defined(__cplusplus)
#define __LAB_RESTRICT
#else
#define __LAB_RESTRICT __restrict
#endif

#define POSIX_SPAWN_RESETIDS 0x01
#define POSIX_SPAWN_SETPGROUP 0x02
#define POSIX_SPAWN_SETSIGDEF 0x10
#define POSIX_SPAWN_SETSIGMASK 0x20

__BEGIN_DECLS

/* A child starts with the default signals and nothing blocked: attributes change nothing. */
typedef struct {
	short __flags;
} posix_spawnattr_t;

#define __LAB_ACTIONS 16

typedef struct {
	int __count;
	struct {
		int __fd; /* what is made */
		int __from; /* of what, -1: closed, -2: the opened path */
		int __flags;
		mode_t __mode;
		char *__path;
	} __do[__LAB_ACTIONS];
} posix_spawn_file_actions_t;

__LAB_FN int posix_spawnattr_init(posix_spawnattr_t *a) { a->__flags = 0; return (0); }
__LAB_FN int posix_spawnattr_destroy(posix_spawnattr_t *a) { (void)a; return (0); }
__LAB_FN int posix_spawnattr_setflags(posix_spawnattr_t *a, short flags) { a->__flags = flags; return (0); }
__LAB_FN int posix_spawnattr_getflags(const posix_spawnattr_t *a, short *flags) { *flags = a->__flags; return (0); }

__LAB_FN int posix_spawn_file_actions_init(posix_spawn_file_actions_t *a) { a->__count = 0; return (0); }

__LAB_FN int
posix_spawn_file_actions_destroy(posix_spawn_file_actions_t *a)
{
	while (a->__count > 0)
		free(a->__do[--a->__count].__path);
	return (0);
}

__LAB_FN int
__lab_action(posix_spawn_file_actions_t *a, int fd, int from, const char *path, int flags, mode_t mode)
{
	char *copy = path == 0 ? 0 : strdup(path);

	if (fd < 0 || (from < 0 && from != -1 && path == 0))
		return (EBADF);
	if (a->__count == __LAB_ACTIONS || (path != 0 && copy == 0))
		return (ENOMEM);
	a->__do[a->__count].__fd = fd;
	a->__do[a->__count].__from = from;
	a->__do[a->__count].__flags = flags;
	a->__do[a->__count].__mode = mode;
	a->__do[a->__count++].__path = copy;
	return (0);
}

__LAB_FN int
posix_spawn_file_actions_addopen(posix_spawn_file_actions_t *__restrict a, int fd, const char *__restrict path, int flags, mode_t mode)
{
	return (__lab_action(a, fd, -2, path, flags, mode));
}

__LAB_FN int
posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *a, int from, int fd)
{
	return (from < 0 ? EBADF : __lab_action(a, fd, from, 0, 0, 0));
}

__LAB_FN int
posix_spawn_file_actions_addclose(posix_spawn_file_actions_t *a, int fd)
{
	return (__lab_action(a, fd, -1, 0, 0, 0));
}

__LAB_FN int
posix_spawn(pid_t *__restrict pid, const char *__restrict path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *__restrict attr, char *const argv[__LAB_RESTRICT], char *const env[__LAB_RESTRICT])
{
	int32_t fds[3] = {0, 1, 2};
	int opened[__LAB_ACTIONS], n = 0, why = 0, got;

	(void)attr;
	for (int k = 0; actions != 0 && k < actions->__count && why == 0; k++) {
		int fd = actions->__do[k].__fd, from = actions->__do[k].__from;

		if (actions->__do[k].__path != 0) {
			from = open(actions->__do[k].__path, actions->__do[k].__flags, actions->__do[k].__mode);
			if (from < 0)
				why = errno;
			else
				opened[n++] = from;
		} else if (from >= 0 && from < 3)
			from = fds[from]; /* as the actions before have left it */
		if (fd < 3)
			fds[fd] = from;
	}
	if (why == 0) {
		if ((got = __lab_spawn(path, argv, env, fds)) < 0)
			why = errno;
		else if (pid != 0)
			*pid = got;
	}
	while (n > 0)
		__lab_libc_close(opened[--n]);
	return (why);
}

#define posix_spawnp posix_spawn

__END_DECLS

#endif

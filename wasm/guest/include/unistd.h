/* <unistd.h> with the processes, pipes and descriptors that WASI lacks. */
#ifndef _LAB_UNISTD_H_
#define _LAB_UNISTD_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

/* Without this, its getpid is deprecated. */
#ifndef _WASI_EMULATED_GETPID
#define _WASI_EMULATED_GETPID
#endif

#include_next <unistd.h>

#include <lab/fdflags.h>
#include <lab/host.h>

__BEGIN_DECLS

extern char **environ;

int close(int) __LAB_NAME("close");
pid_t getpid(void) __LAB_NAME("getpid");
int gethostname(char *, size_t) __LAB_NAME("gethostname");

__LAB_FN int
close(int fd)
{
	__lab_async_set(fd, 0);
	return (__lab_libc_close(fd));
}

__LAB_FN pid_t getpid(void) { return (__host_getpid()); }
__LAB_FN pid_t getppid(void) { return (__host_getppid()); }
/* A process is a process group of its own. */
__LAB_FN pid_t getpgrp(void) { return (__host_getpid()); }
/* Everybody is root: only root opens these devices. */
__LAB_FN uid_t getuid(void) { return (0); }
__LAB_FN uid_t geteuid(void) { return (0); }
__LAB_FN gid_t getgid(void) { return (0); }
__LAB_FN gid_t getegid(void) { return (0); }

__LAB_FN int
__lab_become(unsigned id)
{
	if (id == 0)
		return (0);
	errno = EPERM;
	return (-1);
}

__LAB_FN int setuid(uid_t id) { return (__lab_become(id)); }
__LAB_FN int seteuid(uid_t id) { return (__lab_become(id)); }
__LAB_FN int setgid(gid_t id) { return (__lab_become(id)); }
__LAB_FN int setegid(gid_t id) { return (__lab_become(id)); }
/* -1 leaves an identity as it is. */
__LAB_FN int
setreuid(uid_t real, uid_t effective)
{
	return (__lab_become(real == (uid_t)-1 ? 0 : real) < 0 ? -1 : __lab_become(effective == (uid_t)-1 ? 0 : effective));
}

__LAB_FN int setregid(gid_t real, gid_t effective) { return (setreuid(real, effective)); }
/* All files are root's. */
__LAB_FN int
chown(const char *path, uid_t owner, gid_t group)
{
	return (access(path, F_OK) < 0 ? -1 : setreuid(owner, group));
}

__LAB_FN int
fchown(int fd, uid_t owner, gid_t group)
{
	return (lseek(fd, 0, SEEK_CUR) < 0 && errno == EBADF ? -1 : setreuid(owner, group));
}

/* It is nowhere shown. */
__LAB_FN void setproctitle(const char *format, ...) { (void)format; }
/* It leads a session of its own already. */
__LAB_FN pid_t setsid(void) { errno = EPERM; return (-1); }

/* All files of a node are root's, and its tree has one root. */
__LAB_FN int chroot(const char *path) { (void)path; errno = ENOSYS; return (-1); }

__LAB_FN int getpagesize(void) { return (65536); }

__LAB_FN int pipe(int fds[2]) { return (__lab_result(__host_pipe((int32_t *)fds))); }
__LAB_FN int dup(int fd) { return (__lab_result(__host_dup(fd))); }

__LAB_FN int
dup2(int fd, int to)
{
	if (fd != to)
		__lab_async_set(to, 0);
	return (__lab_result(__host_dup2(fd, to)));
}

__LAB_FN unsigned
alarm(unsigned seconds)
{
	unsigned left = (unsigned)__host_alarm(seconds > 2000000 ? 2000000000 : (int32_t)(seconds * 1000));

	return ((left + 999) / 1000);
}

__LAB_FN int
pause(void)
{
	__lab_interrupted = 0;
	while (__lab_interrupted == 0)
		__host_sigpause((int32_t)__lab_blocked, 0);
	errno = EINTR;
	return (-1);
}

__LAB_FN int
gethostname(char *name, size_t len)
{
	char all[1024], *from = all;
	size_t n;
	int32_t r = __host_uname(all, sizeof(all));

	if (__lab_result(r) < 0)
		return (-1);
	while (*from++ != 0) /* the first string is the system's name */
		continue;
	for (n = 0; n + 1 < len && from[n] != 0; n++)
		name[n] = from[n];
	if (len > 0)
		name[n] = 0;
	return (0);
}

/* With -DLAB_NOFORK a program compiles all the same, and gets ENOSYS where it forks. */
#if defined(LAB_NOFORK)
#define __LAB_NOFORK __LAB_FN
#define __LAB_NOFORK_BODY { errno = ENOSYS; return (-1); }
#else
#define __LAB_NOFORK __attribute__((__unavailable__("a program of a lab cannot fork or exec; start one with posix_spawn of <spawn.h>")))
#define __LAB_NOFORK_BODY ;
#endif

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wunused-parameter"
__LAB_NOFORK pid_t fork(void) __LAB_NOFORK_BODY
__LAB_NOFORK pid_t vfork(void) __LAB_NOFORK_BODY
__LAB_NOFORK int execl(const char *path, const char *arg, ...) __LAB_NOFORK_BODY
__LAB_NOFORK int execlp(const char *file, const char *arg, ...) __LAB_NOFORK_BODY
__LAB_NOFORK int execv(const char *path, char *const argv[]) __LAB_NOFORK_BODY
__LAB_NOFORK int execve(const char *path, char *const argv[], char *const envp[]) __LAB_NOFORK_BODY
__LAB_NOFORK int execvp(const char *file, char *const argv[]) __LAB_NOFORK_BODY
#pragma clang diagnostic pop

int __lab_libc_open(const char *, int, ...) __asm__("open");

/* There is no terminal to leave: the same process goes on. */
__LAB_FN int
daemon(int nochdir, int noclose)
{
	int fd;

	if (!nochdir && chdir("/") < 0)
		return (-1);
	if (!noclose && (fd = __lab_libc_open("/dev/null", 0x14000000 /* O_RDWR, of <fcntl.h> */)) >= 0) {
		dup2(fd, 0);
		dup2(fd, 1);
		dup2(fd, 2);
		if (fd > 2)
			close(fd);
	}
	return (0);
}

__END_DECLS

#endif

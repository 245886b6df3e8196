/* realpath(3), mkstemp(3) and mkdtemp(3), fdevname(3): what stdlib.h has that asks for files. */
#ifndef _LAB_TEMPORARY_H_
#define _LAB_TEMPORARY_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <sys/stat.h>

#include <lab/host.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

__BEGIN_DECLS

unsigned arc4random(void);
void *malloc(__SIZE_TYPE__);
void free(void *);

/* Each X at the end becomes a letter, and make makes it, until there was none of the name. */
__LAB_FN int
__lab_temporary(char *name, int (*make)(const char *))
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	size_t len = strlen(name), n = 0, i;
	int tries, fd = -1;

	while (n < len && name[len - n - 1] == 'X')
		n++;
	if (n == 0) {
		errno = EINVAL;
		return (-1);
	}
	for (tries = 0; tries < 100 && fd < 0 && (tries == 0 || errno == EEXIST); tries++) {
		for (i = len - n; i < len; i++)
			name[i] = letters[arc4random() % (sizeof(letters) - 1)];
		fd = make(name);
	}
	return (fd);
}

__LAB_FN int __lab_tempfile(const char *name) { return (open(name, O_RDWR | O_CREAT | O_EXCL, 0600)); }
__LAB_FN int __lab_tempdir(const char *name) { return (mkdir(name, 0700)); }
__LAB_FN int mkstemp(char *name) { return (__lab_temporary(name, __lab_tempfile)); }
__LAB_FN char *mkdtemp(char *name) { return (__lab_temporary(name, __lab_tempdir) < 0 ? 0 : name); }

/* It follows a path by name, as the kernel does, and says where it comes to. */
__LAB_FN char *
realpath(const char *__restrict path, char *__restrict out)
{
	char rest[PATH_MAX], now[PATH_MAX], link[PATH_MAX], *part, *end;
	struct stat st;
	size_t n = 0;
	ssize_t k;
	int links = 0;

	if (*path == 0) {
		errno = ENOENT;
		return (0);
	}
	if (*path != '/') {
		if (getcwd(now, sizeof(now)) == 0)
			return (0);
		n = strlen(now);
	}
	if (n == 1)
		n = 0; /* the root's slash is every name's first */
	if (strlen(path) >= sizeof(rest))
		goto toolong;
	strcpy(rest, path);
	for (part = rest; *part != 0;) {
		part += strspn(part, "/");
		end = part + strcspn(part, "/");
		if (end == part)
			break;
		if (end - part == 1 && part[0] == '.') {
			part = end;
			continue;
		}
		if (end - part == 2 && part[0] == '.' && part[1] == '.') {
			while (n > 0 && now[--n] != '/')
				continue;
			part = end;
			continue;
		}
		if (n + 1 + (size_t)(end - part) >= sizeof(now))
			goto toolong;
		now[n] = '/';
		memcpy(now + n + 1, part, (size_t)(end - part));
		now[n + 1 + (size_t)(end - part)] = 0;
		if (lstat(now, &st) < 0)
			return (0);
		if (!S_ISLNK(st.st_mode)) {
			n += 1 + (size_t)(end - part);
			part = end;
			continue;
		}
		if (++links > 32) {
			errno = ELOOP;
			return (0);
		}
		if ((k = readlink(now, link, sizeof(link) - 1)) < 0)
			return (0);
		if ((size_t)k + strlen(end) >= sizeof(link))
			goto toolong;
		strcpy(link + k, end);
		strcpy(rest, link);
		part = rest;
		if (*part == '/')
			n = 0;
	}
	if (n == 0)
		now[n++] = '/';
	now[n] = 0;
	if (out == 0 && (out = (char *)malloc(PATH_MAX)) == 0)
		return (0);
	return (strcpy(out, now));
toolong:
	errno = ENAMETOOLONG;
	return (0);
}

/* A device is known by its number, which follows from its name. */
__LAB_FN char *
fdevname(int fd)
{
	static char name[NAME_MAX + 1];
	struct stat st, at;
	struct dirent *d;
	DIR *dev;

	if (fstat(fd, &st) < 0 || (dev = opendir("/dev")) == 0)
		return (0);
	name[0] = 0;
	while (name[0] == 0 && (d = readdir(dev)) != 0) {
		char path[NAME_MAX + 6] = "/dev/";

		strlcpy(path + 5, d->d_name, sizeof(path) - 5);
		if (stat(path, &at) == 0 && S_ISCHR(at.st_mode) && at.st_ino == st.st_ino)
			strlcpy(name, d->d_name, sizeof(name));
	}
	closedir(dev);
	if (name[0] == 0)
		errno = ENOENT;
	return (name[0] == 0 ? 0 : name);
}

__END_DECLS

#endif

// What a C program does with files: each line that it prints is a fact that
// TestFilePrograms checks.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void scenario_files(void)
{
	char line[80];
	FILE *f = fopen("/etc/foo.conf", "r");
	if (f == NULL || fgets(line, sizeof line, f) == NULL)
		exit(1);
	printf("foo.conf: %s", line);
	fclose(f);
	f = fopen("/etc/foo.conf", "w");
	printf("write %d %d\n", f != NULL, errno == EROFS);
}

static void stdio(void)
{
	char word[20];
	FILE *f = fopen("/tmp/out", "w+");
	fprintf(f, "one two three\n");
	rewind(f);
	fscanf(f, "%19s", word);
	printf("%s at %ld\n", word, ftell(f));
	fseek(f, -6, SEEK_END);
	fscanf(f, "%19s", word);
	printf("%s\n", word);
	fclose(f);
	f = fopen("/tmp/out", "a");
	fprintf(f, "four\n");
	fclose(f);
	struct stat st;
	stat("/tmp/out", &st);
	printf("size %lld regular %d links %d\n", (long long)st.st_size, S_ISREG(st.st_mode), (int)st.st_nlink);
}

static void calls(void)
{
	char buf[20] = "";
	int fd = open("/tmp/raw", O_RDWR | O_CREAT | O_EXCL, 0644);
	printf("excl %d", open("/tmp/raw", O_RDWR | O_CREAT | O_EXCL, 0644));
	printf(" %d\n", errno == EEXIST);
	pwrite(fd, "abcdef", 6, 2);
	ftruncate(fd, 5);
	printf("pread %d", (int)pread(fd, buf, sizeof buf, 0));
	printf(" %d%d%s lseek %d\n", buf[0], buf[1], buf + 2, (int)lseek(fd, 0, SEEK_END));
	int flags = fcntl(fd, F_GETFL);
	fcntl(fd, F_SETFL, flags | O_APPEND);
	lseek(fd, 0, SEEK_SET);
	write(fd, "Z", 1);
	printf("append %d size %d\n", (fcntl(fd, F_GETFL) & O_APPEND) != 0, (int)lseek(fd, 0, SEEK_CUR));
	printf("tty %d %d\n", isatty(fd), isatty(0));
	struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1500000000, .tv_nsec = 999999999}};
	futimens(fd, times);
	struct stat st;
	fstat(fd, &st);
	printf("times %lld %lld.%ld\n", (long long)st.st_atime, (long long)st.st_mtime, st.st_mtim.tv_nsec);
	unlink("/tmp/raw");
	printf("unlinked %d %d\n", access("/tmp/raw", F_OK), (int)pread(fd, buf, 1, 5));
	close(fd);
}

static void names(void)
{
	char to[20] = "";
	mkdir("/tmp/d", 0755);
	chdir("/tmp/d");
	close(open("a", O_CREAT | O_WRONLY, 0644));
	link("a", "b");
	symlink("a", "c");
	rename("b", "../e");
	readlink("c", to, sizeof to);
	struct stat st;
	lstat("c", &st);
	printf("c -> %s, link %d\n", to, S_ISLNK(st.st_mode));
	printf("rmdir %d", rmdir("/tmp/d"));
	printf(" %d\n", errno == ENOTEMPTY);
	DIR *d = opendir("/tmp/d");
	struct dirent *e;
	while ((e = readdir(d)) != NULL)
		printf("%s ", e->d_name);
	closedir(d);
	remove("/tmp/d/a");
	remove("/tmp/d/c");
	printf("remove %d\n", remove("/tmp/d"));
}

static void full(void)
{
	char block[65536] = "";
	int fd = open("/tmp/big", O_WRONLY | O_CREAT, 0644), n = 0;
	while (write(fd, block, sizeof block) > 0)
		n++;
	printf("blocks %d %s\n", n, strerror(errno));
}

int main(void)
{
	scenario_files();
	stdio();
	calls();
	names();
	full();
	return 0;
}

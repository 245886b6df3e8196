/*
 * Ctest is what the tests of package wasm run as a C program: its first argument
 * says what it does.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define TAPGIFNAME 0x40906500u

static char big[200000];

static int
tap(int flags)
{
	int fd = open("/dev/tap0", O_RDWR | flags);

	if (fd < 0) {
		perror("open");
		exit(1);
	}
	return (fd);
}

static void
t_read(void)
{
	int fd = tap(0);
	ssize_t n = read(fd, big, sizeof(big));

	printf("fd %d read %zd first %02x last %02x\n", fd, n, big[0] & 0xff, big[n - 1] & 0xff);
}

static void
t_iovec(void)
{
	struct iovec v[3] = {{big, 10}, {big + 1000, 0}, {big + 2000, 100000}};
	int fd = tap(0);
	ssize_t n = readv(fd, v, 3);

	printf("read %zd: %02x %02x %02x\n", n, big[6] & 0xff, big[10] & 0xff, big[2001] & 0xff);
	memset(big, 0xff, 12);
	v[1].iov_len = 50;
	v[2].iov_len = 40;
	printf("write %zd\n", writev(fd, v, 3));
	v[2].iov_len = 100000;
	n = writev(fd, v, 3);
	printf("long %zd\n", n);
}

static void
t_poll(void)
{
	struct pollfd p = {tap(0), POLLIN, 0};
	int n;

	fcntl(p.fd, F_SETFL, O_NONBLOCK);
	n = read(p.fd, big, sizeof(big));
	printf("read %d %d\n", n, errno == EAGAIN);
	n = poll(&p, 1, 50);
	printf("poll %d %x\n", n, p.revents);
	n = poll(&p, 1, -1);
	printf("poll %d %d\n", n, (p.revents & POLLIN) != 0);
	printf("read %zd\n", read(p.fd, big, sizeof(big)));
	p.fd = 17;
	n = poll(&p, 1, -1);
	printf("closed %d %d\n", n, (p.revents & POLLNVAL) != 0);
}

static void
t_files(void)
{
	struct stat st;
	int fd = tap(0), n;

	printf("tty %d %d\n", isatty(1), isatty(fd));
	printf("flags %d %d\n", fcntl(fd, F_GETFL) & O_NONBLOCK, fcntl(fd, F_SETFL, O_NONBLOCK));
	printf("flags %d\n", (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
	printf("stat %d %d\n", fstat(fd, &st), S_ISCHR(st.st_mode));
	printf("seek %d %d\n", (int)lseek(fd, 0, SEEK_CUR), errno == ESPIPE);
	printf("busy %d %d\n", open("/dev/tap0", O_RDWR), errno == EBUSY);
	n = close(fd);
	printf("close %d %d\n", n, close(fd));
	printf("none %d %d\n", open("/dev/nope0", O_RDWR), errno == ENOENT || errno == ENXIO);
	printf("dir %d %d\n", open("/dev", O_RDWR), errno == EISDIR);
	printf("null %zd\n", write(open("/dev/null", O_WRONLY), big, 100));
}

static void
t_ioctl(void)
{
	int fd = tap(0), n = -1;
	char ifr[144];

	printf("FIONREAD %d %d\n", ioctl(fd, FIONREAD, &n), n);
	printf("TAPGIFNAME %d %s\n", ioctl(fd, TAPGIFNAME, ifr), ifr);
	printf("fault %d %d\n", ioctl(fd, FIONREAD, (void *)-2), errno == EFAULT);
	printf("short %d\n", (int)__host_ioctl(fd, FIONREAD, &n, 3) == -EINVAL);
	printf("badf %d %d\n", ioctl(40, FIONREAD, &n), errno == EBADF);
	printf("unknown %d\n", ioctl(fd, 0x20007aff, NULL));
}

static void
t_memory(void)
{
	size_t n = 0;
	char *volatile p;

	while ((p = malloc(1 << 20)) != NULL)
		n++;
	printf("%zu MiB, then %s\n", n, strerror(errno));
}

static void
t_sleep(void)
{
	struct timespec a, b, d = {100, 0};

	clock_gettime(CLOCK_MONOTONIC, &a);
	nanosleep(&d, NULL);
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("%lld\n", (long long)(b.tv_sec - a.tv_sec));
}

static void
t_stdin(void)
{
	char line[100];

	while (fgets(line, sizeof(line), stdin) != NULL)
		printf("got %s", line);
	printf("end\n");
}

/* floats mixes arithmetic of every kind, NaNs among it, into one number. */
static void
t_floats(void)
{
	double x = 0.5, sum = 0;
	unsigned long long bits, hash = 0;
	float f;
	int i;

	for (i = 0; i < 20000; i++) {
		x = 3.9999 * x * (1 - x) + sqrt(x) * 1e-9;
		f = (float)(i % 97 == 0 ? (x - x) / (i * 0.0) : x / (i % 13));
		sum += f == f ? f : 1;
		f = -f + (float)sin(x);
		memcpy(&bits, &sum, sizeof(bits));
		hash = hash * 31 + bits;
		bits = 0;
		memcpy(&bits, &f, sizeof(f));
		hash = hash * 31 + bits;
	}
	printf("%llx\n", hash);
}

int
main(int argc, char *argv[])
{
	static const struct {
		const char *name;
		void (*run)(void);
	} does[] = {
		{"read", t_read}, {"iovec", t_iovec}, {"poll", t_poll}, {"files", t_files}, {"ioctl", t_ioctl},
		{"memory", t_memory}, {"sleep", t_sleep}, {"stdin", t_stdin}, {"floats", t_floats},
	};
	unsigned i;

	if (argc == 3)
		return (atoi(argv[2]));
	for (i = 0; i < sizeof(does) / sizeof(does[0]); i++) {
		if (strcmp(argv[1], does[i].name) == 0)
			does[i].run();
	}
	return (0);
}

/*
 * Proctest is what the tests of package wasm run for signals, kqueues, pipes and
 * processes: its first argument says what it does. It declares what it imports
 * itself, and uses of libc what WASI has.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define IMPORT(name) __attribute__((import_module("tuntap"), import_name(#name)))

IMPORT(ioctl) int32_t t_ioctl(int32_t, uint32_t, void *, uint32_t);
IMPORT(poll) int32_t t_poll(void *, uint32_t, int32_t);
IMPORT(kqueue) int32_t t_kqueue(void);
IMPORT(kevent) int32_t t_kevent(int32_t, const void *, uint32_t, void *, uint32_t, const void *);
IMPORT(sigaction) int32_t t_sigaction(int32_t, int32_t);
IMPORT(sigtake) int32_t t_sigtake(void);
IMPORT(sigpause) int32_t t_sigpause(uint32_t, uint32_t);
IMPORT(signalfd) int32_t t_signalfd(void);
IMPORT(kill) int32_t t_kill(int32_t, int32_t);
IMPORT(getpid) int32_t t_getpid(void);
IMPORT(getppid) int32_t t_getppid(void);
IMPORT(alarm) int32_t t_alarm(int32_t);
IMPORT(pipe) int32_t t_pipe(int32_t *);
IMPORT(dup) int32_t t_dup(int32_t);
IMPORT(dup2) int32_t t_dup2(int32_t, int32_t);
IMPORT(spawn) int32_t t_spawn(const char *, uint32_t, const char *, uint32_t, const int32_t *);
IMPORT(waitpid) int32_t t_waitpid(int32_t, int32_t *, int32_t);

enum { HUP = 1, INT = 2, KILL = 9, PIPE = 13, ALRM = 14, TERM = 15, CHLD = 20, IO = 23, USR1 = 30, USR2 = 31 };
enum { DFL, CATCH, IGN, RESTART };

#define FIOASYNC 0x8004667du
#define FIOSETOWN 0x8004667cu
#define F_SETFL_ASYNC 0x40

struct kev {
	uint32_t ident;
	int16_t filter;
	uint16_t flags;
	uint32_t fflags;
	int32_t data;
	uint32_t udata;
};
_Static_assert(sizeof(struct kev) == 20, "struct kevent");

#define EV_ADD 1
#define EV_EOF 0x8000
#define EV_ERROR 0x4000

static char buf[70000];
static volatile int got, count, nested;
static const char *how = "count";

static int
deep(int n)
{
	volatile int here = n;

	return (here == 0 ? 0 : deep(here) + 1);
}

/* The host calls it with each signal that is caught. */
__attribute__((export_name("tuntap_signal"))) void
on_signal(int32_t sig)
{
	char *p;
	volatile int x = 0;

	got = sig;
	count++;
	if (nested++ != 0)
		printf("nested\n");
	if (strcmp(how, "print") == 0) {
		printf("handler %d\n", (int)sig);
	} else if (strcmp(how, "grow") == 0) {
		p = malloc(1 << 20);
		memset(p, 7, 1 << 20);
		printf("grown %d\n", p[(1 << 20) - 1]);
	} else if (strcmp(how, "again") == 0) {
		if (count < 3) /* comes after this handler */
			t_kill(t_getpid(), sig);
		usleep(1000);
		printf("handler %d\n", count);
	} else if (strcmp(how, "trap") == 0) {
		__builtin_trap();
	} else if (strcmp(how, "loop") == 0) {
		printf("looping\n");
		for (;;)
			x++;
	} else if (strcmp(how, "exit") == 0) {
		exit(9);
	} else if (strcmp(how, "deep") == 0) {
		x = deep(sig);
	}
	nested--;
}

static int
tap(void)
{
	int fd = open("/dev/tap0", O_RDWR);

	if (fd < 0) {
		perror("open");
		exit(1);
	}
	return (fd);
}

/* fails prints a call's result in place of which an error is awaited. */
static void
fails(const char *what, int32_t r)
{
	printf("%s %s\n", what, r >= 0 ? "is ok" : -r > 255 ? "beyond" : strerror(-r));
}

static void
t_faults(void)
{
	void *bad = (void *)-8;
	int32_t fds[3] = {0, 1, 40};
	struct kev k = {0, -1, EV_ADD, 0, 0, 0};
	int64_t when[2] = {0, 2000000000};
	int kq = t_kqueue();

	fails("kevent changes", t_kevent(kq, bad, 1, 0, 0, 0));
	fails("kevent events", t_kevent(kq, 0, 0, bad, 1, 0));
	fails("kevent timespec", t_kevent(kq, 0, 0, &k, 1, bad));
	fails("kevent time", t_kevent(kq, 0, 0, &k, 1, when));
	fails("kevent many", t_kevent(kq, 0, -1, 0, 0, 0));
	fails("kevent no kqueue", t_kevent(1, 0, 0, &k, 1, 0));
	fails("kevent closed", t_kevent(33, 0, 0, &k, 1, 0));
	fails("pipe", t_pipe(bad));
	fails("dup", t_dup(40));
	fails("dup2", t_dup2(1, -1));
	fails("dup2 far", t_dup2(1, 64));
	fails("dup2 closed", t_dup2(40, 1));
	fails("sigaction kill", t_sigaction(KILL, CATCH));
	fails("sigaction stop", t_sigaction(17, IGN));
	fails("sigaction 0", t_sigaction(0, IGN));
	fails("sigaction 32", t_sigaction(32, IGN));
	fails("sigaction how", t_sigaction(INT, 4));
	fails("kill nobody", t_kill(77, 0));
	fails("kill 99", t_kill(t_getpid(), 99));
	fails("kill self 0", t_kill(t_getpid(), 0));
	fails("alarm", t_alarm(-1));
	fails("spawn argv", t_spawn(bad, 20, 0, 0, fds));
	fails("spawn fds", t_spawn("p", 2, 0, 0, bad));
	fails("spawn closed", t_spawn("p", 2, 0, 0, fds));
	fails("spawn open end", t_spawn("p", 1, 0, 0, fds));
	fails("spawn nothing", t_spawn("", 0, 0, 0, fds));
	fails("spawn unknown", t_spawn("nope", 5, 0, 0, fds));
	fails("spawn long", t_spawn(buf, 40000, 0, 0, fds));
	fails("waitpid", t_waitpid(-1, 0, 0));
	fails("waitpid status", t_waitpid(-1, bad, 0));
	fails("waitpid options", t_waitpid(-1, 0, 8));
}

static void
t_pause(void)
{
	printf("old %d", t_sigaction(ALRM, CATCH));
	printf(" %d", t_sigaction(ALRM, RESTART));
	printf(" %d\n", t_sigaction(ALRM, CATCH));
	printf("left %d\n", t_alarm(1000));
	usleep(300000);
	printf("left %d\n", t_alarm(500));
	fails("pause", t_sigpause(0, 0));
	printf("got %d, %d times, left %d\n", got, count, t_alarm(0));
}

/* A signal that is in the mask waits, the other one ends the pause. */
static void
t_mask(void)
{
	t_sigaction(TERM, CATCH);
	t_sigaction(ALRM, CATCH);
	how = "print";
	t_alarm(100);
	fails("pause", t_sigpause(1u << (TERM - 1), 0)); /* SIGTERM comes before */
	printf("%d handlers\n", count);
}

static void
t_read(const char *kind)
{
	int fd = tap(), n;

	t_sigaction(ALRM, strcmp(kind, "restart") == 0 ? RESTART : strcmp(kind, "ignore") == 0 ? IGN : CATCH);
	t_alarm(50);
	n = read(fd, buf, sizeof(buf));
	printf("read %d %s, %d handlers\n", n, n < 0 ? strerror(errno) : "", count);
}

/* A signal that comes while the program computes ends the sleep after it. */
static void
t_before(void)
{
	int fd = tap(), i;
	volatile int x = 0;

	t_sigaction(ALRM, CATCH);
	t_alarm(1);
	for (i = 0; i < 1000000; i++)
		x += i;
	i = read(fd, buf, x == 1 ? 1 : sizeof(buf));
	printf("read %d %s, %d handlers\n", i, i < 0 ? strerror(errno) : "", count);
}

static void
t_sigio(void)
{
	int fd = tap(), one = 1, pid = t_getpid();

	t_sigaction(IO, CATCH);
	how = "print";
	printf("%d", t_ioctl(fd, FIOSETOWN, &pid, 4));
	printf(" %d\n", t_ioctl(fd, FIOASYNC, &one, 4));
	fails("pause", t_sigpause(0, 0));
	printf("read %zd\n", read(fd, buf, sizeof(buf)));
}

static void
t_handler(const char *what)
{
	how = what;
	t_sigaction(USR1, CATCH);
	printf("kill %d\n", t_kill(t_getpid(), USR1));
	printf("after, %d handlers\n", count);
}

static void
t_wait(void)
{
	struct timespec d = {1000, 0};

	how = "print";
	t_sigaction(TERM, CATCH);
	t_sigaction(INT, CATCH);
	printf("waiting\n");
	printf("sleep %d\n", nanosleep(&d, NULL));
	printf("bye\n");
	exit(got);
}

static void
t_sigfd(void)
{
	uint32_t sigs[4];
	struct kev k, got1;
	int fd, kq, n;

	t_sigaction(USR1, CATCH);
	t_sigaction(USR2, CATCH);
	t_sigaction(ALRM, CATCH);
	fd = t_signalfd();
	kq = t_kqueue();
	k = (struct kev){fd, -1, EV_ADD, 0, 0, 77};
	printf("kevent %d\n", t_kevent(kq, &k, 1, 0, 0, 0));
	t_kill(t_getpid(), USR2);
	t_kill(t_getpid(), USR1);
	n = t_kevent(kq, 0, 0, &got1, 1, 0);
	printf("kevent %d data %d udata %u\n", n, got1.data, got1.udata);
	fails("short", read(fd, sigs, 3) < 0 ? -errno : 0);
	n = read(fd, sigs, sizeof(sigs));
	printf("read %d: %u %u\n", n, sigs[0], sigs[1]);
	t_alarm(100);
	n = read(fd, sigs, sizeof(sigs)); /* sleeps until the alarm */
	printf("read %d: %u\n", n, sigs[0]);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	n = read(fd, sigs, sizeof(sigs));
	printf("read %d %s, %d handlers\n", n, strerror(errno), count);
	t_kill(t_getpid(), USR1);
	printf("take %d", t_sigtake());
	printf(" %d\n", t_sigtake());
	close(fd);
	t_kill(t_getpid(), USR1);
	printf("%d handlers\n", count);
}

static void
t_kq(void)
{
	struct kev k = {0, -1, EV_ADD, 0, 0, 5}, out[2];
	int64_t when[2] = {0, 50000000};
	int kq = t_kqueue(), fd = tap(), fds[2], n;

	k.ident = fd;
	printf("none %d\n", t_kevent(kq, &k, 1, out, 2, when));
	n = t_kevent(kq, 0, 0, out, 2, 0);
	printf("%d: %u %d data %d udata %u\n", n, out[0].ident - fd, out[0].filter, out[0].data, out[0].udata);
	t_pipe(fds);
	k.ident = fds[0];
	k.udata = 6;
	read(fd, buf, sizeof(buf));
	printf("pipe %d\n", t_kevent(kq, &k, 1, out, 2, when));
	write(fds[1], "abc", 3);
	n = t_kevent(kq, 0, 0, out, 2, 0);
	printf("%d: data %d udata %u flags %x\n", n, out[0].data, out[0].udata, out[0].flags);
	close(fds[1]);
	n = t_kevent(kq, 0, 0, out, 2, 0);
	printf("%d: data %d flags %x\n", n, out[0].data, out[0].flags & EV_EOF);
	k = (struct kev){50, -7, EV_ADD, 4, 500, 9}; /* a timer, of 500 us */
	close(fds[0]);
	n = t_kevent(kq, &k, 1, out, 2, 0);
	printf("timer %d: %u data %d udata %u\n", n, out[0].ident, out[0].data, out[0].udata);
	k = (struct kev){50, -1, EV_ADD, 0, 0, 5};
	n = t_kevent(kq, &k, 1, out, 2, 0);
	printf("%d: flags %x %s\n", n, out[0].flags, strerror(out[0].data));
}

static void
t_pipes(void)
{
	int32_t fds[2], again;
	int n, total = 0;
	struct { int32_t fd; int16_t events, revents; } p;

	printf("pipe %d\n", t_pipe(fds));
	printf("write %zd\n", write(fds[1], "hello", 5));
	n = read(fds[0], buf, 3);
	printf("read %d %.*s\n", n, n, buf);
	again = t_dup(fds[0]);
	n = read(again, buf, 30);
	printf("dup reads %d %.*s\n", n, n, buf);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	n = read(again, buf, 30); /* the flag is the file's */
	printf("empty %d %s\n", n, strerror(errno));
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	while ((n = write(fds[1], buf, 1000)) > 0)
		total += n;
	printf("holds %d, %s\n", total, strerror(errno));
	printf("atomic %zd", write(fds[1], buf, 500));
	read(fds[0], buf, 200);
	printf(" %zd", write(fds[1], buf, 512));
	printf(" partial %zd\n", write(fds[1], buf, 1000));
	p.fd = fds[1];
	p.events = 4;
	n = t_poll(&p, 1, 0);
	printf("full %d\n", n);
	n = read(fds[0], buf, sizeof(buf));
	printf("drained %d", n);
	n = t_poll(&p, 1, 0);
	printf(" poll %d %x\n", n, p.revents);
	close(fds[0]);
	printf("shared %zd\n", write(fds[1], "x", 1));
	close(again);
	t_sigaction(PIPE, CATCH);
	n = write(fds[1], "x", 1);
	printf("no reader %d %s, signal %d\n", n, strerror(errno), got);
	t_sigaction(PIPE, DFL);
	write(fds[1], "x", 1);
	printf("not reached\n");
}

static void
t_files(void)
{
	int fd, n = 0;

	while ((fd = t_dup(1)) >= 0)
		n++;
	fails("dup", fd);
	printf("%d more files\n", n);
	printf("dup2 %d\n", t_dup2(2, 1));
	fails("kqueue", t_kqueue());
	fails("pipe", t_pipe((int32_t *)buf));
}

static int
start(const char *args, uint32_t n, int in, int out)
{
	int32_t fds[3] = {in, out, 2};

	return (t_spawn(args, n, "A=b\0C=d", 8, fds));
}

static void
t_child(int argc, char **argv)
{
	char line[64];
	int i, n;

	for (i = 2; i < argc; i++)
		printf("%s ", argv[i]);
	printf("A=%s", getenv("A"));
	while ((n = read(0, line, sizeof(line))) > 0)
		printf(" <%.*s>", n, line);
	printf("\n");
	exit(7);
}

static void
t_spawns(void)
{
	static const char args[] = "p\0child\0x\0y";
	int32_t in[2], out[2], status = 0, pid;
	int n;

	t_pipe(in);
	t_pipe(out);
	pid = start(args, sizeof(args), in[0], out[1]);
	close(in[0]);
	close(out[1]);
	write(in[1], "hello", 5);
	printf("none yet %d\n", t_waitpid(pid, &status, 1));
	close(in[1]);
	n = read(out[0], buf, sizeof(buf));
	printf("child says %.*s", n, buf);
	printf("waitpid %d status %x\n", t_waitpid(-1, &status, 0) == pid, status);
	fails("waitpid", t_waitpid(-1, &status, 0));
	pid = start("p\0sleep", 8, -1, 1);
	usleep(1000);
	printf("kill %d", t_kill(pid, TERM));
	printf(" waitpid %d status %x\n", t_waitpid(pid, &status, 0) == pid, status);
	pid = start("p\0trap", 7, -1, 1);
	t_sigaction(CHLD, CATCH);
	printf("waitpid %d", t_waitpid(pid, &status, 0) == pid);
	printf(" status %x, signal %d\n", status, got);
	t_sigaction(CHLD, IGN);
	start("p\0trap", 7, -1, 1);
	fails("ignored", t_waitpid(-1, &status, 0));
}

static void
t_bomb(void)
{
	int n = 0, pid;

	while ((pid = start("p\0sleep", 8, -1, 1)) > 0)
		n++;
	fails("spawn", pid);
	printf("%d children\n", n);
	exit(3);
}

/* The children end and nobody waits. */
static void
t_zombies(void)
{
	int n = 0, pid, status, waited = 0;

	while ((pid = start("p\0exit", 7, -1, 1)) > 0) {
		n++;
		usleep(100000);
	}
	fails("spawn", pid);
	while (t_waitpid(-1, &status, 1) > 0)
		waited++;
	printf("%d children, %d waited for, then %d\n", n, waited, start("p\0exit", 7, -1, 1) > 0);
}

static void
t_memory(void)
{
	char *volatile p;
	int n = 0;

	while ((p = malloc(1 << 20)) != NULL)
		n++;
	printf("%d MiB\n", n);
	sleep(10);
}

int
main(int argc, char **argv)
{
	const char *arg = argc > 2 ? argv[2] : "";
	const char *what = argc > 1 ? argv[1] : "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (strcmp(what, "faults") == 0) {
		t_faults();
	} else if (strcmp(what, "pause") == 0) {
		t_pause();
	} else if (strcmp(what, "mask") == 0) {
		t_mask();
	} else if (strcmp(what, "read") == 0) {
		t_read(arg);
	} else if (strcmp(what, "before") == 0) {
		t_before();
	} else if (strcmp(what, "sigio") == 0) {
		t_sigio();
	} else if (strcmp(what, "handler") == 0) {
		t_handler(arg);
	} else if (strcmp(what, "wait") == 0) {
		t_wait();
	} else if (strcmp(what, "signalfd") == 0) {
		t_sigfd();
	} else if (strcmp(what, "kq") == 0) {
		t_kq();
	} else if (strcmp(what, "pipes") == 0) {
		t_pipes();
	} else if (strcmp(what, "files") == 0) {
		t_files();
	} else if (strcmp(what, "child") == 0) {
		t_child(argc, argv);
	} else if (strcmp(what, "spawns") == 0) {
		t_spawns();
	} else if (strcmp(what, "bomb") == 0) {
		t_bomb();
	} else if (strcmp(what, "zombies") == 0) {
		t_zombies();
	} else if (strcmp(what, "memory") == 0) {
		t_memory();
	} else if (strcmp(what, "sleep") == 0) {
		sleep(1000);
	} else if (strcmp(what, "trap") == 0) {
		__builtin_trap();
	} else if (strcmp(what, "cat") == 0) {
		for (ssize_t n; (n = read(0, buf, 1000)) > 0;)
			write(1, buf, n);
	} else if (strcmp(what, "yes") == 0) {
		while (write(1, "y\n", 2) > 0)
			continue;
		printf("not reached\n");
	} else if (strcmp(what, "spin") == 0) {
		for (volatile int x = 0;;)
			x++;
	}
	return (0);
}

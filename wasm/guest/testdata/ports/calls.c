/* What programs of others call as a matter of form, and what it comes to. */
#include <sys/types.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysctl.h>
#include <sys/syslimits.h>
#include <net/if_tap.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int made;
static void once(void) { made++; }
static void *thread(void *arg) { return (arg); }

static void
threads(void)
{
	pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
	pthread_cond_t c = PTHREAD_COND_INITIALIZER;
	pthread_once_t o = PTHREAD_ONCE_INIT;
	struct timespec until;
	pthread_key_t key;
	pthread_t t;
	int busy;

	printf("thread: %s\n", strerror(pthread_create(&t, NULL, thread, NULL)));
	pthread_mutex_lock(&m);
	busy = pthread_mutex_trylock(&m);
	pthread_mutex_unlock(&m);
	printf("mutex: %s, then %d\n", strerror(busy), pthread_mutex_trylock(&m));
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec++;
	printf("condition: %s\n", strerror(pthread_cond_timedwait(&c, &m, &until)));
	pthread_once(&o, once);
	pthread_once(&o, once);
	pthread_key_create(&key, NULL);
	pthread_setspecific(key, &made);
	printf("once %d, key %d, self %d\n", made, pthread_getspecific(key) == &made, pthread_equal(pthread_self(), pthread_self()));
}

static void
path(const char *name)
{
	char *p = realpath(name, NULL);

	printf("%s: %s\n", name, p == NULL ? strerror(errno) : p);
	free(p);
}

static void
files(void)
{
	char name[] = "/tmp/a.XXXXXX", dir[] = "/tmp/d.XXXXXX", bad[] = "/tmp/x", line[10];
	FILE *f = tmpfile();
	struct stat st;
	int fd, kept;

	mkdir("/tmp/there", 0755);
	symlink("there/../there", "/tmp/link");
	symlink("loop", "/tmp/loop");
	path("/tmp/link/.");
	path("/dev//../tmp/link/../link");
	path("tmp");
	path("/");
	path("/tmp/loop");
	path("/tmp/nothing");
	fputs("x", f);
	rewind(f);
	printf("tmpfile: %s\n", fgets(line, sizeof(line), f));
	fd = mkstemp(name);
	kept = stat(name, &st) == 0 && strcmp(name + 7, "XXXXXX") != 0;
	printf("mkstemp: %d %d, mkdtemp: %d", fd > 2, kept, mkdtemp(dir) == dir);
	printf(", without an X: %s\n", mkstemp(bad) < 0 ? strerror(errno) : bad);
	printf("chmod %d %d, of nothing: %s\n", chmod(name, 0), fchmod(fd, 0), chmod("/tmp/nothing", 0) < 0 ? strerror(errno) : "");
	printf("chown %d %d, to another: %s\n", chown(name, 0, 0), fchown(fd, (uid_t)-1, 0), chown(name, 7, 0) < 0 ? strerror(errno) : "");
	printf("flock %d, of nothing: %s\n", flock(fd, LOCK_EX), flock(63, LOCK_EX) < 0 ? strerror(errno) : "");
}

int
main(void)
{
	struct rlimit r;
	struct rusage u;
	struct winsize w;
	struct passwd pw, *found;
	struct hostent *h;
	char buf[100];
	jmp_buf env;
	int tap;

	threads();
	files();
	getrlimit(RLIMIT_NOFILE, &r);
	printf("descriptors %d", (int)r.rlim_cur);
	r.rlim_cur = r.rlim_max = 1000;
	printf(", more: %s\n", setrlimit(RLIMIT_NOFILE, &r) < 0 ? strerror(errno) : "");
	printf("usage %d, of what: %s\n", getrusage(RUSAGE_SELF, &u) == 0 && u.ru_utime.tv_usec > 0, getrusage(9, &u) < 0 ? strerror(errno) : "");
	setpriority(PRIO_PROCESS, 0, -99);
	printf("priority %d\n", getpriority(PRIO_PROCESS, 0));
	printf("window: %s\n", ioctl(0, TIOCGWINSZ, &w) < 0 ? strerror(errno) : "");
	printf("sysctl: %s\n", sysctlbyname("kern.ostype", NULL, NULL, NULL, 0) < 0 ? strerror(errno) : "");
	tap = open("/dev/tap0", O_RDWR);
	printf("device %s", fdevname(tap));
	printf(", of a file: %s\n", fdevname(open("/tmp/link", O_RDONLY)) == NULL ? strerror(errno) : "");
	getpwuid_r(0, &pw, buf, sizeof(buf), &found);
	printf("user %s", found->pw_name);
	getpwnam_r("nobody", &pw, buf, sizeof(buf), &found);
	printf(", nobody %d\n", found != NULL);
	h = gethostbyname2("fd00::1", AF_INET6);
	printf("host %d bytes of family %d\n", h->h_length, h->h_addrtype);
	setproctitle("%s", "calls");
	if (setjmp(env) == 0)
		longjmp(env, 1);
	return (0);
}

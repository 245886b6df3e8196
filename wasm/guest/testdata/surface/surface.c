/*
 * Surface is what the tests of the C SDK run: its first argument says what it does.
 * It prints what a BSD does.
 */
#include <sys/types.h>
#include <sys/endian.h>
#include <sys/event.h>
#include <sys/ioctl.h>
#include <sys/param.h>
#include <sys/queue.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_dl.h>
#include <net/if_tap.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t ran, last;

static void
note(int sig)
{
	ran++;
	last = sig;
}

static void
catch(int sig, int flags)
{
	struct sigaction sa = {.sa_flags = flags};

	sa.sa_handler = note;
	sigemptyset(&sa.sa_mask);
	if (sigaction(sig, &sa, NULL) < 0)
		err(1, "sigaction");
}

static int
elapsed(const struct timespec *from)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return ((int)((now.tv_sec - from->tv_sec) * 10 + (now.tv_nsec - from->tv_nsec + 50000000) / 100000000));
}

static struct timespec
clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now);
}

static void
t_errors(void)
{
	int e;

	for (e = 1; e <= 76; e++)
		printf("%d %s\n", e, strerror(e));
	for (e = 0x100 + 1; e < 0x100 + 97; e++) {
		if (strncmp(strerror(e), "Unknown error", 13) != 0)
			printf("%d %s\n", e, strerror(e));
	}
	printf("%s\n", strerror(-7));
	printf("%s\n", strerror(4000));
	errno = EHOSTDOWN;
	fflush(stdout);
	perror("perror");
	warn("warn %d", 1);
	warnx("warnx");
	fprintf(stderr, "%m\n");
	printf("%s\n", strsignal(SIGTERM));
	errc(3, ENXIO, "errc");
}

/* A blocked signal waits; so does one that would end the process. */
static void
t_mask(void)
{
	sigset_t set, old;

	catch(SIGUSR1, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &old);
	raise(SIGUSR1);
	kill(getpid(), SIGTERM);
	sigpending(&set);
	printf("ran %d, pending %d %d %d\n", (int)ran, sigismember(&set, SIGUSR1), sigismember(&set, SIGTERM), sigismember(&set, SIGINT));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	printf("ran %d\n", (int)ran);
	signal(SIGTERM, SIG_IGN);
	sigprocmask(SIG_SETMASK, &old, NULL);
	printf("alive\n");
	signal(SIGTERM, SIG_DFL);
	raise(SIGTERM);
	printf("not reached\n");
}

/* A blocked signal does not shorten what waits, a handler does. */
static void
t_interrupt(void)
{
	struct timespec began;
	struct timeval wait = {2, 0};
	struct itimerval timer = {{0, 300000}, {0, 300000}};
	sigset_t set;
	char c;
	int fds[2], n;

	if (pipe(fds) < 0)
		err(1, "pipe");
	catch(SIGALRM, SA_RESTART);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	alarm(1);
	began = clock_now();
	n = select(0, NULL, NULL, NULL, &wait);
	printf("select %d after %d, ran %d\n", n, elapsed(&began), (int)ran);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	printf("ran %d\n", (int)ran);
	alarm(1);
	began = clock_now();
	n = poll(NULL, 0, 5000);
	printf("poll %d, EINTR %d after %d\n", n, errno == EINTR, elapsed(&began));
	catch(SIGALRM, 0);
	alarm(1);
	began = clock_now();
	n = (int)read(fds[0], &c, 1);
	printf("read %d, EINTR %d after %d\n", n, errno == EINTR, elapsed(&began));
	catch(SIGALRM, SA_RESTART);
	ran = 0;
	setitimer(ITIMER_REAL, &timer, NULL);
	while (ran < 3)
		pause();
	timer.it_value.tv_usec = 0;
	setitimer(ITIMER_REAL, &timer, NULL);
	printf("%d alarms, %d after\n", (int)ran, elapsed(&began));
	sigprocmask(SIG_BLOCK, &set, NULL);
	alarm(1);
	sigemptyset(&set);
	n = sigsuspend(&set);
	printf("sigsuspend %d, EINTR %d, ran %d\n", n, errno == EINTR, (int)ran);
	sigaddset(&set, SIGALRM);
	alarm(1);
	sigwait(&set, &n);
	printf("sigwait %d, ran %d\n", n, (int)ran);
	printf("alarm %u %u\n", alarm(10), alarm(0));
}

static void
info(int sig, siginfo_t *si, void *context)
{
	(void)context;
	printf("info %d %d\n", sig, si->si_signo);
}

static void
t_actions(void)
{
	struct sigaction sa = {.sa_flags = SA_SIGINFO | SA_RESETHAND}, old;

	sa.sa_sigaction = info;
	sigaction(SIGUSR2, &sa, NULL);
	raise(SIGUSR2);
	sigaction(SIGUSR2, NULL, &old);
	printf("default again %d\n", old.sa_handler == SIG_DFL);
	printf("kill %d %d\n", sigaction(SIGKILL, &sa, NULL), errno == EINVAL);
	printf("signal %d %d\n", signal(99, note) == SIG_ERR, errno == EINVAL);
	printf("none %d %d\n", kill(4711, 0), errno == ESRCH);
	signal(SIGINT, note);
	printf("was %d\n", signal(SIGINT, SIG_IGN) == note);
	raise(SIGINT);
	printf("ran %d\n", (int)ran);
	close(1);
	catch(SIGPIPE, 0);
}

static void
t_descriptors(void)
{
	struct pollfd p;
	char b[16];
	int fds[2], d;

	if (pipe(fds) < 0)
		err(1, "pipe");
	d = fcntl(fds[1], F_DUPFD, 20);
	printf("F_DUPFD %d, dup %d\n", d >= 20, dup(fds[0]) > 0);
	write(d, "abc", 3);
	p = (struct pollfd){fds[0], POLLIN | POLLRDNORM | POLLOUT, 0};
	printf("poll %d %x\n", poll(&p, 1, -1), p.revents);
	printf("dup2 %d, read %zd\n", dup2(fds[0], 30), read(30, b, sizeof(b)));
	fcntl(fds[0], F_SETFL, fcntl(fds[0], F_GETFL) | O_NONBLOCK);
	printf("flags %d, read %zd %d\n", (fcntl(30, F_GETFL) & O_NONBLOCK) != 0, read(30, b, 1), errno == EWOULDBLOCK);
	close(fds[1]);
	close(d);
	printf("eof %zd\n", read(fds[0], b, 1));
	printf("bad %d %d\n", fcntl(99, F_GETFL), errno == EBADF);
	printf("ids %d %d %d\n", getpid() > 0, getppid() >= 0, getuid() == 0);
	gethostname(b, sizeof(b));
	printf("%s %s\n", b, getprogname());
}

static void
t_sigio(void)
{
	static char frame[2000];
	int n, tap = open("/dev/tap0", O_RDWR | O_NONBLOCK);

	if (tap < 0)
		err(1, "open");
	catch(SIGIO, 0);
	if (fcntl(tap, F_SETOWN, getpid()) < 0)
		err(1, "F_SETOWN");
	if (fcntl(tap, F_SETFL, O_NONBLOCK | O_ASYNC) < 0)
		err(1, "O_ASYNC");
	printf("owner %d, async %d\n", fcntl(tap, F_GETOWN) == getpid(), (fcntl(tap, F_GETFL) & O_ASYNC) != 0);
	while (ran == 0)
		pause();
	if (ioctl(tap, FIONREAD, &n) < 0)
		err(1, "FIONREAD");
	printf("SIGIO %d, %d to read, read %zd\n", last == SIGIO, n, read(tap, frame, sizeof(frame)));
}

static void
t_children(void)
{
	char line[80];
	FILE *f;
	int status;

	if ((f = popen("child 'one word' two", "r")) == NULL)
		err(1, "popen");
	while (fgets(line, sizeof(line), f) != NULL)
		printf("child: %s", line);
	status = pclose(f);
	printf("pclose %d %d\n", WIFEXITED(status), WEXITSTATUS(status));
	status = system("child x");
	printf("system %d\n", WEXITSTATUS(status));
	status = system("PATH=/sbin:/bin LC_ALL=C child quiet >/dev/null 2>&1");
	printf("quiet %d\n", WEXITSTATUS(status));
	printf("=1 %d, nothing %d\n", system("=1 child"), system("A=1"));
	printf("none %d %d\n", system("nosuchthing"), errno == ENOENT);
	printf("waitpid %d %d\n", waitpid(-1, &status, 0), errno == ECHILD);
}

static void
t_tcp(void)
{
	struct sockaddr_in sin = {.sin_len = sizeof(sin), .sin_family = AF_INET}, peer;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *res;
	struct timeval tv = {1, 0};
	socklen_t len = sizeof(peer);
	char b[100];
	int s, c, on = 1, type, error;
	ssize_t n;

	if ((s = socket(AF_INET, SOCK_STREAM, 0)) < 0)
		err(1, "socket");
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	sin.sin_port = htons(80);
	if (bind(s, (struct sockaddr *)&sin, sizeof(sin)) < 0)
		err(1, "bind");
	if (listen(s, 5) < 0)
		err(1, "listen");
	if ((c = accept(s, (struct sockaddr *)&peer, &len)) < 0)
		err(1, "accept");
	printf("from %s, %u bytes of address, family %d\n", inet_ntoa(peer.sin_addr), len, peer.sin_family);
	n = recv(c, b, 3, MSG_PEEK);
	printf("peek %zd, all %zd\n", n, recv(c, b, 5, MSG_WAITALL));
	printf("send %zd\n", send(c, b, 5, MSG_NOSIGNAL));
	printf("none yet %zd %d\n", recv(c, b, 1, MSG_DONTWAIT), errno == EAGAIN);
	setsockopt(c, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	len = sizeof(type);
	getsockopt(c, SOL_SOCKET, SO_TYPE, &type, &len);
	printf("type %d, shutdown %d, eof %zd\n", type == SOCK_STREAM, shutdown(c, SHUT_WR), recv(c, b, 1, 0));
	len = sizeof(sin);
	getsockname(c, (struct sockaddr *)&sin, &len);
	printf("on port %d\n", ntohs(sin.sin_port));
	if ((error = getaddrinfo("alice", "7777", &hints, &res)) != 0)
		errx(1, "alice: %s", gai_strerror(error));
	getnameinfo(res->ai_addr, res->ai_addrlen, b, 50, b + 50, 50, NI_NUMERICHOST);
	printf("%s %s\n", b, b + 50);
	c = socket(res->ai_family, res->ai_socktype, res->ai_protocol);
	n = connect(c, res->ai_addr, res->ai_addrlen);
	printf("refused %zd %s\n", n, strerror(errno));
	printf("nobody: %s\n", gai_strerror(getaddrinfo("nobody", NULL, NULL, &res)));
	printf("family %d %d\n", socket(AF_UNIX, SOCK_STREAM, 0), errno == EAFNOSUPPORT);
}

static void
t_text(void)
{
	struct ether_addr *e = ether_aton("2:0:0:0:0:Ab");
	struct in6_addr six;
	struct in_addr a;
	const char *bad;
	char b[INET6_ADDRSTRLEN];
	uint8_t n[4];

	printf("%s %d\n", e == NULL ? "none" : ether_ntoa(e), ether_aton("1:2:3") == NULL);
	printf("%d %s\n", inet_aton("10.0.0.7", &a), inet_ntoa(a));
	printf("%d %s\n", inet_pton(AF_INET6, "fe80::1", &six), inet_ntop(AF_INET6, &six, b, sizeof(b)));
	printf("%d %d\n", inet_pton(AF_INET, "10.0.0.256", &a), inet_addr("x") == INADDR_NONE);
	be32enc(n, 0x01020304);
	printf("%d %d %x\n", n[0], be16dec(n + 2), le32dec(n));
	printf("%lld", strtonum("12", 0, 10, &bad));
	printf(" %s", bad);
	printf(" %lld", strtonum("7", 0, 10, &bad));
	printf(" %d\n", bad == NULL);
}

struct item {
	int n;
	SLIST_ENTRY(item) single;
	LIST_ENTRY(item) list;
	STAILQ_ENTRY(item) simple;
	TAILQ_ENTRY(item) tail;
};

#define SHOW(kind, field) do {					\
	struct item *each;					\
	kind##_FOREACH(each, &kind##s, field)			\
		printf("%d ", each->n);				\
	printf(#kind "\n");					\
} while (0)

static void
t_queues(void)
{
	SLIST_HEAD(, item) SLISTs = SLIST_HEAD_INITIALIZER(SLISTs);
	LIST_HEAD(, item) LISTs = LIST_HEAD_INITIALIZER(LISTs);
	STAILQ_HEAD(, item) STAILQs = STAILQ_HEAD_INITIALIZER(STAILQs);
	TAILQ_HEAD(tails, item) TAILQs = TAILQ_HEAD_INITIALIZER(TAILQs);
	struct item i[5] = {{.n = 0}, {.n = 1}, {.n = 2}, {.n = 3}, {.n = 4}}, *e, *next;

	SLIST_INSERT_HEAD(&SLISTs, &i[1], single);
	SLIST_INSERT_HEAD(&SLISTs, &i[0], single);
	SLIST_INSERT_AFTER(&i[1], &i[3], single);
	SLIST_INSERT_AFTER(&i[1], &i[2], single);
	SLIST_REMOVE(&SLISTs, &i[3], item, single);
	SLIST_REMOVE_HEAD(&SLISTs, single);
	SHOW(SLIST, single);
	LIST_INSERT_HEAD(&LISTs, &i[3], list);
	LIST_INSERT_BEFORE(&i[3], &i[1], list);
	LIST_INSERT_AFTER(&i[1], &i[2], list);
	LIST_INSERT_HEAD(&LISTs, &i[0], list);
	LIST_REMOVE(&i[1], list);
	LIST_REMOVE(&i[3], list);
	SHOW(LIST, list);
	for (int k = 0; k < 3; k++)
		STAILQ_INSERT_TAIL(&STAILQs, &i[k], simple);
	STAILQ_REMOVE_HEAD(&STAILQs, simple);
	STAILQ_INSERT_HEAD(&STAILQs, &i[4], simple);
	SHOW(STAILQ, simple);
	for (int k = 1; k < 4; k++)
		TAILQ_INSERT_TAIL(&TAILQs, &i[k], tail);
	TAILQ_INSERT_HEAD(&TAILQs, &i[0], tail);
	TAILQ_REMOVE(&TAILQs, &i[2], tail);
	TAILQ_INSERT_AFTER(&TAILQs, &i[3], &i[4], tail);
	TAILQ_INSERT_BEFORE(&i[3], &i[2], tail);
	SHOW(TAILQ, tail);
	TAILQ_FOREACH_REVERSE(e, &TAILQs, tails, tail)
		printf("%d ", e->n);
	printf("%d %d\n", TAILQ_LAST(&TAILQs, tails)->n, TAILQ_PREV(&i[1], tails, tail)->n);
	TAILQ_FOREACH_SAFE(e, &TAILQs, tail, next)
		TAILQ_REMOVE(&TAILQs, e, tail);
	printf("empty %d\n", TAILQ_EMPTY(&TAILQs));
	fflush(stdout);
	openlog("queued", 0, LOG_DAEMON);
	setlogmask(LOG_UPTO(LOG_NOTICE));
	errno = EBUSY;
	syslog(LOG_ERR, "%d: %m", 7);
	syslog(LOG_DEBUG, "not shown");
}

static void
print_address(const char *what, const struct sockaddr *sa)
{
	char b[INET6_ADDRSTRLEN];
	const struct sockaddr_dl *dl = (const void *)sa;

	if (sa == NULL)
		return;
	if (sa->sa_family == AF_LINK)
		printf(" %s #%d type %d %.*s, %d bytes, %x first", what, dl->sdl_index, dl->sdl_type, dl->sdl_nlen, dl->sdl_data, dl->sdl_alen, CLLADDR(dl)[0] & 0x7f);
	else if (sa->sa_family == AF_INET)
		printf(" %s %s", what, inet_ntoa(((const struct sockaddr_in *)(const void *)sa)->sin_addr));
	else
		printf(" %s %s%%%u", what, inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, b, sizeof(b)),
		    ((const struct sockaddr_in6 *)(const void *)sa)->sin6_scope_id);
}

static void
t_interfaces(void)
{
	struct ifaddrs *list, *a;
	struct if_nameindex *names;
	struct ifaliasreq alias;
	struct sockaddr_in sin;
	struct ifreq ifr, reqs[8];
	struct ifconf conf;
	char name[IF_NAMESIZE];
	int s = socket(AF_INET, SOCK_DGRAM, 0), i;

	memset(&alias, 0, sizeof(alias));
	memset(&sin, 0, sizeof(sin));
	sin.sin_len = sizeof(sin);
	sin.sin_family = AF_INET;
	strlcpy(alias.ifra_name, "tap1", sizeof(alias.ifra_name));
	sin.sin_addr.s_addr = inet_addr("10.8.0.1");
	memcpy(&alias.ifra_addr, &sin, sizeof(sin));
	sin.sin_addr.s_addr = inet_addr("255.255.255.128");
	memcpy(&alias.ifra_mask, &sin, sizeof(sin));
	printf("SIOCAIFADDR %d\n", ioctl(s, SIOCAIFADDR, &alias));
	strlcpy(ifr.ifr_name, "tap1", sizeof(ifr.ifr_name));
	printf("SIOCGIFNETMASK %d", ioctl(s, SIOCGIFNETMASK, &ifr));
	print_address("is", &ifr.ifr_addr);
	printf("\n");

	if (getifaddrs(&list) < 0)
		err(1, "getifaddrs");
	for (a = list; a != NULL; a = a->ifa_next) {
		printf("%s %x", a->ifa_name, a->ifa_flags & IFF_UP);
		print_address("has", a->ifa_addr);
		print_address("mask", a->ifa_netmask);
		print_address("and", a->ifa_dstaddr);
		printf("\n");
	}
	freeifaddrs(list);

	names = if_nameindex();
	for (i = 0; names[i].if_index != 0; i++)
		printf("%u is %s, %u, %s\n", names[i].if_index, names[i].if_name, if_nametoindex(names[i].if_name), if_indextoname(names[i].if_index, name));
	if_freenameindex(names);
	printf("none %u %d", if_nametoindex("tap9"), errno == ENXIO);
	printf(" %d\n", if_indextoname(99, name) == NULL);

	conf.ifc_len = sizeof(reqs);
	conf.ifc_req = reqs;
	printf("SIOCGIFCONF %d", ioctl(s, SIOCGIFCONF, &conf));
	for (i = 0; i < (int)(conf.ifc_len / sizeof(reqs[0])); i++) /* on NetBSD they are of one length */
		printf(" %s:%d", reqs[i].ifr_name, reqs[i].ifr_addr.sa_family);
	conf.ifc_len = sizeof(reqs[0]);
	printf(" of %d", ioctl(s, SIOCGIFCONF, &conf));
	printf(" %d, no socket %d", conf.ifc_len == sizeof(reqs[0]), ioctl(0, SIOCGIFCONF, &conf));
	printf(" %d\n", errno == ENOTTY);
}

static void
t_users(void)
{
	struct termios t;
	gid_t groups[2] = {0, 5};
	int fd;

	printf("%s %s %d %d\n", getpwuid(0)->pw_name, getgrgid(0)->gr_name, getpwnam("nobody") == NULL, getgrnam("staff") == NULL);
	printf("setuid %d %d, setgid %d, setgroups %d", setuid(0), setuid(65534), setgid(65534), setgroups(1, groups));
	printf(" %d %d\n", setgroups(2, groups), errno == EPERM);
	printf("umask %o %o\n", umask(077), umask(022));
	printf("tcgetattr %d", tcgetattr(0, &t));
	printf(" %d\n", errno == ENOTTY);
	printf("chroot %d", chroot("/tmp"));
	printf(" %d\n", errno == ENOSYS);
	fd = getpid();
	printf("daemon %d, the same %d\n", daemon(0, 1), fd == getpid());
	fflush(stdout);
	printf("and %d\n", daemon(1, 0));
	fflush(stdout);
}

int
main(int argc, char *argv[])
{
	static const struct {
		const char *name;
		void (*run)(void);
	} does[] = {
		{"errors", t_errors}, {"mask", t_mask}, {"interrupt", t_interrupt}, {"actions", t_actions},
		{"descriptors", t_descriptors}, {"sigio", t_sigio}, {"children", t_children}, {"tcp", t_tcp}, {"text", t_text},
		{"queues", t_queues},
		{"interfaces", t_interfaces}, {"users", t_users},
	};

	for (unsigned i = 0; argc > 1 && i < nitems(does); i++) {
		if (strcmp(argv[1], does[i].name) == 0)
			does[i].run();
	}
	return (0);
}

/* What programs of others look for on a BSD, and what they get where a node has none. */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <net/if.h>

#include <err.h>
#include <errno.h>
#include <grp.h>
#include <malloc_np.h>
#include <osreldate.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#if defined(SO_BINDTODEVICE)
#error "programs take it for Linux"
#endif

int
main(void)
{
	struct sockaddr_un u;
	int fds[2], unixed, same, other, uids, gids;
	void *p = malloc(100);

	memset(&u, 0, sizeof(u));
	u.sun_family = AF_UNIX;
	strlcpy(u.sun_path, "/tmp/s", sizeof(u.sun_path));
	u.sun_len = (unsigned char)SUN_LEN(&u);
	printf("address %zu of %zu, path %zu\n", SUN_LEN(&u), sizeof(u), sizeof(u.sun_path));
	unixed = socket(AF_UNIX, SOCK_STREAM, 0) < 0 && errno == EAFNOSUPPORT;
	same = socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0 && errno == EAFNOSUPPORT;
	other = socketpair(AF_INET, SOCK_STREAM, 0, fds) < 0 && errno == EOPNOTSUPP;
	printf("none %d, pair %d %d\n", unixed, same, other);
	uids = setreuid((uid_t)-1, 0) == 0 && setreuid(0, (uid_t)-1) == 0 && setreuid((uid_t)-1, 7) < 0 && errno == EPERM;
	gids = setregid(0, 0) == 0 && setregid(7, (gid_t)-1) < 0 && errno == EPERM;
	printf("uids %d, gids %d\n", uids, gids);
	setpwent();
	endpwent();
	printf("groups %d\n", setgrent());
	endgrent();
	printf("usable %d, FreeBSD %d\n", malloc_usable_size(p) >= 100, __FreeBSD_version);
	free(p);
	return (0);
}

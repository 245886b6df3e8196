/*
 * Runner runs a command of its node, numbers the lines that it prints, and says how
 * it ended and on what system.
 *
 *	runner command [argument ...]
 */
#include <sys/types.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include <err.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int
main(int argc, char *argv[])
{
	posix_spawn_file_actions_t actions;
	struct utsname u;
	char line[256];
	FILE *out;
	pid_t pid;
	int error, fds[2], number = 0, status;

	if (argc < 2)
		errx(64, "usage: runner command [argument ...]");
	if (uname(&u) < 0)
		err(1, "uname");
	printf("%s is a %s\n", u.nodename, u.sysname);

	if (pipe(fds) < 0)
		err(1, "pipe");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&actions, fds[0]);
	if ((error = posix_spawnp(&pid, argv[1], &actions, NULL, argv + 1, environ)) != 0)
		errc(1, error, "%s", argv[1]);
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);

	if ((out = fdopen(fds[0], "r")) == NULL)
		err(1, "fdopen");
	while (fgets(line, sizeof(line), out) != NULL)
		printf("%4d  %s", ++number, line);
	fclose(out);

	if (waitpid(pid, &status, 0) < 0)
		err(1, "waitpid");
	if (WIFSIGNALED(status))
		printf("%s: %s\n", argv[1], strsignal(WTERMSIG(status)));
	else
		printf("%s: exit %d\n", argv[1], WEXITSTATUS(status));
	return (0);
}

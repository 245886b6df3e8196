/* <sys/wait.h>: the processes that this one started. */
#ifndef _SYS_WAIT_H_
#define _SYS_WAIT_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <sys/types.h>

#include <lab/host.h>

#define WNOHANG 1
#define WUNTRACED 2

#define WAIT_ANY (-1)

#define _WSTATUS(x) ((x) & 0177)
#define _WSTOPPED 0177
#define WIFSTOPPED(x) (_WSTATUS(x) == _WSTOPPED)
#define WSTOPSIG(x) ((x) >> 8)
#define WIFSIGNALED(x) (_WSTATUS(x) != _WSTOPPED && _WSTATUS(x) != 0)
#define WTERMSIG(x) (_WSTATUS(x))
#define WIFEXITED(x) (_WSTATUS(x) == 0)
#define WEXITSTATUS(x) (((x) >> 8) & 0xff)
#define WCOREFLAG 0200
#define WCOREDUMP(x) ((x) & WCOREFLAG)
#define W_EXITCODE(code, sig) ((code) << 8 | (sig))

__BEGIN_DECLS

__LAB_FN pid_t
waitpid(pid_t pid, int *status, int options)
{
	int32_t how = 0;
	pid_t got = __lab_result(__host_waitpid(pid, &how, options));

	if (got > 0 && status != 0)
		*status = how;
	return (got);
}

__LAB_FN pid_t wait(int *status) { return (waitpid(WAIT_ANY, status, 0)); }

__END_DECLS

#endif

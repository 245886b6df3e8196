/* <stdlib.h> with getprogname(3), strtonum(3), system(3), realpath(3) and mkstemp(3). */
#ifndef _LAB_STDLIB_H_
#define _LAB_STDLIB_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include_next <stdlib.h>

#include <stdint.h>

#include <lab/argv.h>
#include <lab/progname.h>
#include <lab/temporary.h>

__BEGIN_DECLS

uint32_t arc4random(void);
void arc4random_buf(void *, size_t);
uint32_t arc4random_uniform(uint32_t);
void *reallocarray(void *, size_t, size_t);

/* There is no shell: words are parted by blanks, and quotes keep blanks together. */
__LAB_FN int
system(const char *command)
{
	static const int32_t fds[3] = {0, 1, 2};
	int pid;

	if (command == 0)
		return (1);
	if ((pid = __lab_command(command, fds)) < 0)
		return (-1);
	return (__lab_wait(pid));
}

__LAB_FN long long
strtonum(const char *s, long long least, long long most, const char **why)
{
	const char *error = 0;
	char *end;
	long long n;
	int code = 0, before = errno;

	errno = 0;
	n = strtoll(s, &end, 10);
	if (least > most || end == s || *end != 0)
		error = "invalid", code = EINVAL;
	else if (n < least || (errno == ERANGE && n < 0))
		error = "too small", code = ERANGE;
	else if (n > most || errno == ERANGE)
		error = "too large", code = ERANGE;
	errno = error == 0 ? before : code;
	if (why != 0)
		*why = error;
	return (error == 0 ? n : 0);
}

__END_DECLS

#endif

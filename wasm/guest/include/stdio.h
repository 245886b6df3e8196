/*
 * <stdio.h> with popen(3), a perror that knows the errors of a BSD, and a stdout that
 * shows a prompt before stdin waits for the answer.
 */
#ifndef _LAB_STDIO_H_
#define _LAB_STDIO_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include_next <stdio.h>

#include <lab/argv.h>
#include <lab/errors.h>
#include <lab/temporary.h>

#define __LAB_POPENS 16

__BEGIN_DECLS

/*
 * A BSD's stdio writes out a line-buffered output before it reads a terminal (__srefill of
 * its libc): a prompt without a newline is seen before its answer is typed. wasi-libc's
 * does not, so it is done where a program names stdin and nothing is left to read of it. A
 * copy of stdin in a variable is wasi-libc's. Nothing of this is in a program that does
 * not read stdin.
 */
int __flbf(FILE *);
size_t __freadahead(FILE *);

static inline FILE *
__lab_stdin(FILE *in)
{
	if (__freadahead(in) == 0 && __flbf(stdout))
		fflush(stdout);
	return (in);
}

#undef stdin
#define stdin (__lab_stdin(stdin))
#if !defined(__cplusplus) /* whose std::getchar a macro would break; its std::cin writes out std::cout itself */
#define getchar() getc(stdin)
#define scanf(...) fscanf(stdin, __VA_ARGS__)
#endif

struct __lab_popen {
	FILE *file;
	int pid;
};

__LAB_FN struct __lab_popen __lab_popens[__LAB_POPENS];

int __lab_libc_close(int) __asm__("close");

/* There is no shell: words are parted by blanks, and quotes keep blanks together. */
__LAB_FN FILE *
popen(const char *command, const char *mode)
{
	struct __lab_popen *p = __lab_popens;
	int32_t fds[3] = {0, 1, 2}, ends[2];
	int theirs = mode[0] == 'r', why;

	if ((mode[0] != 'r' && mode[0] != 'w') || mode[1] != 0) {
		errno = EINVAL;
		return (0);
	}
	while (p < __lab_popens + __LAB_POPENS && p->file != 0)
		p++;
	if (p == __lab_popens + __LAB_POPENS) {
		errno = EMFILE;
		return (0);
	}
	if (__lab_result(__host_pipe(ends)) < 0)
		return (0);
	fds[theirs] = ends[theirs];
	p->pid = __lab_command(command, fds);
	why = errno;
	__lab_libc_close(ends[theirs]);
	if (p->pid >= 0 && (p->file = fdopen(ends[!theirs], mode)) != 0)
		return (p->file);
	if (p->pid >= 0)
		why = errno;
	__lab_libc_close(ends[!theirs]);
	errno = why;
	return (0);
}

__LAB_FN int
pclose(FILE *f)
{
	for (struct __lab_popen *p = __lab_popens; f != 0 && p < __lab_popens + __LAB_POPENS; p++) {
		if (p->file != f)
			continue;
		p->file = 0;
		fclose(f);
		return (__lab_wait(p->pid));
	}
	errno = ECHILD;
	return (-1);
}

/* wasi-libc says that there is none. */
#define tmpfile __lab_tmpfile

int mkstemp(char *);
int unlink(const char *);

__LAB_FN FILE *
tmpfile(void)
{
	char name[] = "/tmp/tmp.XXXXXXXXXX";
	int fd = mkstemp(name);

	return (fd < 0 || unlink(name) < 0 ? 0 : fdopen(fd, "w+"));
}

__END_DECLS

#endif

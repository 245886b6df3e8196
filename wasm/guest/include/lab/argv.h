/*
 * Starting a program of the node. Of the standard headers it includes none, so
 * that <stdio.h> and <stdlib.h> bring no names that a BSD's don't.
 */
#ifndef _LAB_ARGV_H_
#define _LAB_ARGV_H_

#include <stddef.h>
#include <stdint.h>

#include <lab/host.h>

void *malloc(size_t);
void free(void *);

/*
 * __lab_pack joins a list that a null pointer ends, as the host takes it: each
 * string with its NUL. A first word given replaces the list's.
 */
__LAB_FN char *
__lab_pack(const char *first, char *const list[], uint32_t *len)
{
	size_t n = 0, at = 0, k;
	char *all;

	for (k = 0; list != 0 && list[k] != 0; k++)
		n += __builtin_strlen(k == 0 && first != 0 ? first : list[k]) + 1;
	if ((all = (char *)malloc(n + 1)) == 0)
		return (0);
	for (k = 0; list != 0 && list[k] != 0; k++) {
		const char *s = k == 0 && first != 0 ? first : list[k];
		size_t size = __builtin_strlen(s) + 1;

		__builtin_memcpy(all + at, s, size);
		at += size;
	}
	*len = (uint32_t)n;
	return (all);
}

/*
 * __lab_spawn starts a program of the node: the last element of its path names
 * it. The descriptors become the child's 0, 1 and 2; -1 is /dev/null. It returns
 * the process, or -1.
 */
__LAB_FN int
__lab_spawn(const char *path, char *const argv[], char *const env[], const int32_t fds[3])
{
	const char *name = path;
	uint32_t args = 0, envs = 0;
	char *a, *e;
	int pid = -1;

	for (; *path != 0; path++) {
		if (*path == '/')
			name = path + 1;
	}
	a = __lab_pack(name, argv, &args);
	e = __lab_pack(0, env, &envs);
	if (a == 0 || e == 0)
		errno = ENOMEM;
	else
		pid = __lab_result(__host_spawn(a, args, e, envs, fds));
	free(a);
	free(e);
	return (pid);
}

#define __LAB_WORDS 64

/*
 * __lab_words parts a command in place: words are parted by blanks, and quotes
 * keep blanks together. It returns how many words, -1 if there are too many.
 */
__LAB_FN int
__lab_words(char *in, char *words[__LAB_WORDS + 1])
{
	char *out = in;
	int n = 0;

	for (;;) {
		char quote = 0, c;

		while (*in == ' ' || *in == '\t' || *in == '\n')
			in++;
		if (*in == 0)
			break;
		if (n == __LAB_WORDS)
			return (-1);
		words[n++] = out;
		for (; (c = *in) != 0 && (quote != 0 || (c != ' ' && c != '\t' && c != '\n')); in++) {
			if (c == quote)
				quote = 0;
			else if (quote == 0 && (c == '"' || c == '\''))
				quote = c;
			else
				*out++ = c;
		}
		if (c != 0)
			in++;
		*out++ = 0;
	}
	words[n] = 0;
	return (n);
}

/* __lab_command starts a command with the given descriptors: there is no shell. */
__LAB_FN int
__lab_command(const char *command, const int32_t fds[3])
{
	extern char **environ;
	size_t size = __builtin_strlen(command) + 1;
	char *copy = (char *)malloc(size), *words[__LAB_WORDS + 1];
	int pid = -1, n;

	if (copy == 0) {
		errno = ENOMEM;
		return (-1);
	}
	__builtin_memcpy(copy, command, size);
	if ((n = __lab_words(copy, words)) < 0)
		errno = E2BIG;
	else if (n == 0)
		errno = ENOENT;
	else
		pid = __lab_spawn(words[0], words, environ, fds);
	free(copy);
	return (pid);
}

/* __lab_wait waits for a process and returns how it ended, -1 on error. */
__LAB_FN int
__lab_wait(int pid)
{
	int32_t status = 0;

	if (__lab_result(__host_waitpid(pid, &status, 0)) < 0)
		return (-1);
	return (status);
}

#endif

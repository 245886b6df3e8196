/*
 * Starting a program of the node. Of the standard headers it includes none, so
 * that <stdio.h> and <stdlib.h> bring no names that a BSD's don't.
 */
#ifndef _LAB_ARGV_H_
#define _LAB_ARGV_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <stddef.h>
#include <stdint.h>

#include <lab/host.h>

__BEGIN_DECLS

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
 * __lab_start starts the command that begins at words[first]; the words before it are
 * added to its environment.
 */
__LAB_FN int
__lab_start(char *words[], int first, char *const env[], const int32_t fds[3])
{
	size_t n = 0;
	char **all;
	int pid;

	if (words[first] == 0) {
		errno = ENOENT;
		return (-1);
	}
	if (first == 0)
		return (__lab_spawn(words[0], words, env, fds));
	while (env != 0 && env[n] != 0)
		n++;
	if ((all = (char **)malloc((n + (size_t)first + 1) * sizeof(*all))) == 0) {
		errno = ENOMEM;
		return (-1);
	}
	__builtin_memcpy(all, words, (size_t)first * sizeof(*all));
	if (n > 0)
		__builtin_memcpy(all + first, env, n * sizeof(*all));
	all[n + (size_t)first] = 0;
	pid = __lab_spawn(words[first], words + first, all, fds);
	free(all);
	return (pid);
}

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

/*
 * __lab_redirect takes the word of a redirection, of those that commands in programs
 * have: to and from /dev/null, and one output to where the other goes.
 */
__LAB_FN int
__lab_redirect(const char *word, int32_t fds[3])
{
	static const struct {
		const char *word;
		int fd, other;
	} known[] = {
		{">/dev/null", 1, -1}, {"1>/dev/null", 1, -1}, {"2>/dev/null", 2, -1}, {"</dev/null", 0, -1}, {"2>&1", 2, 1}, {">&2", 1, 2}, {"1>&2", 1, 2},
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (__builtin_strcmp(word, known[i].word) == 0) {
			fds[known[i].fd] = known[i].other < 0 ? -1 : fds[known[i].other];
			return (1);
		}
	}
	return (0);
}

/* __lab_assigns is whether a word is NAME=VALUE. */
__LAB_FN int
__lab_assigns(const char *word)
{
	const char *c = word;

	while ((*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') || *c == '_' || (c > word && *c >= '0' && *c <= '9'))
		c++;
	return (c > word && *c == '=');
}

/*
 * __lab_command starts a command with the given descriptors. There is no shell, but
 * redirections of __lab_redirect work, and NAME=VALUE in front of the command.
 */
__LAB_FN int
__lab_command(const char *command, const int32_t given[3])
{
	extern char **environ;
	size_t size = __builtin_strlen(command) + 1;
	char *copy = (char *)malloc(size), *words[__LAB_WORDS + 1];
	int32_t fds[3] = {given[0], given[1], given[2]};
	int pid = -1, n, k, from = 0, kept;

	if (copy == 0) {
		errno = ENOMEM;
		return (-1);
	}
	__builtin_memcpy(copy, command, size);
	if ((n = __lab_words(copy, words)) < 0)
		errno = E2BIG;
	else if (n == 0)
		errno = ENOENT;
	else {
		while (from < n && __lab_assigns(words[from]))
			from++;
		for (k = kept = from; k < n; k++) {
			if (!__lab_redirect(words[k], fds))
				words[kept++] = words[k];
		}
		words[kept] = 0;
		pid = __lab_start(words, from, environ, fds);
	}
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

__END_DECLS

#endif

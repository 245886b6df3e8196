/* getprogname(3): the last element of the program's first argument. */
#ifndef _LAB_PROGNAME_H_
#define _LAB_PROGNAME_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <stdint.h>

#include <lab/host.h>

__BEGIN_DECLS

__LAB_HOST("wasi_snapshot_preview1", "args_get") int32_t __host_args_get(char **, char *);
__LAB_HOST("wasi_snapshot_preview1", "args_sizes_get") int32_t __host_args_sizes_get(uint32_t *, uint32_t *);

__LAB_FN const char *__lab_progname;

void *malloc(__SIZE_TYPE__);
void free(void *);

__LAB_FN const char *
getprogname(void)
{
	uint32_t count, bytes;
	char **list, *all, *s;

	if (__lab_progname != 0)
		return (__lab_progname);
	__lab_progname = "";
	if (__host_args_sizes_get(&count, &bytes) != 0 || count == 0)
		return (__lab_progname);
	list = (char **)malloc(count * sizeof(*list));
	all = (char *)malloc(bytes);
	if (list != 0 && all != 0 && __host_args_get(list, all) == 0) {
		__lab_progname = s = list[0];
		for (; *s != 0; s++) {
			if (*s == '/')
				__lab_progname = s + 1;
		}
	} else
		free(all);
	free(list);
	return (__lab_progname);
}

__LAB_FN void
setprogname(const char *name)
{
	__lab_progname = name;
	for (; *name != 0; name++) {
		if (*name == '/')
			__lab_progname = name + 1;
	}
}

__END_DECLS

#endif

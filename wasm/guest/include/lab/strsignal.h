/* strsignal(3), which <string.h> and <signal.h> have. */
#ifndef _LAB_STRSIGNAL_H_
#define _LAB_STRSIGNAL_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <lab/host.h>

__BEGIN_DECLS

__LAB_FN char *
strsignal(int sig)
{
	static const char *const names[] = {
		"Signal 0",
		"Hangup",
		"Interrupt",
		"Quit",
		"Illegal instruction",
		"Trace/BPT trap",
		"Abort trap",
		"EMT trap",
		"Floating point exception",
		"Killed",
		"Bus error",
		"Segmentation fault",
		"Bad system call",
		"Broken pipe",
		"Alarm clock",
		"Terminated",
		"Urgent I/O condition",
		"Suspended (signal)",
		"Suspended",
		"Continued",
		"Child exited",
		"Stopped (tty input)",
		"Stopped (tty output)",
		"I/O possible",
		"Cputime limit exceeded",
		"Filesize limit exceeded",
		"Virtual timer expired",
		"Profiling timer expired",
		"Window size changes",
		"Information request",
		"User defined signal 1",
		"User defined signal 2",
	};
	static char unknown[32] = "Unknown signal: ";
	char digits[12], *d = digits + sizeof(digits), *u = unknown + 16;
	unsigned n = sig < 0 ? -(unsigned)sig : (unsigned)sig;

	if (sig >= 0 && sig < (int)(sizeof(names) / sizeof(names[0])))
		return ((char *)names[sig]);
	*--d = 0;
	do
		*--d = (char)('0' + n % 10);
	while ((n /= 10) != 0);
	if (sig < 0)
		*--d = '-';
	while ((*u++ = *d++) != 0)
		continue;
	return (unknown);
}

__END_DECLS

#endif

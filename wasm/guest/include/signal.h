/*
 * <signal.h> of a BSD.
 *
 * The host knows of each signal only whether the process catches it (with or
 * without SA_RESTART), ignores it or leaves it. Handlers and the mask are kept
 * here: the host calls tuntap_signal with each caught signal just before a call of
 * the process returns. A blocked signal is caught for as long, and restarts what it
 * interrupts.
 */
#ifndef _LAB_SIGNAL_H_
#define _LAB_SIGNAL_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <sys/types.h>
#include <poll.h>
#include <stdint.h>

#include <lab/host.h>
#include <lab/signals.h>
#include <lab/sigset.h>
#include <lab/strsignal.h>
#include <sys/select.h>

__BEGIN_DECLS

typedef int sig_atomic_t;
typedef void __sighandler_t(int);
typedef __sighandler_t *sig_t;

union sigval {
	int sival_int;
	void *sival_ptr;
	int sigval_int;
	void *sigval_ptr;
};

typedef struct __siginfo {
	int si_signo;
	int si_errno;
	int si_code;
	pid_t si_pid;
	uid_t si_uid;
	int si_status;
	void *si_addr;
	union sigval si_value;
	int __spare[8];
} siginfo_t;

#define SI_USER 0x10001

struct sigaction {
	union {
		void (*__sa_handler)(int);
		void (*__sa_sigaction)(int, siginfo_t *, void *);
	} __sigaction_u;
	int sa_flags;
	sigset_t sa_mask;
};

#define sa_handler __sigaction_u.__sa_handler
#define sa_sigaction __sigaction_u.__sa_sigaction

#define SA_ONSTACK 0x0001
#define SA_RESTART 0x0002
#define SA_RESETHAND 0x0004
#define SA_NOCLDSTOP 0x0008
#define SA_NODEFER 0x0010
#define SA_NOCLDWAIT 0x0020
#define SA_SIGINFO 0x0040

#define SIG_BLOCK 1
#define SIG_UNBLOCK 2
#define SIG_SETMASK 3

/* In a module 1 and -1 may be functions of the program: these two are nobody's. */
__LAB_FN void __lab_sig_ign(int sig) { (void)sig; }
__LAB_FN void __lab_sig_err(int sig) { (void)sig; __builtin_trap(); }

#define SIG_DFL ((__sighandler_t *)0)
#define SIG_IGN (&__lab_sig_ign)
#define SIG_ERR (&__lab_sig_err)

/* What a process has of each signal; bit sig-1 of a mask is a signal's. */
struct __lab_signals {
	struct sigaction action[NSIG];
	uint32_t pending; /* caught while blocked */
	uint32_t restart; /* milliseconds from one SIGALRM to the next: setitimer(2) */
};

__LAB_FN struct __lab_signals __lab_signals;

void __lab_deliver(int);

#define __LAB_BIT(sig) ((uint32_t)1 << ((sig) - 1))
#define __LAB_MASKABLE (0x7fffffff & ~__LAB_BIT(SIGKILL) & ~__LAB_BIT(SIGSTOP))

/* __lab_catch tells the host what happens at a signal. */
__LAB_FN int
__lab_catch(int sig)
{
	const struct sigaction *a = &__lab_signals.action[sig];
	int how = a->sa_handler == SIG_DFL ? 0 : a->sa_flags & SA_RESTART ? 3 : 1;

	if (a->sa_handler == SIG_IGN)
		how = 2;
	else if (__lab_blocked & __LAB_BIT(sig))
		how = 3;
	return (__lab_result(__host_sigaction(sig, how)));
}

/* __lab_setmask sets which signals are blocked, and delivers what is pending and is not. */
__LAB_FN void
__lab_setmask(uint32_t mask)
{
	uint32_t changed, ready;

	mask &= __LAB_MASKABLE;
	changed = mask ^ __lab_blocked;
	__lab_blocked = mask;
	for (; changed != 0; changed &= changed - 1)
		__lab_catch(__builtin_ctz(changed) + 1);
	while ((ready = __lab_signals.pending & ~__lab_blocked) != 0) {
		int sig = __builtin_ctz(ready) + 1;

		__lab_signals.pending &= ~__LAB_BIT(sig);
		if (__lab_signals.action[sig].sa_handler == SIG_DFL)
			__host_kill(__host_getpid(), sig); /* what would have been done at once */
		else
			__lab_deliver(sig);
	}
}

/* __lab_deliver runs the handler of a signal. */
__LAB_FN void
__lab_deliver(int sig)
{
	struct sigaction a = __lab_signals.action[sig];
	uint32_t mask = __lab_blocked;
	siginfo_t info = {.si_signo = sig, .si_code = SI_USER};

	if (a.sa_handler == SIG_DFL || a.sa_handler == SIG_IGN)
		return;
	if (a.sa_flags & SA_RESETHAND) {
		__lab_signals.action[sig].sa_handler = SIG_DFL;
		__lab_catch(sig);
	}
	/* The host delivers nothing while a handler runs: to note what is blocked is enough. */
	__lab_blocked |= a.sa_mask.__bits[0] & __LAB_MASKABLE;
	if (!(a.sa_flags & SA_NODEFER))
		__lab_blocked |= __LAB_BIT(sig);
	if (a.sa_flags & SA_SIGINFO)
		a.sa_sigaction(sig, &info, 0);
	else
		a.sa_handler(sig);
	__lab_blocked = mask;
	__lab_interrupted = 1;
}

/* tuntap_signal is called by the host with each pending signal that is caught. */
__attribute__((weak, export_name("tuntap_signal"))) void
tuntap_signal(int32_t sig)
{
	if (sig <= 0 || sig >= NSIG)
		return;
	if (sig == SIGALRM && __lab_signals.restart != 0)
		__host_alarm((int32_t)__lab_signals.restart);
	if (__lab_blocked & __LAB_BIT(sig))
		__lab_signals.pending |= __LAB_BIT(sig);
	else
		__lab_deliver(sig);
}

__LAB_FN int
sigaction(int sig, const struct sigaction *__restrict act, struct sigaction *__restrict old)
{
	struct sigaction was;

	if (sig <= 0 || sig >= NSIG) {
		errno = EINVAL;
		return (-1);
	}
	was = __lab_signals.action[sig];
	if (act != 0) {
		__lab_signals.action[sig] = *act;
		if (__lab_catch(sig) < 0) {
			__lab_signals.action[sig] = was;
			return (-1);
		}
		if (act->sa_handler == SIG_IGN)
			__lab_signals.pending &= ~__LAB_BIT(sig);
	}
	if (old != 0)
		*old = was;
	return (0);
}

/* As on a BSD, calls that a handler of signal(3) interrupts are restarted. */
__LAB_FN sig_t
signal(int sig, sig_t handler)
{
	struct sigaction act = {.sa_flags = SA_RESTART}, old;

	act.sa_handler = handler;
	return (sigaction(sig, &act, &old) < 0 ? SIG_ERR : old.sa_handler);
}

__LAB_FN int
siginterrupt(int sig, int flag)
{
	struct sigaction act;

	if (sigaction(sig, 0, &act) < 0)
		return (-1);
	act.sa_flags = flag ? act.sa_flags & ~SA_RESTART : act.sa_flags | SA_RESTART;
	return (sigaction(sig, &act, 0));
}

__LAB_FN int kill(pid_t pid, int sig) { return (__lab_result(__host_kill(pid, sig))); }
__LAB_FN int raise(int sig) __LAB_NAME("raise");
__LAB_FN int raise(int sig) { return (kill(__host_getpid(), sig)); }

__LAB_FN int
__lab_sigbit(int sig)
{
	if (sig > 0 && sig <= 128)
		return (0);
	errno = EINVAL;
	return (-1);
}

static inline int
sigemptyset(sigset_t *set)
{
	*set = (sigset_t){{0, 0, 0, 0}};
	return (0);
}

static inline int
sigfillset(sigset_t *set)
{
	*set = (sigset_t){{~0u, ~0u, ~0u, ~0u}};
	return (0);
}

static inline int
sigaddset(sigset_t *set, int sig)
{
	if (__lab_sigbit(sig) < 0)
		return (-1);
	set->__bits[(sig - 1) / 32] |= (uint32_t)1 << ((sig - 1) % 32);
	return (0);
}

static inline int
sigdelset(sigset_t *set, int sig)
{
	if (__lab_sigbit(sig) < 0)
		return (-1);
	set->__bits[(sig - 1) / 32] &= ~((uint32_t)1 << ((sig - 1) % 32));
	return (0);
}

static inline int
sigismember(const sigset_t *set, int sig)
{
	if (__lab_sigbit(sig) < 0)
		return (-1);
	return ((int)(set->__bits[(sig - 1) / 32] >> ((sig - 1) % 32) & 1));
}

__LAB_FN int
sigprocmask(int how, const sigset_t *__restrict set, sigset_t *__restrict old)
{
	uint32_t mask = __lab_blocked;

	if (set != 0) {
		uint32_t bits = set->__bits[0];

		switch (how) {
		case SIG_BLOCK:
			__lab_setmask(mask | bits);
			break;
		case SIG_UNBLOCK:
			__lab_setmask(mask & ~bits);
			break;
		case SIG_SETMASK:
			__lab_setmask(bits);
			break;
		default:
			errno = EINVAL;
			return (-1);
		}
	}
	if (old != 0)
		*old = (sigset_t){{mask, 0, 0, 0}};
	return (0);
}

__LAB_FN int
sigpending(sigset_t *set)
{
	*set = (sigset_t){{__lab_signals.pending, 0, 0, 0}};
	return (0);
}

__LAB_FN int
sigsuspend(const sigset_t *set)
{
	uint32_t mask = __lab_blocked;

	__lab_interrupted = 0;
	__lab_setmask(set->__bits[0]);
	while (__lab_interrupted == 0)
		__host_sigpause((int32_t)__lab_blocked, 0);
	__lab_setmask(mask);
	errno = EINTR;
	return (-1);
}

__LAB_FN int
pselect(int count, fd_set *__restrict in, fd_set *__restrict out, fd_set *__restrict except, const struct timespec *__restrict timeout, const sigset_t *__restrict set)
{
	uint32_t mask = __lab_blocked;
	int64_t duration = __lab_duration(timeout);
	int n = -1, why;

	if (duration < -1)
		return (-1);
	if (set == 0)
		return (__lab_select(count, in, out, except, duration));
	__lab_interrupted = 0;
	__lab_setmask(set->__bits[0]);
	if (__lab_interrupted == 0)
		n = __lab_select(count, in, out, except, duration);
	else
		errno = EINTR;
	why = errno;
	__lab_setmask(mask);
	errno = why;
	return (n);
}

__LAB_FN int
ppoll(struct pollfd *fds, nfds_t count, const struct timespec *__restrict timeout, const sigset_t *__restrict set)
{
	uint32_t mask = __lab_blocked;
	int64_t duration = __lab_duration(timeout);
	int n = -1, why;

	if (duration < -1)
		return (-1);
	if (set == 0)
		return (__lab_poll(fds, count, duration));
	__lab_interrupted = 0;
	__lab_setmask(set->__bits[0]);
	if (__lab_interrupted == 0)
		n = __lab_poll(fds, count, duration);
	else
		errno = EINTR;
	why = errno;
	__lab_setmask(mask);
	errno = why;
	return (n);
}

/* sigwait takes one of a set of blocked signals, and waits for it. */
__LAB_FN int
sigwait(const sigset_t *__restrict set, int *__restrict sig)
{
	uint32_t found;

	while ((found = __lab_signals.pending & set->__bits[0]) == 0)
		__host_sigpause((int32_t)(__lab_blocked & ~set->__bits[0]), 0);
	*sig = __builtin_ctz(found) + 1;
	__lab_signals.pending &= ~__LAB_BIT(*sig);
	return (0);
}

__END_DECLS

#ifdef _LAB_SYS_TIME_H_
#include <lab/itimer.h>
#endif

#endif

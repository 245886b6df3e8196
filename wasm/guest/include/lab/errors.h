/*
 * The errors that a BSD has and WASI has not, and what strerror(3) says of all.
 *
 * A program sees WASI's number of an error, and 0x100 plus the BSD's where WASI
 * has none. The sentences are those of the BSDs.
 */
#ifndef _LAB_ERRORS_H_
#define _LAB_ERRORS_H_

#if defined(__cplusplus)
#pragma clang system_header
#endif

#include <lab/host.h>

#define ENOTBLK (0x100 + 15)
#define ESOCKTNOSUPPORT (0x100 + 44)
#define EPFNOSUPPORT (0x100 + 46)
#define ESHUTDOWN (0x100 + 58)
#define ETOOMANYREFS (0x100 + 59)
#define EHOSTDOWN (0x100 + 64)
#define EPROCLIM (0x100 + 67)
#define EUSERS (0x100 + 68)
#define EREMOTE (0x100 + 71)
#define EBADRPC (0x100 + 72)
#define ERPCMISMATCH (0x100 + 73)
#define EPROGUNAVAIL (0x100 + 74)
#define EPROGMISMATCH (0x100 + 75)
#define EPROCUNAVAIL (0x100 + 76)
#define EFTYPE (0x100 + 79)
#define EAUTH (0x100 + 80)
#define ENEEDAUTH (0x100 + 81)
#define ENOATTR (0x100 + 87)
#define EDOOFUS (0x100 + 88)
#define ECAPMODE (0x100 + 94)

__BEGIN_DECLS

/* __lab_message is what an error number means, a null pointer if nothing. */
__LAB_FN const char *
__lab_message(int e)
{
	static const char *const wasi[] = {
		[0] = "No error",
		[E2BIG] = "Argument list too long",
		[EACCES] = "Permission denied",
		[EADDRINUSE] = "Address already in use",
		[EADDRNOTAVAIL] = "Can't assign requested address",
		[EAFNOSUPPORT] = "Address family not supported by protocol family",
		[EAGAIN] = "Resource temporarily unavailable",
		[EALREADY] = "Operation already in progress",
		[EBADF] = "Bad file descriptor",
		[EBADMSG] = "Bad message",
		[EBUSY] = "Device busy",
		[ECANCELED] = "Operation canceled",
		[ECHILD] = "No child processes",
		[ECONNABORTED] = "Software caused connection abort",
		[ECONNREFUSED] = "Connection refused",
		[ECONNRESET] = "Connection reset by peer",
		[EDEADLK] = "Resource deadlock avoided",
		[EDESTADDRREQ] = "Destination address required",
		[EDOM] = "Numerical argument out of domain",
		[EDQUOT] = "Disc quota exceeded",
		[EEXIST] = "File exists",
		[EFAULT] = "Bad address",
		[EFBIG] = "File too large",
		[EHOSTUNREACH] = "No route to host",
		[EIDRM] = "Identifier removed",
		[EILSEQ] = "Illegal byte sequence",
		[EINPROGRESS] = "Operation now in progress",
		[EINTR] = "Interrupted system call",
		[EINVAL] = "Invalid argument",
		[EIO] = "Input/output error",
		[EISCONN] = "Socket is already connected",
		[EISDIR] = "Is a directory",
		[ELOOP] = "Too many levels of symbolic links",
		[EMFILE] = "Too many open files",
		[EMLINK] = "Too many links",
		[EMSGSIZE] = "Message too long",
		[EMULTIHOP] = "Multihop attempted",
		[ENAMETOOLONG] = "File name too long",
		[ENETDOWN] = "Network is down",
		[ENETRESET] = "Network dropped connection on reset",
		[ENETUNREACH] = "Network is unreachable",
		[ENFILE] = "Too many open files in system",
		[ENOBUFS] = "No buffer space available",
		[ENODEV] = "Operation not supported by device",
		[ENOENT] = "No such file or directory",
		[ENOEXEC] = "Exec format error",
		[ENOLCK] = "No locks available",
		[ENOLINK] = "Link has been severed",
		[ENOMEM] = "Cannot allocate memory",
		[ENOMSG] = "No message of desired type",
		[ENOPROTOOPT] = "Protocol not available",
		[ENOSPC] = "No space left on device",
		[ENOSYS] = "Function not implemented",
		[ENOTCONN] = "Socket is not connected",
		[ENOTDIR] = "Not a directory",
		[ENOTEMPTY] = "Directory not empty",
		[ENOTRECOVERABLE] = "State not recoverable",
		[ENOTSOCK] = "Socket operation on non-socket",
		[EOPNOTSUPP] = "Operation not supported",
		[ENOTTY] = "Inappropriate ioctl for device",
		[ENXIO] = "Device not configured",
		[EOVERFLOW] = "Value too large to be stored in data type",
		[EOWNERDEAD] = "Previous owner died",
		[EPERM] = "Operation not permitted",
		[EPIPE] = "Broken pipe",
		[EPROTO] = "Protocol error",
		[EPROTONOSUPPORT] = "Protocol not supported",
		[EPROTOTYPE] = "Protocol wrong type for socket",
		[ERANGE] = "Result too large",
		[EROFS] = "Read-only file system",
		[ESPIPE] = "Illegal seek",
		[ESRCH] = "No such process",
		[ESTALE] = "Stale NFS file handle",
		[ETIMEDOUT] = "Operation timed out",
		[ETXTBSY] = "Text file busy",
		[EXDEV] = "Cross-device link",
		[ENOTCAPABLE] = "Capabilities insufficient",
	};
	static const char *const bsd[] = {
		[ENOTBLK - 0x100] = "Block device required",
		[ESOCKTNOSUPPORT - 0x100] = "Socket type not supported",
		[EPFNOSUPPORT - 0x100] = "Protocol family not supported",
		[ESHUTDOWN - 0x100] = "Can't send after socket shutdown",
		[ETOOMANYREFS - 0x100] = "Too many references: can't splice",
		[EHOSTDOWN - 0x100] = "Host is down",
		[EPROCLIM - 0x100] = "Too many processes",
		[EUSERS - 0x100] = "Too many users",
		[EREMOTE - 0x100] = "Too many levels of remote in path",
		[EBADRPC - 0x100] = "RPC struct is bad",
		[ERPCMISMATCH - 0x100] = "RPC version wrong",
		[EPROGUNAVAIL - 0x100] = "RPC prog. not avail",
		[EPROGMISMATCH - 0x100] = "Program version wrong",
		[EPROCUNAVAIL - 0x100] = "Bad procedure for program",
		[EFTYPE - 0x100] = "Inappropriate file type or format",
		[EAUTH - 0x100] = "Authentication error",
		[ENEEDAUTH - 0x100] = "Need authenticator",
		[ENOATTR - 0x100] = "Attribute not found",
		[EDOOFUS - 0x100] = "Programming error",
		[ECAPMODE - 0x100] = "Not permitted in capability mode",
	};

	if (e >= 0 && e < (int)(sizeof(wasi) / sizeof(wasi[0])))
		return (wasi[e]);
	if (e >= 0x100 && e < 0x100 + (int)(sizeof(bsd) / sizeof(bsd[0])))
		return (bsd[e - 0x100]);
	return (0);
}

/*
 * strerror has the linker's name of wasi-libc's, so that perror(3) and the %m of
 * printf(3) call it too.
 */
__LAB_FN char *
strerror(int e)
{
	static char unknown[32] = "Unknown error: ";
	const char *s = __lab_message(e);
	char digits[12], *d = digits + sizeof(digits), *u = unknown + 15;
	unsigned n = e < 0 ? -(unsigned)e : (unsigned)e;

	if (s != 0)
		return ((char *)s);
	*--d = 0;
	do
		*--d = (char)('0' + n % 10);
	while ((n /= 10) != 0);
	if (e < 0)
		*--d = '-';
	while ((*u++ = *d++) != 0)
		continue;
	return (unknown);
}

__END_DECLS

#endif

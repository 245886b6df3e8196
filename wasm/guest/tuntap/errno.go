package tuntap

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"syscall"
)

// An Errno is an error of the node's kernel, by the number that a guest sees: that
// of WASI, and 0x100 plus the BSD's where WASI has none. It prints as the BSDs'
// strerror(3) does, and errors.Is finds it equal to the syscall.Errno of the same
// number and to the errors of package io/fs.
type Errno uint16

// beyond is added to the number of a BSD's error that WASI has none for.
const beyond = 0x100

// The errors, all that a BSD has.
const (
	EPERM           Errno = 63
	ENOENT          Errno = 44
	ESRCH           Errno = 71
	EINTR           Errno = 27
	EIO             Errno = 29
	ENXIO           Errno = 60
	E2BIG           Errno = 1
	ENOEXEC         Errno = 45
	EBADF           Errno = 8
	ECHILD          Errno = 12
	EDEADLK         Errno = 16
	ENOMEM          Errno = 48
	EACCES          Errno = 2
	EFAULT          Errno = 21
	ENOTBLK         Errno = beyond + 15
	EBUSY           Errno = 10
	EEXIST          Errno = 20
	EXDEV           Errno = 75
	ENODEV          Errno = 43
	ENOTDIR         Errno = 54
	EISDIR          Errno = 31
	EINVAL          Errno = 28
	ENFILE          Errno = 41
	EMFILE          Errno = 33
	ENOTTY          Errno = 59
	ETXTBSY         Errno = 74
	EFBIG           Errno = 22
	ENOSPC          Errno = 51
	ESPIPE          Errno = 70
	EROFS           Errno = 69
	EMLINK          Errno = 34
	EPIPE           Errno = 64
	EDOM            Errno = 18
	ERANGE          Errno = 68
	EAGAIN          Errno = 6
	EINPROGRESS     Errno = 26
	EALREADY        Errno = 7
	ENOTSOCK        Errno = 57
	EDESTADDRREQ    Errno = 17
	EMSGSIZE        Errno = 35
	EPROTOTYPE      Errno = 67
	ENOPROTOOPT     Errno = 50
	EPROTONOSUPPORT Errno = 66
	ESOCKTNOSUPPORT Errno = beyond + 44
	EOPNOTSUPP      Errno = 58
	EPFNOSUPPORT    Errno = beyond + 46
	EAFNOSUPPORT    Errno = 5
	EADDRINUSE      Errno = 3
	EADDRNOTAVAIL   Errno = 4
	ENETDOWN        Errno = 38
	ENETUNREACH     Errno = 40
	ENETRESET       Errno = 39
	ECONNABORTED    Errno = 13
	ECONNRESET      Errno = 15
	ENOBUFS         Errno = 42
	EISCONN         Errno = 30
	ENOTCONN        Errno = 53
	ESHUTDOWN       Errno = beyond + 58
	ETOOMANYREFS    Errno = beyond + 59
	ETIMEDOUT       Errno = 73
	ECONNREFUSED    Errno = 14
	ELOOP           Errno = 32
	ENAMETOOLONG    Errno = 37
	EHOSTDOWN       Errno = beyond + 64
	EHOSTUNREACH    Errno = 23
	ENOTEMPTY       Errno = 55
	EPROCLIM        Errno = beyond + 67
	EUSERS          Errno = beyond + 68
	EDQUOT          Errno = 19
	ESTALE          Errno = 72
	EREMOTE         Errno = beyond + 71
	EBADRPC         Errno = beyond + 72
	ERPCMISMATCH    Errno = beyond + 73
	EPROGUNAVAIL    Errno = beyond + 74
	EPROGMISMATCH   Errno = beyond + 75
	EPROCUNAVAIL    Errno = beyond + 76
	ENOLCK          Errno = 46
	ENOSYS          Errno = 52
	EFTYPE          Errno = beyond + 79
	EAUTH           Errno = beyond + 80
	ENEEDAUTH       Errno = beyond + 81
	EIDRM           Errno = 24
	ENOMSG          Errno = 49
	EOVERFLOW       Errno = 61
	ECANCELED       Errno = 11
	EILSEQ          Errno = 25
	ENOATTR         Errno = beyond + 87
	EDOOFUS         Errno = beyond + 88
	EBADMSG         Errno = 9
	EMULTIHOP       Errno = 36
	ENOLINK         Errno = 47
	EPROTO          Errno = 65
	ENOTCAPABLE     Errno = 76
	ECAPMODE        Errno = beyond + 94

	EWOULDBLOCK = EAGAIN
	ENOTSUP     = EOPNOTSUPP
)

var messages = map[Errno]string{
	EPERM:           "Operation not permitted",
	ENOENT:          "No such file or directory",
	ESRCH:           "No such process",
	EINTR:           "Interrupted system call",
	EIO:             "Input/output error",
	ENXIO:           "Device not configured",
	E2BIG:           "Argument list too long",
	ENOEXEC:         "Exec format error",
	EBADF:           "Bad file descriptor",
	ECHILD:          "No child processes",
	EDEADLK:         "Resource deadlock avoided",
	ENOMEM:          "Cannot allocate memory",
	EACCES:          "Permission denied",
	EFAULT:          "Bad address",
	ENOTBLK:         "Block device required",
	EBUSY:           "Device busy",
	EEXIST:          "File exists",
	EXDEV:           "Cross-device link",
	ENODEV:          "Operation not supported by device",
	ENOTDIR:         "Not a directory",
	EISDIR:          "Is a directory",
	EINVAL:          "Invalid argument",
	ENFILE:          "Too many open files in system",
	EMFILE:          "Too many open files",
	ENOTTY:          "Inappropriate ioctl for device",
	ETXTBSY:         "Text file busy",
	EFBIG:           "File too large",
	ENOSPC:          "No space left on device",
	ESPIPE:          "Illegal seek",
	EROFS:           "Read-only file system",
	EMLINK:          "Too many links",
	EPIPE:           "Broken pipe",
	EDOM:            "Numerical argument out of domain",
	ERANGE:          "Result too large",
	EAGAIN:          "Resource temporarily unavailable",
	EINPROGRESS:     "Operation now in progress",
	EALREADY:        "Operation already in progress",
	ENOTSOCK:        "Socket operation on non-socket",
	EDESTADDRREQ:    "Destination address required",
	EMSGSIZE:        "Message too long",
	EPROTOTYPE:      "Protocol wrong type for socket",
	ENOPROTOOPT:     "Protocol not available",
	EPROTONOSUPPORT: "Protocol not supported",
	ESOCKTNOSUPPORT: "Socket type not supported",
	EOPNOTSUPP:      "Operation not supported",
	EPFNOSUPPORT:    "Protocol family not supported",
	EAFNOSUPPORT:    "Address family not supported by protocol family",
	EADDRINUSE:      "Address already in use",
	EADDRNOTAVAIL:   "Can't assign requested address",
	ENETDOWN:        "Network is down",
	ENETUNREACH:     "Network is unreachable",
	ENETRESET:       "Network dropped connection on reset",
	ECONNABORTED:    "Software caused connection abort",
	ECONNRESET:      "Connection reset by peer",
	ENOBUFS:         "No buffer space available",
	EISCONN:         "Socket is already connected",
	ENOTCONN:        "Socket is not connected",
	ESHUTDOWN:       "Can't send after socket shutdown",
	ETOOMANYREFS:    "Too many references: can't splice",
	ETIMEDOUT:       "Operation timed out",
	ECONNREFUSED:    "Connection refused",
	ELOOP:           "Too many levels of symbolic links",
	ENAMETOOLONG:    "File name too long",
	EHOSTDOWN:       "Host is down",
	EHOSTUNREACH:    "No route to host",
	ENOTEMPTY:       "Directory not empty",
	EPROCLIM:        "Too many processes",
	EUSERS:          "Too many users",
	EDQUOT:          "Disc quota exceeded",
	ESTALE:          "Stale NFS file handle",
	EREMOTE:         "Too many levels of remote in path",
	EBADRPC:         "RPC struct is bad",
	ERPCMISMATCH:    "RPC version wrong",
	EPROGUNAVAIL:    "RPC prog. not avail",
	EPROGMISMATCH:   "Program version wrong",
	EPROCUNAVAIL:    "Bad procedure for program",
	ENOLCK:          "No locks available",
	ENOSYS:          "Function not implemented",
	EFTYPE:          "Inappropriate file type or format",
	EAUTH:           "Authentication error",
	ENEEDAUTH:       "Need authenticator",
	EIDRM:           "Identifier removed",
	ENOMSG:          "No message of desired type",
	EOVERFLOW:       "Value too large to be stored in data type",
	ECANCELED:       "Operation canceled",
	EILSEQ:          "Illegal byte sequence",
	ENOATTR:         "Attribute not found",
	EDOOFUS:         "Programming error",
	EBADMSG:         "Bad message",
	EMULTIHOP:       "Multihop attempted",
	ENOLINK:         "Link has been severed",
	EPROTO:          "Protocol error",
	ENOTCAPABLE:     "Capabilities insufficient",
	ECAPMODE:        "Not permitted in capability mode",
}

// Error is what strerror(3) says: "Host is down".
func (e Errno) Error() string {
	if m, ok := messages[e]; ok {
		return m
	}
	return "Unknown error: " + strconv.Itoa(int(e))
}

// Is makes errors.Is(err, syscall.EINTR) and errors.Is(err, os.ErrNotExist) work.
func (e Errno) Is(target error) bool {
	switch target {
	case fs.ErrPermission:
		return e == EACCES || e == EPERM
	case fs.ErrExist:
		return e == EEXIST || e == ENOTEMPTY
	case fs.ErrNotExist:
		return e == ENOENT
	case errors.ErrUnsupported:
		return e == ENOSYS || e == EOPNOTSUPP
	}
	var s syscall.Errno
	return errors.As(target, &s) && int(s) == int(e)
}

// Timeout reports whether waiting longer would have helped.
func (e Errno) Timeout() bool { return e == EAGAIN || e == ETIMEDOUT }

// Temporary reports whether the call may work when it is made again.
func (e Errno) Temporary() bool { return e == EINTR || e == EMFILE || e == ENFILE || e.Timeout() }

// Explain returns err with its syscall.Errno, if it has one, as an Errno: package os
// prints the errors that WASI lacks as numbers, and the others in words of its own.
func Explain(err error) error {
	var s syscall.Errno
	if err == nil || !errors.As(err, &s) || s == 0 {
		return err
	}
	var pe *os.PathError
	if errors.As(err, &pe) {
		return &os.PathError{Op: pe.Op, Path: pe.Path, Err: Errno(s)}
	}
	var se *os.SyscallError
	if errors.As(err, &se) {
		return &os.SyscallError{Syscall: se.Syscall, Err: Errno(s)}
	}
	return Errno(s)
}

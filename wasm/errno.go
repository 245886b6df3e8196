package wasm

import "wireloom/vnet/errno"

// beyondWASI is added to the number of a BSD's error that WASI has none for.
const beyondWASI = 0x100

// wasiErrno are WASI's numbers of the errors it has (wasi_snapshot_preview1, errno).
var wasiErrno = [...]uint16{
	errno.E2BIG: 1, errno.EACCES: 2, errno.EADDRINUSE: 3, errno.EADDRNOTAVAIL: 4, errno.EAFNOSUPPORT: 5,
	errno.EAGAIN: 6, errno.EALREADY: 7, errno.EBADF: 8, errno.EBADMSG: 9, errno.EBUSY: 10, errno.ECANCELED: 11,
	errno.ECHILD: 12, errno.ECONNABORTED: 13, errno.ECONNREFUSED: 14, errno.ECONNRESET: 15, errno.EDEADLK: 16,
	errno.EDESTADDRREQ: 17, errno.EDOM: 18, errno.EDQUOT: 19, errno.EEXIST: 20, errno.EFAULT: 21, errno.EFBIG: 22,
	errno.EHOSTUNREACH: 23, errno.EIDRM: 24, errno.EILSEQ: 25, errno.EINPROGRESS: 26, errno.EINTR: 27,
	errno.EINVAL: 28, errno.EIO: 29, errno.EISCONN: 30, errno.EISDIR: 31, errno.ELOOP: 32, errno.EMFILE: 33,
	errno.EMLINK: 34, errno.EMSGSIZE: 35, errno.EMULTIHOP: 36, errno.ENAMETOOLONG: 37, errno.ENETDOWN: 38,
	errno.ENETRESET: 39, errno.ENETUNREACH: 40, errno.ENFILE: 41, errno.ENOBUFS: 42, errno.ENODEV: 43,
	errno.ENOENT: 44, errno.ENOEXEC: 45, errno.ENOLCK: 46, errno.ENOLINK: 47, errno.ENOMEM: 48, errno.ENOMSG: 49,
	errno.ENOPROTOOPT: 50, errno.ENOSPC: 51, errno.ENOSYS: 52, errno.ENOTCONN: 53, errno.ENOTDIR: 54,
	errno.ENOTEMPTY: 55, errno.ENOTSOCK: 57, errno.EOPNOTSUPP: 58, errno.ENOTTY: 59, errno.ENXIO: 60,
	errno.EOVERFLOW: 61, errno.EPERM: 63, errno.EPIPE: 64, errno.EPROTO: 65, errno.EPROTONOSUPPORT: 66,
	errno.EPROTOTYPE: 67, errno.ERANGE: 68, errno.EROFS: 69, errno.ESPIPE: 70, errno.ESRCH: 71, errno.ESTALE: 72,
	errno.ETIMEDOUT: 73, errno.ETXTBSY: 74, errno.EXDEV: 75, errno.ENOTCAPABLE: 76,
}

// toWASI is the number that a guest sees for an error.
func toWASI(e errno.Errno) uint32 {
	switch {
	case e == errno.OK:
		return 0
	case int(e) < len(wasiErrno) && wasiErrno[e] != 0:
		return uint32(wasiErrno[e])
	}
	return beyondWASI + uint32(e)
}

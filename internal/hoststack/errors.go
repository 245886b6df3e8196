package hoststack

import (
	"gvisor.dev/gvisor/pkg/tcpip"

	"wireloom/vnet/errno"
)

// errnoOf is what a BSD says where netstack says err.
func errnoOf(err tcpip.Error) errno.Errno {
	switch err.(type) {
	case nil:
		return errno.OK
	case *tcpip.ErrAborted, *tcpip.ErrConnectionAborted:
		return errno.ECONNABORTED
	case *tcpip.ErrAddressFamilyNotSupported:
		return errno.EAFNOSUPPORT
	case *tcpip.ErrAlreadyBound:
		return errno.EINVAL
	case *tcpip.ErrAlreadyConnected:
		return errno.EISCONN
	case *tcpip.ErrAlreadyConnecting:
		return errno.EALREADY
	case *tcpip.ErrBadAddress, *tcpip.ErrBadLocalAddress:
		return errno.EADDRNOTAVAIL
	case *tcpip.ErrBadBuffer:
		return errno.EFAULT
	case *tcpip.ErrBroadcastDisabled:
		return errno.EACCES
	case *tcpip.ErrClosedForReceive:
		return errno.OK // the end of the stream: nothing was read, and nothing is wrong
	case *tcpip.ErrClosedForSend:
		return errno.EPIPE
	case *tcpip.ErrConnectStarted:
		return errno.EINPROGRESS
	case *tcpip.ErrConnectionRefused:
		return errno.ECONNREFUSED
	case *tcpip.ErrConnectionReset:
		return errno.ECONNRESET
	case *tcpip.ErrDestinationRequired:
		return errno.EDESTADDRREQ
	case *tcpip.ErrDuplicateAddress, *tcpip.ErrPortInUse:
		return errno.EADDRINUSE
	case *tcpip.ErrHostDown:
		return errno.EHOSTDOWN
	case *tcpip.ErrHostUnreachable:
		return errno.EHOSTUNREACH
	case *tcpip.ErrMessageTooLong:
		return errno.EMSGSIZE
	case *tcpip.ErrNetworkUnreachable:
		return errno.ENETUNREACH
	case *tcpip.ErrNoBufferSpace:
		return errno.ENOBUFS
	case *tcpip.ErrNoNet:
		return errno.ENETDOWN
	case *tcpip.ErrNoPortAvailable:
		return errno.EADDRNOTAVAIL
	case *tcpip.ErrNoSuchFile:
		return errno.ENOENT
	case *tcpip.ErrNotConnected:
		return errno.ENOTCONN
	case *tcpip.ErrNotPermitted:
		return errno.EPERM
	case *tcpip.ErrNotSupported, *tcpip.ErrQueueSizeNotSupported:
		return errno.EOPNOTSUPP
	case *tcpip.ErrTimeout:
		return errno.ETIMEDOUT
	case *tcpip.ErrUnknownDevice, *tcpip.ErrUnknownNICID, *tcpip.ErrInvalidNICID:
		return errno.ENXIO
	case *tcpip.ErrUnknownProtocol:
		return errno.EPROTONOSUPPORT
	case *tcpip.ErrUnknownProtocolOption:
		return errno.ENOPROTOOPT
	case *tcpip.ErrWouldBlock:
		return errno.EWOULDBLOCK
	case *tcpip.ErrDuplicateNICID, *tcpip.ErrInvalidEndpointState, *tcpip.ErrInvalidOptionValue, *tcpip.ErrInvalidPortRange,
		*tcpip.ErrMalformedHeader, *tcpip.ErrMissingRequiredFields, *tcpip.ErrMulticastInputCannotBeOutput, *tcpip.ErrEndpointBusy:
		return errno.EINVAL
	}
	return errno.EIO
}

package inet

import (
	"fmt"
)

// A SockOpt is an option of a socket. Flags are 0 and 1.
type SockOpt uint8

// The options. SO_BINDTODEVICE, whose value is a name, is Proc.BindDevice.
const (
	SO_REUSEADDR SockOpt = iota
	SO_REUSEPORT
	SO_BROADCAST // send to broadcast addresses; EACCES without it
	SO_KEEPALIVE
	SO_SNDBUF   // bytes
	SO_RCVBUF   // bytes
	SO_LINGER   // seconds that close waits for, below 0 off; with 0 a close resets
	SO_RCVTIMEO // nanoseconds that a call waits at most; 0 is for ever
	SO_SNDTIMEO
	SO_ERROR      // read only; reading clears it
	SO_TYPE       // read only: SOCK_STREAM or SOCK_DGRAM
	SO_ACCEPTCONN // read only: it listens
	IP_TTL        // hops, also of IPv6
	IP_TOS
	TCP_NODELAY
	TCP_MAXSEG // read only
	IPV6_V6ONLY
	SO_NREAD // read only: bytes that a receive can take now, of datagrams those of the first; what FIONREAD tells
	sockOpts
)

// SOCK_STREAM and SOCK_DGRAM are the values of SO_TYPE.
const (
	SOCK_STREAM = 1
	SOCK_DGRAM  = 2
)

var sockOptNames = [sockOpts]string{
	"SO_REUSEADDR", "SO_REUSEPORT", "SO_BROADCAST", "SO_KEEPALIVE", "SO_SNDBUF", "SO_RCVBUF", "SO_LINGER", "SO_RCVTIMEO", "SO_SNDTIMEO",
	"SO_ERROR", "SO_TYPE", "SO_ACCEPTCONN", "IP_TTL", "IP_TOS", "TCP_NODELAY", "TCP_MAXSEG", "IPV6_V6ONLY", "SO_NREAD",
}

// String is the option's name.
func (o SockOpt) String() string {
	if o < sockOpts {
		return sockOptNames[o]
	}
	return fmt.Sprintf("option %d", uint8(o))
}

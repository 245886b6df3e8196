package host

import (
	"cmp"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/inet/dialect"
)

// flag is 1 for true.
func flag(on bool) int {
	if on {
		return 1
	}
	return 0
}

// setOption sets what all kinds of sockets have; ok says whether it was one of those.
func (k *socket) setOption(o inet.SockOpt, v int) (e errno.Errno, ok bool) {
	on := v != 0
	switch {
	case o == inet.SO_REUSEADDR:
		k.ReuseAddr = on
	case o == inet.SO_REUSEPORT:
		k.ReusePort = on
	case o == inet.SO_BROADCAST:
		k.broadcast = on
	case o == inet.IP_TTL:
		if v < 1 || v > 255 {
			return errno.EINVAL, true
		}
		k.ttl = uint8(v)
	case o == inet.IP_TOS && !k.V6:
		k.tos = uint8(v)
	case o == inet.IPV6_V6ONLY && k.V6:
		if !on {
			return errno.EINVAL, true // a socket is of one family here
		}
	default:
		return errno.ENOPROTOOPT, false
	}
	return errno.OK, true
}

// option is setOption's other direction.
func (k *socket) option(o inet.SockOpt) (v int, ok bool) {
	switch {
	case o == inet.SO_REUSEADDR:
		return flag(k.ReuseAddr), true
	case o == inet.SO_REUSEPORT:
		return flag(k.ReusePort), true
	case o == inet.SO_BROADCAST:
		return flag(k.broadcast), true
	case o == inet.IP_TTL:
		switch {
		case k.ttl != 0:
			return int(k.ttl), true
		case k.V6:
			return int(k.s.v.IP6.HopLimit), true
		}
		return int(k.s.v.IP4.TTL), true
	case o == inet.IP_TOS && !k.V6:
		return int(k.tos), true
	case o == inet.IPV6_V6ONLY && k.V6:
		return 1, true
	}
	return 0, false
}

// buffer is what SO_SNDBUF or SO_RCVBUF comes to: ENOBUFS beyond what a kernel gives
// (sbreserve); Linux gives as much as there is.
func (s *Stack) buffer(v int) (int, errno.Errno) {
	limit := s.v.Sockets.MaxBuffer
	switch {
	case v <= 0:
		return 0, errno.EINVAL
	case v <= limit:
		return v, errno.OK
	case s.dialect == dialect.Linux:
		return limit, errno.OK
	}
	return 0, errno.ENOBUFS
}

// SetOption implements inet.Socket.
func (k *datagram) SetOption(o inet.SockOpt, v int) errno.Errno {
	if e := k.enter(); e != errno.OK {
		return e
	}
	if e, ok := k.setOption(o, v); ok {
		return e
	}
	switch o {
	case inet.SO_SNDBUF, inet.SO_RCVBUF:
		n, e := k.s.buffer(v)
		switch {
		case e != errno.OK:
			return e
		case o == inet.SO_SNDBUF:
			k.send = n
		default:
			k.receive.Max = n
		}
	case inet.SO_KEEPALIVE, inet.SO_LINGER: // a datagram socket takes them, and they do nothing
	default:
		return errno.ENOPROTOOPT
	}
	return errno.OK
}

// Option implements inet.Socket.
func (k *datagram) Option(o inet.SockOpt) (int, errno.Errno) {
	if e := k.enter(); e != errno.OK {
		return 0, e
	}
	if v, ok := k.option(o); ok {
		return v, errno.OK
	}
	switch o {
	case inet.SO_SNDBUF:
		return k.send, errno.OK
	case inet.SO_RCVBUF:
		return k.receive.Max, errno.OK
	case inet.SO_KEEPALIVE, inet.SO_ACCEPTCONN:
		return 0, errno.OK
	case inet.SO_LINGER:
		return -1, errno.OK
	case inet.SO_NREAD:
		w, _ := k.receive.First()
		return len(w.Data), errno.OK
	default:
		return 0, errno.ENOPROTOOPT
	}
}

// SetOption implements inet.Socket.
func (k *stream) SetOption(o inet.SockOpt, v int) errno.Errno {
	if e := k.enter(); e != errno.OK {
		return e
	}
	if e, ok := k.setOption(o, v); ok {
		return e
	}
	opts := &k.opts
	switch o {
	case inet.SO_SNDBUF, inet.SO_RCVBUF:
		n, e := k.s.buffer(v)
		switch {
		case e != errno.OK:
			return e
		case o == inet.SO_SNDBUF:
			opts.SndBuf = n
		default:
			opts.RcvBuf = n
		}
	case inet.SO_KEEPALIVE:
		opts.KeepAlive = v != 0
	case inet.SO_LINGER:
		opts.Linger = max(v, -1)
	case inet.TCP_NODELAY:
		opts.NoDelay = v != 0
	default:
		return errno.ENOPROTOOPT
	}
	switch {
	case k.end.conn != nil:
		k.end.conn.SetOptions(k.s.now, *opts, &k.s.tcpActs)
		k.end.do()
		k.s.leave()
	case k.end.listener != nil:
		k.end.listener.SetOptions(*opts)
	}
	return errno.OK
}

// Option implements inet.Socket.
func (k *stream) Option(o inet.SockOpt) (int, errno.Errno) {
	if e := k.enter(); e != errno.OK {
		return 0, e
	}
	if v, ok := k.option(o); ok {
		return v, errno.OK
	}
	opts := k.opts
	if k.end.conn != nil {
		opts = k.end.conn.Options()
	}
	switch o {
	case inet.SO_SNDBUF:
		return cmp.Or(opts.SndBuf, k.s.v.TCP.SndBuf), errno.OK
	case inet.SO_RCVBUF:
		return cmp.Or(opts.RcvBuf, k.s.v.TCP.RcvBuf), errno.OK
	case inet.SO_KEEPALIVE:
		return flag(opts.KeepAlive), errno.OK
	case inet.SO_LINGER:
		return opts.Linger, errno.OK
	case inet.TCP_NODELAY:
		return flag(opts.NoDelay), errno.OK
	case inet.SO_ACCEPTCONN:
		return flag(k.end.listener != nil), errno.OK
	case inet.TCP_MAXSEG:
		if k.end.conn != nil {
			return k.end.conn.MSS(), errno.OK
		}
		return k.s.v.TCP.MSSDefault, errno.OK
	case inet.SO_NREAD:
		if k.end.conn != nil {
			n, _ := k.end.conn.Readable()
			return n, errno.OK
		}
		return 0, errno.OK
	default:
		return 0, errno.ENOPROTOOPT
	}
}

package hoststack

import (
	"cmp"
	"slices"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
)

// broadcaster is the interface that a packet to 255.255.255.255 leaves by where the
// socket is bound to none: the first that is up and has an IPv4 address and a
// broadcast one. (The BSDs send it to that one's own broadcast address, in_pcbladdr;
// a lab's packet keeps the address that it was sent to.)
func (s *netStack) broadcaster() tcpip.NICID {
	for _, l := range s.links {
		if l.kind == etherLink && l.up && !l.detached &&
			slices.ContainsFunc(l.addrs, func(a tcpip.ProtocolAddress) bool { return a.Protocol == header.IPv4ProtocolNumber }) {
			return l.id
		}
	}
	return 0
}

// BindDevice implements inet.Socket.
func (k *socket) BindDevice(nic int) errno.Errno {
	if e := k.enter(); e != errno.OK {
		return e
	}
	l, id := (*link)(nil), tcpip.NICID(0)
	if nic >= 0 {
		if l = k.s.link(nic); l == nil {
			return errno.ENXIO
		}
		id = l.id
	}
	if k.ep != nil {
		defer k.s.settle()
		if err := k.ep.SocketOptions().SetBindToDevice(int32(id)); err != nil {
			return errnoOf(err)
		}
	}
	k.device = l
	return errno.OK
}

// flag is 1 for true.
func flag(on bool) int {
	if on {
		return 1
	}
	return 0
}

// SetOption implements inet.Socket.
func (k *socket) SetOption(o inet.SockOpt, v int) errno.Errno {
	if e := k.enter(); e != errno.OK {
		return e
	}
	defer k.s.settle()
	so, on := k.ep.SocketOptions(), v != 0
	switch {
	case o == inet.SO_REUSEADDR:
		so.SetReuseAddress(on)
	case o == inet.SO_REUSEPORT:
		so.SetReusePort(on)
	case o == inet.SO_BROADCAST:
		so.SetBroadcast(on)
	case o == inet.SO_KEEPALIVE:
		so.SetKeepAlive(on)
	case o == inet.SO_SNDBUF, o == inet.SO_RCVBUF:
		if v <= 0 {
			return errno.EINVAL // sbreserve
		}
		if o == inet.SO_SNDBUF {
			lo, hi := so.SendBufferLimits()
			so.SetSendBufferSize(min(max(int64(v), lo), hi), true)
		} else {
			lo, hi := so.ReceiveBufferLimits()
			k.setReceiveBuffer(min(max(int64(v), lo), hi))
		}
	case o == inet.SO_LINGER:
		so.SetLinger(tcpip.LingerOption{Enabled: v >= 0, Timeout: time.Duration(max(v, 0)) * time.Second})
	case o == inet.IP_TTL:
		if v < 1 || v > 255 {
			return errno.EINVAL
		}
		return errnoOf(k.ep.SetSockOptInt(k.ttlOption(), v))
	case o == inet.IP_TOS && !k.v6():
		return errnoOf(k.ep.SetSockOptInt(tcpip.IPv4TOSOption, v&0xff))
	case o == inet.TCP_NODELAY && k.stream():
		so.SetDelayOption(!on)
	case o == inet.IPV6_V6ONLY && k.v6():
		if !on {
			return errno.EINVAL // a socket is of one family here
		}
	default:
		return errno.ENOPROTOOPT
	}
	return errno.OK
}

func (k *socket) ttlOption() tcpip.SockOptInt {
	if k.v6() {
		return tcpip.IPv6HopLimitOption
	}
	return tcpip.IPv4TTLOption
}

// Option implements inet.Socket.
func (k *socket) Option(o inet.SockOpt) (int, errno.Errno) {
	if e := k.enter(); e != errno.OK {
		return 0, e
	}
	so := k.ep.SocketOptions()
	number := func(opt tcpip.SockOptInt) (int, errno.Errno) {
		v, err := k.ep.GetSockOptInt(opt)
		return v, errnoOf(err)
	}
	switch {
	case o == inet.SO_REUSEADDR:
		return flag(so.GetReuseAddress()), errno.OK
	case o == inet.SO_REUSEPORT:
		return flag(so.GetReusePort()), errno.OK
	case o == inet.SO_BROADCAST:
		return flag(so.GetBroadcast()), errno.OK
	case o == inet.SO_KEEPALIVE:
		return flag(so.GetKeepAlive()), errno.OK
	case o == inet.SO_SNDBUF:
		return int(so.GetSendBufferSize()), errno.OK
	case o == inet.SO_RCVBUF:
		return int(max(so.GetReceiveBufferSize(), k.shutAt)), errno.OK
	case o == inet.SO_LINGER:
		if l := so.GetLinger(); l.Enabled {
			return int(l.Timeout / time.Second), errno.OK
		}
		return -1, errno.OK
	case o == inet.SO_ACCEPTCONN:
		return flag(k.listen), errno.OK
	case o == inet.IP_TTL:
		v, e := number(k.ttlOption())
		if v <= 0 { // netstack's word for its default
			v = defaultTTL
		}
		return v, e
	case o == inet.IP_TOS && !k.v6():
		return number(tcpip.IPv4TOSOption)
	case o == inet.TCP_NODELAY && k.stream():
		return flag(!so.GetDelayOption()), errno.OK
	case o == inet.TCP_MAXSEG && k.stream():
		return number(tcpip.MaxSegOption)
	case o == inet.IPV6_V6ONLY && k.v6():
		return 1, errno.OK
	case o == inet.SO_NREAD && k.listen:
		return 0, errno.OK
	case o == inet.SO_NREAD:
		return number(tcpip.ReceiveQueueSizeOption)
	}
	return 0, errno.ENOPROTOOPT
}

// SetOption implements inet.Socket: an ICMP socket has its time to live, and a
// receive buffer that stays as it is.
func (k *icmpSocket) SetOption(o inet.SockOpt, v int) errno.Errno {
	if e := k.enter(); e != errno.OK {
		return e
	}
	switch o {
	case inet.IP_TTL:
		if v < 1 || v > 255 {
			return errno.EINVAL
		}
		k.hops = uint8(v)
	case inet.SO_RCVBUF, inet.SO_SNDBUF, inet.SO_BROADCAST:
	default:
		return errno.ENOPROTOOPT
	}
	return errno.OK
}

// Option implements inet.Socket.
func (k *icmpSocket) Option(o inet.SockOpt) (int, errno.Errno) {
	if e := k.enter(); e != errno.OK {
		return 0, e
	}
	switch o {
	case inet.IP_TTL:
		return int(k.hops), errno.OK
	case inet.SO_RCVBUF, inet.SO_SNDBUF:
		return maxDatagrams, errno.OK
	case inet.SO_NREAD:
		if len(k.queue) == 0 {
			return 0, errno.OK
		}
		return len(k.queue[0].data), errno.OK
	default:
		return 0, errno.ENOPROTOOPT
	}
}

// BindDevice implements inet.Socket: it says where requests leave.
func (k *icmpSocket) BindDevice(nic int) errno.Errno {
	e := k.socket.BindDevice(nic)
	if e == errno.OK && k.route != nil {
		k.route.Release()
		k.route = nil
	}
	return e
}

// tcpStates are netstat's names (tcp_fsm.h).
var tcpStates = map[tcp.EndpointState]string{
	tcp.StateInitial: "CLOSED", tcp.StateBound: "CLOSED", tcp.StateListen: "LISTEN", tcp.StateConnecting: "SYN_SENT", tcp.StateSynSent: "SYN_SENT",
	tcp.StateSynRecv: "SYN_RCVD", tcp.StateEstablished: "ESTABLISHED", tcp.StateFinWait1: "FIN_WAIT_1", tcp.StateFinWait2: "FIN_WAIT_2",
	tcp.StateTimeWait: "TIME_WAIT", tcp.StateCloseWait: "CLOSE_WAIT", tcp.StateLastAck: "LAST_ACK", tcp.StateClosing: "CLOSING",
}

// Sockets implements inet.Stack.
func (s *netStack) Sockets() []inet.SocketStatus {
	all := make([]*socket, 0, len(s.sockets))
	for _, k := range s.sockets {
		all = append(all, k)
	}
	slices.SortFunc(all, func(a, b *socket) int { return cmp.Compare(a.id, b.id) })
	out := []inet.SocketStatus{}
	for _, k := range all {
		if k.ep == nil {
			continue // of ICMP: nothing that netstat would show
		}
		st := inet.SocketStatus{Kind: k.kind, Local: k.Local(), Remote: k.Remote()}
		if k.stream() {
			if st.State = tcpStates[tcp.EndpointState(k.ep.State())]; st.State == "" {
				st.State = "CLOSED"
			}
		}
		if n, err := k.ep.GetSockOptInt(tcpip.ReceiveQueueSizeOption); err == nil {
			st.RecvQ = n
		}
		st.SendQ = int(unacknowledged(k.ep))
		out = append(out, st)
	}
	return out
}

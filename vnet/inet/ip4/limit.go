package ip4

import (
	"fmt"
	"net/netip"
	"time"

	"wireloom/vnet/inet/dialect"
)

// rateKind is a kind of answer that a kernel counts by itself.
type rateKind uint8

const (
	rateUnreach   rateKind = iota // port unreachable
	rateEcho                      // echo reply
	rateTstamp                    // timestamp reply
	rateClosedRST                 // RST for a port that nobody has
	rateOpenRST                   // RST for a port that somebody listens to
	rateErrors                    // NetBSD: every ICMP error
	rateAnyRST                    // NetBSD: every RST
	rateKinds
)

// rateNames are what FreeBSD's console calls them (ip_icmp.c, badport_bandlim).
var rateNames = [rateKinds]string{"icmp unreach", "icmp ping", "icmp tstamp", "closed port RST", "open port RST", "icmp error", "RST"}

// A rate is the packets of a kind in the second that began at start.
type rate struct {
	start time.Duration
	n     int
	begun bool
}

// allow counts an answer and reports whether it may be sent. FreeBSD 9.1 lets 199 of 200
// pass: its ppsratecheck counts the first as 1 and wants less than the limit (kern_time.c).
// DragonFly's badport_bandlim lets all 200, NetBSD's ppsratecheck all 100 (kern_time.c).
func (l *Layer) allow(now time.Duration, k rateKind, a *Acts) bool {
	r, limit := &l.rates[k], l.v.ICMPLimit
	var ok bool
	switch l.v.Dialect {
	case dialect.Linux:
		return true
	case dialect.NetBSD:
		if k == rateAnyRST {
			limit = l.v.RSTLimit
		}
		if !r.begun || now-r.start >= time.Second {
			*r = rate{start: now, begun: true}
		}
		ok = limit < 0 || r.n < limit
		r.n++
	default:
		if limit <= 0 {
			return true
		}
		before := r.n
		if fresh := !r.begun || now-r.start >= time.Second; fresh {
			*r = rate{start: now, begun: true}
			l.tellLimit(k, before, limit, a)
		}
		r.n++
		if l.is(dialect.DragonFly) {
			ok = r.n <= limit
		} else {
			ok = r.n == 1 || r.n < limit
		}
	}
	if !ok {
		l.st.ICMP.Limited++
	}
	return ok
}

// tellLimit says on the console, a second or more late as the kernel does, how many
// there were.
func (l *Layer) tellLimit(k rateKind, n, limit int, a *Acts) {
	if l.v.LimitOutput && n > limit {
		a.Console = append(a.Console, fmt.Sprintf("Limiting %s responses: %d in a second, the limit is %d", rateNames[k], n, limit))
	}
}

// AllowRST reports whether TCP may answer a segment of no connection with a RST. open:
// somebody listens to the port.
func (l *Layer) AllowRST(now time.Duration, open bool, a *Acts) bool {
	switch {
	case l.is(dialect.NetBSD):
		return l.allow(now, rateAnyRST, a)
	case open:
		return l.allow(now, rateOpenRST, a)
	}
	return l.allow(now, rateClosedRST, a)
}

// tokens are Linux's limits of ICMP errors: a bucket for all (icmp.c, icmp_global_allow) and
// one for each host they go to (inetpeer.c, inet_peer_xrlim_allow).
type tokens struct {
	all   int
	stamp time.Duration
	begun bool
	hosts []tokenHost
}

type tokenHost struct {
	ip        netip.Addr
	saved     time.Duration // what has been saved up
	last      time.Duration
	redirects int
	told      time.Duration // the last redirect
}

const (
	tokenHosts = 256 // hosts that are kept; the kernel's tree of peers has 64 K
	tokenBytes = 64
)

// host returns the state of a host, made new, in the place of the one that was not heard
// of for longest if it must be.
func (t *tokens) host(now time.Duration, ip netip.Addr) *tokenHost {
	oldest := 0
	for i := range t.hosts {
		if t.hosts[i].ip == ip {
			return &t.hosts[i]
		}
		if t.hosts[i].last < t.hosts[oldest].last {
			oldest = i
		}
	}
	fresh := tokenHost{ip: ip, last: now - time.Minute, told: now - time.Minute} // a new peer has saved a minute
	if len(t.hosts) < tokenHosts {
		t.hosts = append(t.hosts, fresh)
		return &t.hosts[len(t.hosts)-1]
	}
	t.hosts[oldest] = fresh
	return &t.hosts[oldest]
}

// allowError takes tokens for an error of Linux's.
func (l *Layer) allowError(now time.Duration, to netip.Addr) bool {
	t := &l.tokens
	if !t.begun {
		t.begun, t.stamp, t.all = true, now, l.v.MsgsBurst
	}
	if since := min(now-t.stamp, time.Second); since >= time.Second/50 {
		if more := int(since * time.Duration(l.v.MsgsPerSec) / time.Second); more > 0 {
			t.all, t.stamp = min(t.all+more, l.v.MsgsBurst), now
		}
	}
	if t.all <= 0 {
		l.st.ICMP.Limited++
		return false
	}
	t.all = max(t.all-int(l.random16()%3), 0) // so that nobody learns the count from it
	return l.spend(now, to, l.v.RateBurst)
}

// spend takes a token of one host's, of which at most burst are saved.
func (l *Layer) spend(now time.Duration, to netip.Addr, burst int) bool {
	h := l.tokens.host(now, to)
	h.saved = min(h.saved+now-h.last, time.Duration(burst)*l.v.RateLimit)
	h.last = now
	if h.saved < l.v.RateLimit {
		l.st.ICMP.Limited++
		return false
	}
	h.saved -= l.v.RateLimit
	return true
}

// errorBurst is ip_rt_error_burst (net/ipv4/route.c) in units of ip_rt_error_cost, which is
// a second.
const errorBurst = 5

// allowNoWay is ip_error's limit. It takes from the same bucket as icmp_send, which asks
// again.
func (l *Layer) allowNoWay(now time.Duration, to netip.Addr) bool {
	return l.spend(now, to, errorBurst)
}

// Linux's redirects (route.c): ever rarer, and none after 9 until the sender was quiet.
const (
	redirectLoad    = 20 * time.Millisecond // ip_rt_redirect_load
	redirectNumber  = 9                     // ip_rt_redirect_number
	redirectSilence = redirectLoad << (redirectNumber + 1)
)

// allowRedirect is ip_rt_send_redirect's part of that.
func (l *Layer) allowRedirect(now time.Duration, to netip.Addr) bool {
	h := l.tokens.host(now, to)
	h.last = max(h.last, now-time.Minute)
	if now-h.told > redirectSilence {
		h.redirects = 0
	}
	if h.redirects >= redirectNumber {
		h.told = now
		return false
	}
	if h.redirects > 0 && now-h.told <= redirectLoad<<h.redirects {
		return false
	}
	h.told = now
	h.redirects++
	return true
}

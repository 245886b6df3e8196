// Package limit is how many answers a second a kernel sends to what nobody asked it for:
// ICMP errors, echo replies, RSTs.
package limit

import (
	"fmt"
	"net/netip"
	"time"

	"wireloom/vnet/inet/dialect"
)

// Rates are the tunable constants, with the sysctls of FreeBSD, DragonFly and NetBSD.
type Rates struct {
	// ICMPLimit is how many packets a second of one kind are answered, 0 for any
	// (net.inet.icmp.icmplim); on NetBSD of all errors together, below 0 for any
	// (net.inet.icmp.errppslimit).
	ICMPLimit int
	// LimitOutput tells of it on the console (net.inet.icmp.icmplim_output).
	LimitOutput bool
	// RSTLimit is NetBSD's for RSTs that no connection sends (net.inet.tcp.rstppslimit).
	RSTLimit int
	// RateLimit is Linux's time for one error to one host, RateBurst how many may be
	// saved up; MsgsPerSec and MsgsBurst hold for all hosts together
	// (net.ipv4.icmp_ratelimit, icmp_msgs_per_sec, icmp_msgs_burst; icmp.c,
	// inetpeer.c XRLIM_BURST_FACTOR).
	RateLimit             time.Duration
	RateBurst             int
	MsgsPerSec, MsgsBurst int
}

// RatesOf returns what a kernel starts with.
func RatesOf(d dialect.Dialect) Rates {
	switch d {
	case dialect.NetBSD:
		return Rates{ICMPLimit: 100, RSTLimit: 100} // ip_icmp.c icmperrppslim, tcp_subr.c tcp_rst_ppslim
	case dialect.Linux:
		return Rates{RateLimit: time.Second, RateBurst: 6, MsgsPerSec: 1000, MsgsBurst: 50}
	default:
		return Rates{ICMPLimit: 200, LimitOutput: true} // ip_icmp.c icmplim
	}
}

// Kind is a kind of answer that a kernel counts by itself.
type Kind uint8

// The kinds of answer.
const (
	Unreach   Kind = iota // port unreachable
	Echo                  // echo reply
	Tstamp                // timestamp reply
	ClosedRST             // RST for a port that nobody has
	OpenRST               // RST for a port that somebody listens to
	Errors                // NetBSD: every ICMP error
	AnyRST                // NetBSD: every RST
	kinds
)

// A State is what one host has answered lately.
type State struct {
	Limited uint64 // answers that were not sent

	rates  [kinds]rate
	tokens tokens
}

// names are what FreeBSD's console calls them (ip_icmp.c, badport_bandlim).
var names = [kinds]string{"icmp unreach", "icmp ping", "icmp tstamp", "closed port RST", "open port RST", "icmp error", "RST"}

// A rate is the packets of a kind in the second that began at start.
type rate struct {
	start time.Duration
	n     int
	begun bool
}

// Allow counts an answer and reports whether it may be sent, and what the console says then.
// FreeBSD 9.1 lets 199 of 200 pass: its ppsratecheck counts the first as 1 and wants less
// than the limit (kern_time.c). DragonFly's badport_bandlim lets all 200, NetBSD's
// ppsratecheck all 100 (kern_time.c).
func (s *State) Allow(now time.Duration, d dialect.Dialect, v *Rates, k Kind) (ok bool, console string) {
	r, limit := &s.rates[k], v.ICMPLimit
	switch d {
	case dialect.Linux:
		return true, ""
	case dialect.NetBSD:
		if k == AnyRST {
			limit = v.RSTLimit
		}
		if !r.begun || now-r.start >= time.Second {
			*r = rate{start: now, begun: true}
		}
		ok = limit < 0 || r.n < limit
		r.n++
	default:
		if limit <= 0 {
			return true, ""
		}
		if !r.begun || now-r.start >= time.Second {
			console = v.tell(k, r.n)
			*r = rate{start: now, begun: true}
		}
		r.n++
		if d == dialect.DragonFly {
			ok = r.n <= limit
		} else {
			ok = r.n == 1 || r.n < limit
		}
	}
	if !ok {
		s.Limited++
	}
	return ok, console
}

// tell is what the console says, a second or more late as the kernel does, of how many
// there were.
func (v *Rates) tell(k Kind, n int) string {
	if !v.LimitOutput || n <= v.ICMPLimit {
		return ""
	}
	return fmt.Sprintf("Limiting %s responses: %d in a second, the limit is %d", names[k], n, v.ICMPLimit)
}

// Bytes is how much the state holds.
func (s *State) Bytes() int { return len(s.tokens.hosts) * hostBytes }

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
	maxHosts  = 256 // hosts that are kept; the kernel's tree of peers has 64 K
	hostBytes = 64
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
	if len(t.hosts) < maxHosts {
		t.hosts = append(t.hosts, fresh)
		return &t.hosts[len(t.hosts)-1]
	}
	t.hosts[oldest] = fresh
	return &t.hosts[oldest]
}

// AllowError takes tokens for an error of Linux's. dice is any number.
func (s *State) AllowError(now time.Duration, v *Rates, to netip.Addr, dice uint16) bool {
	t := &s.tokens
	if !t.begun {
		t.begun, t.stamp, t.all = true, now, v.MsgsBurst
	}
	if since := min(now-t.stamp, time.Second); since >= time.Second/50 {
		if more := int(since * time.Duration(v.MsgsPerSec) / time.Second); more > 0 {
			t.all, t.stamp = min(t.all+more, v.MsgsBurst), now
		}
	}
	if t.all <= 0 {
		s.Limited++
		return false
	}
	t.all = max(t.all-int(dice%3), 0) // so that nobody learns the count from it
	return s.spend(now, v, to, v.RateBurst)
}

// spend takes a token of one host's, of which at most burst are saved.
func (s *State) spend(now time.Duration, v *Rates, to netip.Addr, burst int) bool {
	h := s.tokens.host(now, to)
	h.saved = min(h.saved+now-h.last, time.Duration(burst)*v.RateLimit)
	h.last = now
	if h.saved < v.RateLimit {
		s.Limited++
		return false
	}
	h.saved -= v.RateLimit
	return true
}

// errorBurst is ip_rt_error_burst (net/ipv4/route.c) in units of ip_rt_error_cost, which is
// a second.
const errorBurst = 5

// AllowNoWay is ip_error's limit. It takes from the same bucket as icmp_send, which asks
// again.
func (s *State) AllowNoWay(now time.Duration, v *Rates, to netip.Addr) bool {
	return s.spend(now, v, to, errorBurst)
}

// Linux's redirects (route.c): ever rarer, and none after 9 until the sender was quiet.
const (
	redirectLoad    = 20 * time.Millisecond // ip_rt_redirect_load
	redirectNumber  = 9                     // ip_rt_redirect_number
	redirectSilence = redirectLoad << (redirectNumber + 1)
)

// AllowRedirect is ip_rt_send_redirect's part of that.
func (s *State) AllowRedirect(now time.Duration, to netip.Addr) bool {
	h := s.tokens.host(now, to)
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

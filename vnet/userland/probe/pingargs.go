package probe

import (
	"math"
	"net/netip"
	"strconv"
	"time"

	"wireloom/vnet/sys"
	"wireloom/vnet/userland/command"
)

// Limits of ping(8) of FreeBSD 9.
const (
	pingMaxWait    = 10 * time.Second // for the last reply
	pingMaxAlarm   = 3600             // seconds, of -t
	pingDefault    = 56               // bytes of data
	pingMaxPayload = 65535 - 20 - 8

	ping6MaxPayload = 65535 - 8
	pingLeastWait   = time.Millisecond // between packets
)

// pingOptions are what ping was told.
type pingOptions struct {
	host     string
	dst      netip.Addr
	count    int64 // 0: for ever
	interval time.Duration
	size     int
	timeout  time.Duration // of the whole run; 0: none
	wait     time.Duration // for a reply
	waitSet  bool
	once     bool
	quiet    int
	verbose  bool
	ttl      int // of the requests; below 0 the node's
	src      netip.Addr
	iface    string // that they go out of; "" is what the routes say
	pattern  []byte
}

const (
	pingUsage = `ping [-46noQqv] [-c count] [-i wait] [-m ttl] [-p pattern] [-S src_addr]
            [-s packetsize] [-t timeout] [-W waittime] host`
	ping6Usage = `ping6 [-noqv] [-c count] [-h hoplimit] [-I interface] [-i wait]
             [-p pattern] [-S sourceaddr] [-s packetsize] host`
)

// six reports whether it is an IPv6 address that is pinged.
func (o *pingOptions) six() bool { return o.dst.Is6() }

// pingArgs reads the command line; stop says that the command ends with exit.
func pingArgs(p *command.Proc) (o pingOptions, exit sys.Exit, stop bool) {
	o = pingOptions{interval: time.Second, size: pingDefault, wait: pingMaxWait, ttl: -1}
	bad := func(format string, args ...any) (pingOptions, sys.Exit, bool) {
		return o, p.Fail(command.ExUsage, format, args...), true
	}
	g := command.Getopt{Args: p.Args()[1:]}
	letters, family, most := "46c:i:m:noQqp:S:s:t:vW:", byte(0), uint64(pingMaxPayload)
	if p.Command().Name() == "ping6" {
		letters, family, most = "c:h:I:i:nop:qS:s:v", '6', ping6MaxPayload
	}
	for {
		opt, why := g.Next(letters)
		if opt == 0 {
			break
		}
		switch opt {
		case '4', '6':
			family = opt
		case 'c':
			n, err := strconv.ParseInt(g.Arg, 0, 64)
			if err != nil || n <= 0 {
				return bad("invalid count of packets to transmit: `%s'", g.Arg)
			}
			o.count = n
		case 'i':
			f, err := strconv.ParseFloat(g.Arg, 64)
			if err != nil || math.IsNaN(f) || f < 0 || f > math.MaxInt32 {
				return bad("invalid timing interval: `%s'", g.Arg)
			}
			o.interval = time.Duration(f*1000) * time.Millisecond
			if o.interval < pingLeastWait {
				return bad("invalid timing interval: `%s'", g.Arg)
			}
		case 'h':
			n, err := strconv.Atoi(g.Arg)
			if err != nil || n < 0 || n > 255 {
				return o, p.Fail(1, "illegal hoplimit -- %s", g.Arg), true
			}
			o.ttl = n
		case 'I':
			o.iface = g.Arg
		case 'm':
			n, err := strconv.ParseUint(g.Arg, 0, 64)
			if err != nil || n > 255 {
				return bad("invalid TTL: `%s'", g.Arg)
			}
			o.ttl = int(n)
		case 'n': // addresses are never turned into names here
		case 'o':
			o.once = true
		case 'Q', 'q':
			o.quiet = max(o.quiet, 1)
			if opt == 'q' {
				o.quiet = 2
			}
		case 'p':
			var ok bool
			if o.pattern, ok = pingPattern(g.Arg); !ok {
				return bad("patterns must be specified as hex digits")
			}
		case 'S':
			var ok bool
			if o.src, ok = p.Resolve(g.Arg); !ok || o.src.Is6() != (p.Command().Name() == "ping6") {
				return o, p.Fail(command.ExNoHost, "cannot resolve %s: Unknown host", g.Arg), true
			}
		case 's':
			n, err := strconv.ParseUint(g.Arg, 0, 64)
			if err != nil {
				return bad("invalid packet size: `%s'", g.Arg)
			}
			if n > most {
				return bad("packet size too large: %d > %d", n, most)
			}
			o.size = int(n)
		case 't':
			n, err := strconv.ParseUint(g.Arg, 0, 64)
			if err != nil || n == 0 {
				return bad("invalid timeout: `%s'", g.Arg)
			}
			if n > pingMaxAlarm {
				return bad("invalid timeout: `%s' > %d", g.Arg, pingMaxAlarm)
			}
			o.timeout = time.Duration(n) * time.Second
		case 'v':
			o.verbose = true
		case 'W':
			f, err := strconv.ParseFloat(g.Arg, 64)
			if err != nil || math.IsNaN(f) || f < 0 || f > math.MaxInt32 {
				return bad("invalid timing interval: `%s'", g.Arg)
			}
			o.wait, o.waitSet = time.Duration(f)*time.Millisecond, true
		default:
			p.Warn("%s", why)
			return o, p.Misuse(), true
		}
	}
	if len(g.Args) != 1 {
		return o, p.Misuse(), true
	}
	o.host = g.Args[0]
	// FreeBSD 13's ping and ping6 are one program, which takes an IPv6 address for itself.
	// Before, ping knew none: nobody misses that.
	name, zone := o.host, ""
	if a, err := netip.ParseAddr(name); err == nil && a.Zone() != "" {
		zone, name = a.Zone(), a.WithZone("").String()
	}
	a, ok := p.Resolve(name)
	if zone != "" && o.iface == "" {
		o.iface = zone
	}
	if !ok || family == '4' && !a.Is4() || family == '6' && !a.Is6() {
		return o, p.Fail(command.ExNoHost, "cannot resolve %s: Unknown host", o.host), true
	}
	o.dst = a
	return o, sys.Exit{}, false
}

// pingPattern reads what the data of requests is filled with: up to 16 bytes in hex (ping.c, fill).
func pingPattern(text string) ([]byte, bool) {
	const most = 16
	var out []byte
	for i := 0; i < len(text) && len(out) < most; i += 2 {
		b, err := strconv.ParseUint(text[i:min(i+2, len(text))], 16, 8)
		if err != nil {
			return nil, false
		}
		out = append(out, byte(b))
	}
	return out, len(out) > 0
}

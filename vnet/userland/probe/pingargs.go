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
}

const (
	pingUsage = `ping [-46noQqv] [-c count] [-i wait] [-s packetsize] [-t timeout]
            [-W waittime] host`
	ping6Usage = "ping6 [-noqv] [-c count] [-i wait] [-s packetsize] host"
)

// six reports whether it is an IPv6 address that is pinged.
func (o *pingOptions) six() bool { return o.dst.Is6() }

// pingArgs reads the command line; stop says that the command ends with exit.
func pingArgs(p *command.Proc) (o pingOptions, exit sys.Exit, stop bool) {
	o = pingOptions{interval: time.Second, size: pingDefault, wait: pingMaxWait}
	bad := func(format string, args ...any) (pingOptions, sys.Exit, bool) {
		return o, p.Fail(command.ExUsage, format, args...), true
	}
	g := command.Getopt{Args: p.Args()[1:]}
	letters, family, most := "46c:i:noQqs:t:vW:", byte(0), uint64(pingMaxPayload)
	if p.Command().Name() == "ping6" {
		letters, family, most = "c:i:noqs:v", '6', ping6MaxPayload
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
		case 'n': // addresses are never turned into names here
		case 'o':
			o.once = true
		case 'Q', 'q':
			o.quiet = max(o.quiet, 1)
			if opt == 'q' {
				o.quiet = 2
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
	a, ok := p.Resolve(o.host)
	if !ok || family == '4' && !a.Is4() || family == '6' && !a.Is6() {
		return o, p.Fail(command.ExNoHost, "cannot resolve %s: Unknown host", o.host), true
	}
	o.dst = a
	return o, sys.Exit{}, false
}

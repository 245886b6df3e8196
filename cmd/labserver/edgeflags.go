package main

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"net"
	"os"
	"strconv"
	"strings"

	"wireloom/internal/door"
	"wireloom/internal/httpapi"
	"wireloom/internal/visitor"
)

// listFlag is a flag that may be given several times.
type listFlag []string

func (l *listFlag) String() string { return strings.Join(*l, ", ") }

func (l *listFlag) Set(v string) error {
	if v == "" {
		return errors.New("it is empty")
	}
	*l = append(*l, v)
	return nil
}

// edgeFlags say what the server is called and what is in front of it.
type edgeFlags struct {
	hosts, proxies listFlag
	header         *choice
	base, public   *string
}

func newEdgeFlags(f *flag.FlagSet) *edgeFlags {
	e := &edgeFlags{}
	f.Var(&e.hosts, "host", "a `name` that browsers reach the server by, besides addresses, localhost, this machine's own and that of --public-url; may be given several times; * is any")
	f.Var(&e.proxies, "trusted-proxy", "the `address` of a reverse proxy, or networks of several with commas between; loopback: this machine, unix: who uses the local socket. What it says of its visitors is believed, and nobody else's word")
	e.header = choiceFlag(f, "proxy-header", visitor.XForwardedFor, []string{visitor.XForwardedFor, visitor.Forwarded},
		"the `header` by which a trusted proxy says who its visitors are: "+visitor.XForwardedFor+" or "+visitor.Forwarded, nil)
	e.base = f.String("base-path", "/", "the `path` that the page and all else is under, such as /lab/")
	e.public = f.String("public-url", "", "the `URL` that visitors find the page at, such as https://www.example.org/lab/")
	return e
}

// site reads the flags of a server that listens on addr.
func (e *edgeFlags) site(addr string) (visitor.Site, error) {
	s := visitor.Site{Names: append(ownNames(addr), e.hosts...)}
	var err error
	if s.Base, err = visitor.ParseBase(*e.base); err != nil {
		return s, err
	}
	if *e.public != "" {
		if s.Public, err = visitor.ParsePublic(*e.public); err != nil {
			return s, err
		}
	}
	s.Proxies, err = visitor.ParseProxies(e.proxies, e.header.now)
	return s, err
}

// ownNames are what a machine is called by itself, and on its own network.
func ownNames(addr string) []string {
	var names []string
	if host, _, err := net.SplitHostPort(addr); err == nil && host != "" {
		names = append(names, host)
	}
	if host, err := os.Hostname(); err == nil {
		short, _, _ := strings.Cut(host, ".")
		names = append(names, host, short, short+".local") // RFC 6762, 3
	}
	return names
}

// A limitFlag is a limit for all and for each client, with a flag for each.
type limitFlag struct {
	name, what string // what: "labs at once", behind "have at most this number of"
	to         *visitor.Limit
	otherwise  visitor.Limit
	bytes      bool
}

// limitFlags are the flags of a server's limits.
type limitFlags struct {
	limits httpapi.Limits
	flags  []limitFlag
	class  *int64
}

func newLimitFlags(f *flag.FlagSet) *limitFlags {
	l := &limitFlags{}
	d := httpapi.DefaultLimits
	l.flags = []limitFlag{
		{"max-labs", "labs at once", &l.limits.Labs, d.Labs, false},
		{"max-viewers", "pages that watch labs at once", &l.limits.Viewers, d.Viewers, false},
		{"max-uploads", "programs on their way at once", &l.limits.Uploads, d.Uploads, false},
		{"max-downloads", "captures and recordings on their way at once", &l.limits.Downloads, d.Downloads, false},
		{"max-checks", "labs whose programs are checked at once, or wait for it", &l.limits.Checks, d.Checks, false},
		{"max-connections", "connections at once", &l.limits.Connections, d.Connections, false},
		{"max-disk", "bytes of captures and programs of open labs on disk", &l.limits.Disk, d.Disk, true},
	}
	for _, x := range l.flags {
		f.Var(&amount{&x.to.All, x.otherwise.All, x.bytes}, x.name, "have at most this `number` of "+x.what+"; -1 for no limit")
		f.Var(&amount{&x.to.Each, x.otherwise.Each, x.bytes}, x.name+"-per-client", "of them, at most this `number` for one address; -1 for no limit")
	}
	l.class = f.Int64("class-size", 0, "so many `people` may share one address, as a class behind one router does: raises what the limits by client allow, unless they are given")
	return l
}

// maxClass is the largest class: with it no limit overflows.
const maxClass = 100_000

func (l *limitFlags) read() (httpapi.Limits, error) {
	if *l.class < 0 || *l.class > maxClass {
		return l.limits, fmt.Errorf("--class-size %d: want the number of people who share an address, at most %d", *l.class, maxClass)
	}
	return l.limits.ForClass(*l.class), nil
}

// An amount is the value of a flag that limits something. 0 stands for its default
// until it is set.
type amount struct {
	to        *int64
	otherwise int64
	bytes     bool
}

func (a *amount) String() string {
	if a.to == nil {
		return ""
	}
	n := *a.to
	if n == 0 {
		n = a.otherwise
	}
	if a.bytes && n > 0 {
		for i := len(units) - 1; i >= 0; i-- {
			if n%units[i].bytes == 0 {
				return strconv.FormatInt(n/units[i].bytes, 10) + units[i].name
			}
		}
	}
	return strconv.FormatInt(n, 10)
}

var units = []struct {
	name  string
	bytes int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}}

func (a *amount) Set(v string) error {
	unit := int64(1)
	digits := v
	if a.bytes {
		for _, u := range units {
			for _, suffix := range []string{u.name, u.name[:1]} {
				if rest, ok := strings.CutSuffix(v, suffix); ok {
					digits, unit = rest, u.bytes
				}
			}
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	want := "want 1 or more, or -1 for no limit"
	if a.bytes {
		want = "want a number of bytes such as 8GiB or 500MiB, or -1 for no limit"
	}
	if err != nil || n < -1 || n == 0 || n > math.MaxInt64/unit {
		return errors.New(want)
	}
	*a.to = n
	if n > 0 {
		*a.to = n * unit
	}
	return nil
}

// newDoorFlags say who may be plugged into labs from outside.
func newDoorFlags(f *flag.FlagSet) *door.Policy {
	p := &door.Policy{}
	f.Func("door", "allow `doors` of a kind, where a lab asks for them: websocket, c2w, file, stream=HOST:PORT (or HOST:PORT-PORT, or unix:FOLDER), tap=NAME (or NAME,NAME); may be given several times. docs/doors.md says what that lets in", p.Allow)
	f.Var(&amount{&p.Frames, door.DefaultFrames, false}, "max-door-frames", "a door takes in at most this `number` of frames a second; -1 for no limit")
	f.Var(&amount{&p.Bytes, door.DefaultBytes, true}, "max-door-bytes", "a door takes in at most this `number` of bytes a second; -1 for no limit")
	return p
}

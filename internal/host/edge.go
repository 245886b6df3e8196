package host

import (
	"flag"
	"fmt"
	"net"
	"os"
	"strings"

	"wireloom/internal/door"
	"wireloom/internal/httpapi"
	"wireloom/internal/settings"
	"wireloom/internal/visitor"
)

// edgeFlags say what the server is called and what is in front of it.
type edgeFlags struct {
	hosts, proxies settings.List
	header         *settings.Choice
	base, public   *string
}

func newEdgeFlags(f *flag.FlagSet) *edgeFlags {
	e := &edgeFlags{}
	f.Var(&e.hosts, "host", "a `name` that browsers reach the server by, besides addresses, localhost, this machine's own and that of --public-url; may be given several times; * is any")
	f.Var(&e.proxies, "trusted-proxy", "the `address` of a reverse proxy, or networks of several with commas between; loopback: this machine, unix: who uses the local socket. What it says of its visitors is believed, and nobody else's word")
	e.header = settings.ChoiceFlag(f, "proxy-header", visitor.XForwardedFor, []string{visitor.XForwardedFor, visitor.Forwarded},
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
	s.Proxies, err = visitor.ParseProxies(e.proxies, e.header.Now)
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
		f.Var(&settings.Amount{To: &x.to.All, Otherwise: x.otherwise.All, Bytes: x.bytes}, x.name, "have at most this `number` of "+x.what+"; -1 for no limit")
		f.Var(&settings.Amount{To: &x.to.Each, Otherwise: x.otherwise.Each, Bytes: x.bytes}, x.name+"-per-client", "of them, at most this `number` for one address of strangers; -1 for no limit")
		f.Var(&settings.Amount{To: &x.to.Person, Otherwise: x.otherwise.Person, Bytes: x.bytes}, x.name+"-per-person", "of them, at most this `number` for one person who is signed in; -1 for no limit")
		f.Var(&settings.Amount{To: &x.to.Class, Otherwise: -1, Bytes: x.bytes}, x.name+"-per-class", "of them, at most this `number` for all of one class; -1 for no limit")
		f.Var(&settings.Amount{To: &x.to.Strangers, Otherwise: -1, Bytes: x.bytes}, x.name+"-strangers", "of them, at most this `number` for all strangers together, so that people have room; -1 for no limit")
	}
	f.DurationVar(&l.limits.CPU, "cpu-per-day", 0, "the labs of one address of strangers may take this `time` of the cores in a day; -1s for no limit (default 4h, or 15m for each of --class-size where that is more)")
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

// newDoorFlags say who may be plugged into labs from outside.
func newDoorFlags(f *flag.FlagSet) *door.Policy {
	p := &door.Policy{}
	f.Var(&doorFlag{allow: p.Allow}, "door", "allow `doors` of a kind, where a lab asks for them: websocket, c2w, file, stream=HOST:PORT (or HOST:PORT-PORT, or unix:FOLDER), tap=NAME (or NAME,NAME); may be given several times. docs/doors.md says what that lets in")
	f.Var(&settings.Amount{To: &p.Frames, Otherwise: door.DefaultFrames}, "max-door-frames", "a door takes in at most this `number` of frames a second; -1 for no limit")
	f.Var(&settings.Amount{To: &p.Bytes, Otherwise: door.DefaultBytes, Bytes: true}, "max-door-bytes", "a door takes in at most this `number` of bytes a second; -1 for no limit")
	return p
}

// doorFlag keeps what was allowed as it was said.
type doorFlag struct {
	settings.List
	allow func(string) error
}

// Set implements flag.Value.
func (d *doorFlag) Set(v string) error {
	if err := d.allow(v); err != nil {
		return err
	}
	return d.List.Set(v)
}

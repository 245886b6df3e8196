package host

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"wireloom/internal/budget"
	"wireloom/internal/door"
	"wireloom/internal/httpapi"
	"wireloom/internal/keepalive"
	"wireloom/internal/keeper"
	"wireloom/internal/session"
	"wireloom/internal/settings"
	"wireloom/internal/visitor"
)

// A Config is what a server was told of itself and of its machine: its fields are flags.
type Config struct {
	Addr      string // HOST:PORT, unix:FILE or systemd:NAME
	Plain     string // HOST:PORT of who comes by plain HTTP where there is TLS; "" if nobody is to
	TLS       Secured
	Site      visitor.Site
	Limits    httpapi.Limits
	Doors     *door.Policy
	Idle      time.Duration // of a lab that nobody watches
	Keep      time.Duration // of a visitor's lab that nobody uses
	Files     string        // folder of what labs keep while they are open
	Data      string        // folder of what stays; "" for none
	DB        settings.Secret
	Memory    int64 // bytes; 0 for a part of the machine's
	Log       string
	Access    string
	Ping      time.Duration // who watches a lab or a wall hears from the server at least so often
	Linger    time.Duration // for who is to hear that the server is not ready, before it stops
	Drain     time.Duration // for what is under way to end
	LTIInside bool          // learning platforms may be at private addresses, and without TLS
	Scenarios []string
	Metrics   settings.Secret // who has it may read /metrics

	reloads bool // there is a file of settings: SIGHUP is to read something again
}

// Flags are those of a server.
type Flags struct {
	set     *flag.FlagSet
	conf    Config
	memory  *settings.Size
	edge    *edgeFlags
	limits  *limitFlags
	offered settings.List
	file    *string
	show    *bool
}

const (
	defaultAddr  = "127.0.0.1:8080"
	securedAddr  = ":443"
	plainAddr    = ":80"
	defaultDrain = 30 * time.Second
	defaultPing  = keepalive.Every
	leastPing    = time.Second
)

// NewFlags adds a server's flags to a set.
func NewFlags(f *flag.FlagSet) *Flags {
	x := &Flags{set: f}
	c := &x.conf
	f.StringVar(&c.Addr, "addr", defaultAddr, "the `address` to listen on: HOST:PORT, unix:FILE for a local socket, or systemd:NAME for a socket that systemd passes; only this machine can reach 127.0.0.1. With --tls-host the default is "+securedAddr)
	f.DurationVar(&c.Idle, "idle", session.DefaultIdle, "park a lab that nobody has watched for this `time`; close it where there is no data folder")
	f.DurationVar(&c.Keep, "keep", keeper.DefaultKeep, "delete a visitor's lab that nobody has used for this `time`, where there is a data folder")
	f.StringVar(&c.Files, "files", "", "the `folder` for captures and uploads while labs are open (default the system's for temporary files)")
	f.StringVar(&c.Data, "data", "", "the `folder` of what stays: classes, hand-ins, students' labs, certificates. Without it there are visitors' labs only")
	f.Var(&c.DB, "db", "the `URL` of a PostgreSQL database, in the place of a file in the data folder, or @FILE where its first line is that URL. A password does not belong on a command line, which everybody on the machine sees")
	f.BoolVar(&c.LTIInside, "lti-inside", false, "let learning platforms be at private and loopback addresses, and without TLS: for those of a network of your own")
	settings.ChoiceFlag(f, "log", "text", []string{"text", "json"}, "the `form` of the log on standard error: text or json", func(s string) error {
		c.Log = s
		return settings.OneOf("text", "json")(s)
	})
	settings.ChoiceFlag(f, "access-log", accessErrors, []string{accessNone, accessErrors, accessAll}, "which `requests` the log has: none, errors (answers of 400 and above) or all; answers of 500 and above it always has", func(s string) error {
		c.Access = s
		return settings.OneOf(accessNone, accessErrors, accessAll)(s)
	})
	c.Log, c.Access = "text", accessErrors
	x.memory = settings.SizeFlag(f, "memory", 0, "the server, its labs and what compiles for them may use this `size` of memory (default three quarters of what the machine, or the control group, has)")
	f.Var(&c.Metrics, "metrics-token", "who says this `token` (Authorization: Bearer TOKEN) may read /metrics, or @FILE where its first line is the token. Without it only this machine may, and by no proxy")
	f.DurationVar(&c.Ping, "ping", defaultPing, "who watches a lab or a wall hears from the server at least once in this `time`, so that no proxy takes the connection for dead")
	f.DurationVar(&c.Drain, "drain", defaultDrain, "when the server is told to stop, what is under way has this `time` to end")
	f.DurationVar(&c.Linger, "drain-delay", 0, "when the server is told to stop, it says first for this `time` that it is not ready (/readyz), for a load balancer to hear")
	f.StringVar(&c.TLS.Cert, "tls-cert", "", "a `file` with a certificate, and those above it, in PEM: the server then talks TLS. It is read again when it changes, and on SIGHUP")
	f.StringVar(&c.TLS.Key, "tls-key", "", "the `file` with the key of --tls-cert, in PEM")
	f.Var(&c.TLS.Hosts, "tls-host", "a `name` of this server on the Internet, for which Let's Encrypt, or --acme-url, gives the certificate; may be given several times. By this its terms are agreed to")
	f.StringVar(&c.TLS.Mail, "acme-email", "", "where that authority may write to, as a mail `address`")
	f.StringVar(&c.TLS.Directory, "acme-url", "", "the `URL` of another authority's ACME directory (RFC 8555)")
	f.StringVar(&c.Plain, "http-addr", "", "with TLS, the `address` at which who comes by plain HTTP is sent to TLS, such as "+plainAddr+", which is the default with --tls-host")
	f.Var(&x.offered, "scenario", "offer this `scenario` too, as those that are named behind the flags; may be given several times")
	x.file = f.String("config", "", "a YAML `file` with settings; docs/config.md lists them")
	x.show = f.Bool("print-config", false, "print what holds, and where each setting comes from, and stop")
	c.Doors = newDoorFlags(f)
	x.edge = newEdgeFlags(f)
	x.limits = newLimitFlags(f)
	return x
}

// Table is what may be set, of which blocks are in a file only.
func (x *Flags) Table(blocks ...settings.Block) *settings.Table {
	return &settings.Table{Flags: x.set, Prefix: "WIRELOOM_", Only: []string{"config", "print-config"}, Blocks: blocks}
}

// File is the file of settings: by the flag, else by the environment.
func (x *Flags) File(env func(string) (string, bool)) string {
	if *x.file == "" {
		*x.file, _ = env("WIRELOOM_CONFIG")
	}
	return *x.file
}

// Show reports whether somebody wants to see the settings only.
func (x *Flags) Show() bool { return *x.show }

// given reports whether a flag was set, by whatever.
func (x *Flags) given(name string) (given bool) {
	x.set.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	return given
}

// Read makes a Config of what was set; named are the scenarios behind the flags.
func (x *Flags) Read(named []string) (Config, error) {
	c := x.conf
	c.Scenarios, c.Memory, c.reloads = append(append(c.Scenarios, x.offered...), named...), int64(*x.memory), *x.file != ""
	switch {
	case c.Idle <= 0:
		return c, fmt.Errorf("--idle %v: want some time", c.Idle)
	case c.Keep <= 0:
		return c, fmt.Errorf("--keep %v: want some time", c.Keep)
	case c.Memory != 0 && c.Memory < int64(budget.Least):
		return c, fmt.Errorf("--memory %v: want %v or more", *x.memory, settings.Size(budget.Least))
	case c.Drain < stopWithin:
		return c, fmt.Errorf("--drain %v: want %v or more", c.Drain, stopWithin)
	case c.Ping < leastPing:
		return c, fmt.Errorf("--ping %v: want %v or more", c.Ping, leastPing)
	case c.Linger < 0:
		return c, fmt.Errorf("--drain-delay %v: want some time, or 0s", c.Linger)
	case c.DB.Text() != "" && c.Data == "":
		return c, errors.New("--db needs --data too: programs, labs and certificates are files")
	case c.Plain != "" && !c.TLS.On():
		return c, errors.New("--http-addr is for a server with TLS: give it --tls-cert and --tls-key, or --tls-host")
	case !c.TLS.On() && (c.TLS.Mail != "" || c.TLS.Directory != ""):
		return c, errors.New("--acme-email and --acme-url are for a server with --tls-host")
	}
	if err := c.TLS.check(c.Data); err != nil {
		return c, err
	}
	if len(c.TLS.Hosts) > 0 {
		c.TLS.Cache = acmeFolder(c.Data)
		if !x.given("addr") {
			c.Addr = securedAddr
			x.conf.Addr = c.Addr // which --print-config shows
		}
		if !x.given("http-addr") {
			c.Plain = plainAddr
			x.conf.Plain = c.Plain
		}
	}
	var err error
	if c.Site, err = x.edge.site(c.Addr); err != nil {
		return c, err
	}
	c.Site.Names = append(c.Site.Names, c.TLS.Hosts...)
	if len(c.TLS.Hosts) > 0 && c.Site.Public == nil {
		c.Site.Public = &url.URL{Scheme: "https", Host: c.TLS.Hosts[0] + portOf(c.Addr), Path: c.Site.Base}
	}
	c.Limits, err = x.limits.read()
	if c.Data != "" {
		c.Data = filepath.Clean(c.Data)
	}
	return c, err
}

// portOf is the port of an address as a URL over TLS has it: with its colon, or nothing.
func portOf(addr string) string {
	_, port, err := net.SplitHostPort(addr)
	if err != nil || port == "443" || port == "https" || strings.Trim(port, "0123456789") != "" {
		return ""
	}
	return ":" + port
}

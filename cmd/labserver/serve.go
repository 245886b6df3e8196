package main

import (
	"context"
	"errors"
	"fmt"
	goio "io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"wireloom/internal/boot"
	"wireloom/internal/httpapi"
	"wireloom/internal/session"
	"wireloom/internal/terminal"
	"wireloom/scenarios"
	"wireloom/vnet"
	"wireloom/web"
)

const (
	stopWithin     = 5 * time.Second // for labs and viewers to end when the server is told to
	headerTimeout  = 10 * time.Second
	idleConnection = 2 * time.Minute
	maxHeader      = 16 << 10 // bytes
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

func runServe(ctx context.Context, args []string, io stdio) int {
	f := newFlags(io, "serve", "[--addr HOST:PORT] [SCENARIO...]", `Serves labs to browsers: each visitor gets one of their own, which is closed when
nobody has watched it for a while. The page's menu has the built-in scenarios, and those
that are named here. Stop the server with Ctrl-C.`)
	addr := f.String("addr", "127.0.0.1:8080", "the `address` to listen on; only this machine can reach 127.0.0.1")
	idle := f.Duration("idle", session.DefaultIdle, "close a lab that nobody has watched for this `time`")
	labs := f.Int("max-labs", httpapi.DefaultLabs, "open at most this `number` of labs")
	clientLabs := f.Int("max-labs-per-client", httpapi.DefaultClientLabs, "open at most this `number` of labs for one address; -1 for no limit")
	files := f.String("files", "", "the `folder` for captures and uploads while labs are open (default the system's for temporary files)")
	logs := f.String("log", "text", "the `form` of the log on standard error: text or json")
	var hosts listFlag
	f.Var(&hosts, "host", "a `name` that browsers reach the server by; may be given several times (default any, but on 127.0.0.1 only names of this machine)")
	cache := cacheFlag(f)
	rest, code, ok := parse(f, args)
	if !ok {
		return code
	}
	switch {
	case *idle <= 0:
		return fail(io, fmt.Errorf("--idle %v: want some time", *idle))
	case *labs < 1:
		return fail(io, fmt.Errorf("--max-labs %d: want 1 or more", *labs))
	case *clientLabs == 0:
		return fail(io, errors.New("--max-labs-per-client 0: want 1 or more, or -1 for no limit"))
	case *logs != "text" && *logs != "json":
		return fail(io, fmt.Errorf("--log %.40q: want text or json", *logs))
	}
	handler := slog.Handler(slog.NewTextHandler(io.err, nil))
	if *logs == "json" {
		handler = slog.NewJSONHandler(jsonLines{io.err}, nil)
	}
	log := slog.New(handler)

	offer, err := offers(log, rest)
	if err != nil {
		return fail(io, err)
	}
	listener, err := listen(ctx, *addr)
	if err != nil {
		return fail(io, err)
	}
	defer func() { _ = listener.Close() }() // closed already, unless what follows fails
	session.TuneGC()
	engine, err := openEngine(ctx, io, *cache)
	if err != nil {
		return fail(io, err)
	}
	defer closeEngine(io, engine)
	if len(hosts) == 0 && isLoopback(listener.Addr()) {
		hosts = listFlag{"localhost", "127.0.0.1", "::1"}
		if name, _, err := net.SplitHostPort(*addr); err == nil && name != "" {
			hosts = append(hosts, name)
		}
	}
	api, err := httpapi.New(httpapi.Config{
		Version: version(), Logger: log, Static: web.Dist(), Scenarios: offer.list, Compile: engine.Compile,
		NewLab: func(ctx context.Context, name string) (*vnet.Lab, session.Setup, error) {
			return offer.build(ctx, name, engine.Compile)
		},
		Session: session.Options{Idle: *idle, Dir: *files}, Labs: *labs, ClientLabs: *clientLabs, Hosts: hosts,
	})
	if err != nil {
		return fail(io, err)
	}
	if !web.Built() {
		fmt.Fprintln(io.err, "labserver: this program was built without its page: run make build")
	}
	fmt.Fprintf(io.out, "Wireloom is at %s\n", address(listener.Addr()))
	return serve(ctx, io, log, listener, api)
}

// jsonLines writes lines of JSON, which stay JSON when they are made safe for a terminal.
type jsonLines struct{ w goio.Writer }

func (j jsonLines) Write(p []byte) (int, error) {
	if _, err := j.w.Write(terminal.JSON(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// serve answers until ctx ends, and then ends what is left within stopWithin.
func serve(ctx context.Context, io stdio, log *slog.Logger, listener net.Listener, api *httpapi.Server) int {
	srv := &http.Server{
		Handler: api, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleConnection, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(listener) }()
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
		fmt.Fprintln(io.out, "stopping")
	}
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	closing := make(chan error, 1)
	go func() { closing <- srv.Shutdown(within) }()
	if cerr := api.Close(within, "the server was stopped"); cerr != nil {
		log.Warn("not everything ended in time", "error", cerr)
	}
	if serr := <-closing; serr != nil {
		_ = srv.Close() // what is still being sent is cut off
	}
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fail(io, err)
	}
	return exitOK
}

// listen listens on addr; the error says what to do where somebody else does.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is in use by another program: stop that, or choose another address with --addr", addr)
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("%s may not be used without special rights: choose a port above 1023 with --addr", addr)
	case err != nil:
		return nil, fmt.Errorf("cannot listen on %s: %w", addr, err)
	}
	return l, nil
}

func isLoopback(a net.Addr) bool {
	t, ok := a.(*net.TCPAddr)
	return ok && t.IP.IsLoopback()
}

// address is the URL of the page for a browser on this machine.
func address(a net.Addr) string {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		return a.String()
	}
	host := t.IP.String()
	if t.IP.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, fmt.Sprint(t.Port))
}

// An offer is the scenarios that a server has, read once, with the programs that
// fill their slots at first.
type offer struct {
	list     []httpapi.Scenario
	sources  map[string]*boot.Source
	programs map[string]map[scenarios.Slot]boot.File
}

// offers reads the built-in scenarios, and own ones.
func offers(log *slog.Logger, own []string) (*offer, error) {
	o := &offer{sources: map[string]*boot.Source{}, programs: map[string]map[scenarios.Slot]boot.File{}}
	for _, name := range scenarios.Builtin() {
		sc, err := scenarios.OpenBuiltin(name)
		if err != nil {
			return nil, err
		}
		o.add(log, &boot.Source{Scenario: sc})
	}
	for _, arg := range own {
		src, err := boot.Find(arg)
		if err != nil {
			return nil, err
		}
		if o.sources[src.Name] != nil {
			return nil, fmt.Errorf("%s: the server has a scenario called %s already: give this one another name, in its scenario.yaml", arg, src.Name)
		}
		o.add(log, src)
	}
	return o, nil
}

func (o *offer) add(log *slog.Logger, src *boot.Source) {
	name := src.Name
	o.list = append(o.list, httpapi.Scenario{Name: name, Title: src.Title, Course: src.Course})
	o.sources[name] = src
	files := map[scenarios.Slot]boot.File{}
	for _, slot := range src.Slots() {
		ref, err := src.Reference(slot)
		if err != nil {
			log.Warn("a slot begins empty", "scenario", name, "slot", slot.String(), "why", err)
			continue
		}
		files[slot] = boot.File{Name: slot.Proc + ".wasm", Module: ref}
	}
	o.programs[name] = files
}

// build builds a lab. A slot without a program stays empty: its visitor fills it.
func (o *offer) build(ctx context.Context, name string, compile boot.Compile) (*vnet.Lab, session.Setup, error) {
	src := o.sources[name]
	if src == nil {
		return nil, session.Setup{}, fmt.Errorf("there is no scenario %q", name)
	}
	return src.Build(ctx, compile, boot.Options{Programs: o.programs[name], Empty: true})
}

package main

import (
	"context"
	"errors"
	"fmt"
	goio "io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"wireloom/internal/budget"
	"wireloom/internal/httpapi"
	"wireloom/internal/session"
	"wireloom/internal/terminal"
	"wireloom/vnet"
	"wireloom/web"
)

const (
	stopWithin     = 5 * time.Second // for labs and viewers to end when the server is told to
	headerTimeout  = 10 * time.Second
	idleConnection = 2 * time.Minute
	maxHeader      = 16 << 10 // bytes
)

func runServe(ctx context.Context, args []string, io stdio) int {
	f := newFlags(io, "serve", "[--addr HOST:PORT] [SCENARIO...]", `Serves labs to browsers: each visitor gets one of their own, which is closed when
nobody has watched it for a while. The page's menu has the built-in scenarios, and those
that are named here; it begins with the first that is named, else with a list of all. Stop the server with Ctrl-C. docs/hosting.md has what to put in front of it.`)
	addr := f.String("addr", "127.0.0.1:8080", "the `address` to listen on: HOST:PORT, or unix:FILE for a local socket; only this machine can reach 127.0.0.1")
	idle := f.Duration("idle", session.DefaultIdle, "close a lab that nobody has watched for this `time`")
	files := f.String("files", "", "the `folder` for captures and uploads while labs are open (default the system's for temporary files)")
	logs := choiceFlag(f, "log", "text", []string{"text", "json"}, "the `form` of the log on standard error: text or json", nil)
	memory := sizeFlag(f, "memory", 0, "the server, its labs and what compiles for them may use this `size` of memory (default three quarters of what the machine, or the control group, has)")
	doors := newDoorFlags(f)
	edge := newEdgeFlags(f)
	limits := newLimitFlags(f)
	cache := cacheFlag(f)
	rest, code, ok := parse(f, args)
	if !ok {
		return code
	}
	switch {
	case *idle <= 0:
		return fail(io, fmt.Errorf("--idle %v: want some time", *idle))
	case set(f, "memory") && *memory < budget.Least:
		return fail(io, fmt.Errorf("--memory %v: want %v or more", *memory, size(budget.Least)))
	case logs.now != "text" && logs.now != "json":
		return fail(io, fmt.Errorf("--log %.40q: want text or json", logs.now))
	}
	site, err := edge.site(*addr)
	if err != nil {
		return fail(io, err)
	}
	caps, err := limits.read()
	if err != nil {
		return fail(io, err)
	}
	handler := slog.Handler(slog.NewTextHandler(io.err, nil))
	if logs.now == "json" {
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
	kept, cleared, err := session.OpenFiles(*files)
	if err != nil {
		return fail(io, fmt.Errorf("--files: %w", err))
	}
	defer func() {
		if err := kept.Close(); err != nil {
			log.Warn("files of labs are left behind", "error", err)
		}
	}()
	if cleared > 0 {
		log.Info("files that a server had left behind are removed", "folders", cleared)
	}
	session.TuneGC()
	engine, err := openEngine(ctx, io, *cache)
	if err != nil {
		return fail(io, err)
	}
	defer closeEngine(io, engine)
	limit, from := int64(*memory), "--memory"
	if limit == 0 {
		limit, from = budget.Default()
	}
	mem := budget.New(limit, engine.Usage, engine.Tidy)
	engine.KeepWithin(mem)
	log.Info("memory", "limit", size(mem.Limit()).String(), "from", from)
	watching, stopWatching := context.WithCancel(context.WithoutCancel(ctx)) // also while labs close
	defer stopWatching()
	go mem.Run(watching)
	api, err := httpapi.New(httpapi.Config{
		Version: version(), Logger: log, Static: web.Dist(), Scenarios: offer.list, Compile: engine.Compile, Compiled: engine.Compiled,
		NewLab: func(ctx context.Context, name string, empty bool) (*vnet.Lab, session.Setup, error) {
			return offer.build(ctx, name, empty, engine.CompileOwn)
		},
		Starter: offer.starter,
		Check: func(ctx context.Context, c httpapi.Checking) (any, error) {
			return offer.check(ctx, engine, c)
		},
		Doors: doors, Session: session.Options{Idle: *idle, Dir: kept.Path()}, Limits: caps, Site: site, Budget: mem,
	})
	if err != nil {
		return fail(io, err)
	}
	if !web.Built() {
		fmt.Fprintln(io.err, "labserver: this program was built without its page: run make build")
	}
	fmt.Fprintf(io.out, "Wireloom is at %s\n", whereabouts(listener.Addr(), &site))
	return serve(ctx, io, log, api.Listen(listener), api)
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
	timed, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	closing := make(chan error, 1)
	go func() { closing <- srv.Shutdown(timed) }()
	if cerr := api.Close(timed, "the server was stopped"); cerr != nil {
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

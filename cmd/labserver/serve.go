package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"

	"wireloom/internal/budget"
	"wireloom/internal/host"
	"wireloom/internal/httpapi"
	"wireloom/internal/keeper"
	"wireloom/internal/product"
	"wireloom/internal/session"
	"wireloom/internal/settings"
	"wireloom/web"
)

// serveFlags are all that serve may be told.
type serveFlags struct {
	*host.Flags
	cache  *string
	campus campus
	table  *settings.Table
}

func newServeFlags(f *flag.FlagSet) *serveFlags {
	x := &serveFlags{Flags: host.NewFlags(f), cache: cacheFlag(f)}
	x.table = x.Table(x.campus.block())
	return x
}

func runServe(ctx context.Context, args []string, io stdio) int {
	f := newFlags(io, "serve", "[--config FILE] [--addr HOST:PORT] [SCENARIO...]", `Serves labs to browsers: each visitor gets one of their own, which is closed when
nobody has watched it for a while. With --data there are classes too, whose labs and hand-ins stay.
The page's menu has the built-in scenarios, and those that are named here; it begins with the first
that is named, else with a list of all. Stop the server with Ctrl-C. docs/hosting.md has what to put
in front of it.

Each flag is a setting too: --max-labs is max-labs in the file of --config, and WIRELOOM_MAX_LABS in
the environment. A flag counts more than the environment, and that more than the file.`)
	x := newServeFlags(f)
	rest, code, ok := parse(f, args)
	if !ok {
		return code
	}
	if err := x.table.Read(x.File(os.LookupEnv), os.LookupEnv); err != nil {
		return fail(io, err)
	}
	conf, err := x.Read(rest)
	if err != nil {
		return fail(io, err)
	}
	if x.Show() {
		if err := x.table.Show(io.out); err != nil {
			return fail(io, err)
		}
		return exitOK
	}
	log := host.NewLogger(io.err, conf.Log)
	if x.table.From("db") == "--db" && conf.DB.Bare() {
		log.Warn("everybody on this machine can read the database's password in the list of processes: put the URL into the file of --config, into $WIRELOOM_DB, or into a file of its own (--db @FILE)")
	}
	if err := serve(ctx, io, log, conf, x); err != nil {
		return fail(io, err)
	}
	return exitOK
}

// serve serves until ctx ends.
func serve(ctx context.Context, io stdio, log *slog.Logger, conf host.Config, x *serveFlags) error {
	offer, err := offers(log, conf.Scenarios)
	if err != nil {
		return err
	}
	h, err := host.Open(ctx, conf, log)
	if err != nil {
		return err
	}
	defer h.Close()
	kept, cleared, err := session.OpenFiles(conf.Files)
	if err != nil {
		return fmt.Errorf("--files: %w", err)
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
	engine, err := openEngine(ctx, io, *x.cache)
	if err != nil {
		return err
	}
	defer closeEngine(io, engine)
	watching, stopWatching := context.WithCancel(context.WithoutCancel(ctx)) // also while labs close
	defer stopWatching()
	mem := openBudget(watching, log, engine, conf.Memory)
	class, err := openSchool(ctx, log, &conf, x.campus.logins, *x.cache)
	if err != nil {
		return err
	}
	defer class.close(log)
	offer.shelf = class.scenarios()
	labs, err := class.keeper(ctx, log, &conf, keeper.Config{
		Session: session.Options{Idle: conf.Idle, Dir: kept.Path(), Version: version()}, Doors: conf.Doors, Budget: mem, Compile: engine.CompileOwn,
		Build: func(ctx context.Context, ask keeper.Ask) (keeper.Built, error) {
			return offer.build(ctx, ask, engine.CompileOwn)
		},
	})
	if err != nil {
		return err
	}
	config := httpapi.Config{
		Version: version(), Logger: log, Static: web.Dist(), Scenarios: offer.list, Compile: engine.Compile, Compiled: engine.Compiled,
		Keeper:  labs,
		Starter: offer.starter,
		Check: func(ctx context.Context, c httpapi.Checking) (any, error) {
			return offer.check(ctx, engine, c)
		},
		Limits: conf.Limits, Ping: conf.Ping, Site: conf.Site, Budget: mem,
	}
	class.join(&config)
	board := measure(h, &conf, &config, labs, class)
	api, err := httpapi.New(config)
	if err != nil {
		return err
	}
	class.serves(api, board)
	labs.Start()
	if !web.Built() {
		fmt.Fprintln(io.err, "labserver: this program was built without its page: run make build")
	}
	if err := class.at(h.Home()); err != nil { // before anybody is told to ask
		return err
	}
	fmt.Fprintf(io.out, "Wireloom is at %s\n", h.At())
	whose := "--data " + conf.Data
	if file := x.File(os.LookupEnv); file != "" {
		whose = "--config " + file
	}
	if err := class.welcome(ctx, io, h.Home(), whose); err != nil {
		return err
	}
	return h.Serve(ctx, io.out, api)
}

// openBudget is the memory that a server may use, watched until ctx ends; limit is 0 for a
// part of the machine's.
func openBudget(ctx context.Context, log *slog.Logger, engine *product.Engine, limit int64) *budget.Budget {
	from := "--memory"
	if limit == 0 {
		limit, from = budget.Default()
	}
	mem := budget.New(limit, engine.Usage, engine.Tidy)
	engine.KeepWithin(mem)
	log.Info("memory", "limit", settings.Size(mem.Limit()).String(), "from", from)
	go mem.Run(ctx)
	return mem
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"wireloom/internal/host"
	"wireloom/internal/identity"
	"wireloom/internal/store"
)

// An errand is one of labserver admin's.
type errand struct {
	name, args, does string
	takes            int // arguments
	// open opens the data folder; nil leaves that to run.
	open func(ctx context.Context, conf *host.Config) (*store.DB, error)
	run  func(ctx context.Context, a *administration) error
}

func errands() []errand {
	return []errand{
		{"operator", "NAME", "makes somebody an operator and prints an address that signs them in once, within an hour", 1, openBeside, makeOperator},
		{"backup", "FILE", "puts all that the server keeps into one tar, while it runs; - is the standard output", 1, openThere, makeBackup},
		{"restore", "FILE", "makes a data folder, which must be empty, and the rows of an empty database of a backup, of either kind of database", 1, nil, restoreBackup},
		{"export", "PERSON FILE", "puts all that is kept of a person into a zip for them", 2, openThere, exportPerson},
		{"erase", "PERSON", "takes away all that tells who a person was: their programs, recordings and names; what their work was worth stays as nobody's", 1, openThere, erasePerson},
		{"scores", "", "says of each class how many of its scores its learning platform has taken, how many wait, and how many it refused and why", 0, openThere, listScores},
		{"relink", "ISSUER email|username|oid try|apply", "joins those whose subjects at a campus login changed with who they were; try only says who", 3, openBeside, relink},
	}
}

// An administration is one errand on its way.
type administration struct {
	io   stdio
	conf host.Config
	db   *store.DB
	args []string
}

func runAdmin(ctx context.Context, args []string, io stdio) int {
	var list strings.Builder
	names := []string{}
	for _, e := range errands() {
		fmt.Fprintf(&list, "    labserver admin %s\n        %s\n", strings.TrimSpace(e.name+" "+e.args), e.does)
		names = append(names, e.name)
	}
	f := newFlags(io, "admin", "ERRAND [ARGUMENTS]", `Does what the page cannot, in the data folder of a server, which may be running meanwhile:

`+list.String()+`
Run it as the user that the server runs as. The folder and the database are those of the server's
settings: of the file and the environment, or of these flags.`)
	x := newServeFlags(newFlags(io, "serve", "", ""))
	file := f.String("config", "", "the `file` with the server's settings")
	data := f.String("data", "", "the `folder` of the server's data")
	rest, code, ok := parse(f, args)
	if !ok {
		return code
	}
	i := -1
	if len(rest) > 0 {
		i = slices.Index(names, rest[0])
	}
	if i < 0 {
		return wants(io, f, "one of "+strings.Join(names, ", "), rest)
	}
	e := errands()[i]
	if len(rest) != e.takes+1 {
		return wants(io, f, strings.TrimSpace(e.name+" "+e.args), rest)
	}
	env := given(map[string]string{"WIRELOOM_CONFIG": *file, "WIRELOOM_DATA": *data})
	if err := x.table.Read(x.File(env), env); err != nil {
		return fail(io, err)
	}
	a := &administration{io: io, args: rest[1:]}
	var err error
	if a.conf, err = x.Read(nil); err != nil {
		return fail(io, err)
	}
	if a.conf.Data == "" {
		return fail(io, fmt.Errorf("which server? Name its data folder with --data, or its settings with --config"))
	}
	if err := a.do(ctx, e); err != nil {
		return fail(io, err)
	}
	return exitOK
}

func (a *administration) do(ctx context.Context, e errand) (err error) {
	if e.open != nil {
		if a.db, err = e.open(ctx, &a.conf); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, a.db.Close()) }()
	}
	return e.run(ctx, a)
}

// given is the environment with what some flags say in it.
func given(flags map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		if v := flags[name]; v != "" {
			return v, true
		}
		return os.LookupEnv(name)
	}
}

// How long a server that begins and errands wait for each other, where one of them makes the tables
// of a new folder.
const (
	newFolderWithin = 5 * time.Second
	newFolderPause  = 50 * time.Millisecond
)

// openBeside opens the data folder beside a server that may be running, or alone, and then
// makes it if it is not there. Where somebody else makes it just now, it waits for them.
func openBeside(ctx context.Context, conf *host.Config) (*store.DB, error) {
	for tries := newFolderWithin / newFolderPause; ; tries-- {
		o := store.Options{URL: conf.DB.Text(), Dir: conf.Data, Beside: true}
		db, beside := store.Open(ctx, o)
		if beside == nil {
			return db, nil
		}
		o.Beside = false // there is none yet, or an older one's: this says what is wrong
		db, err := store.Open(ctx, o)
		switch {
		case err == nil || !errors.Is(err, store.ErrUsed):
			return db, err
		case tries <= 0:
			return nil, beside // of a folder that another has for good
		}
		select {
		case <-time.After(newFolderPause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func makeOperator(ctx context.Context, a *administration) error {
	token, err := identity.MakeOperator(ctx, a.db, a.args[0])
	if err != nil {
		return err
	}
	home := a.db.Home()
	if home == "" {
		home = a.conf.Home()
	}
	fmt.Fprintln(a.io.out, signinAt(home, token))
	return nil
}

func relink(ctx context.Context, a *administration) error {
	if a.args[2] != "try" && a.args[2] != "apply" {
		return fmt.Errorf("%.40q: want try, which only says who would be joined, or apply", a.args[2])
	}
	found, err := identity.Relink(ctx, a.db, a.args[0], a.args[1], a.args[2] == "apply")
	for _, x := range found {
		was := "joined"
		if x.Why != nil {
			was = "left apart: " + x.Why.Error()
		}
		fmt.Fprintf(a.io.out, "%s: subject %s (%s) and %s (%s): %s\n", x.Value, x.Old.Subject, identity.NameOf(x.Old), x.New.Subject, identity.NameOf(x.New), was)
	}
	if err == nil && len(found) == 0 {
		fmt.Fprintln(a.io.out, "nobody has two subjects by that claim")
	}
	return err
}

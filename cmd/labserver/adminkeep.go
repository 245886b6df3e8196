package main

import (
	"context"
	"errors"
	"fmt"
	goio "io"
	"os"
	"path/filepath"

	"wireloom/internal/backup"
	"wireloom/internal/host"
	"wireloom/internal/privacy"
	"wireloom/internal/store"
)

// openThere opens a data folder that is there, beside a server that may be running.
func openThere(ctx context.Context, conf *host.Config) (*store.DB, error) {
	if _, err := os.Stat(conf.Data); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	return store.Open(ctx, store.Options{URL: conf.DB.Text(), Dir: conf.Data, Beside: true})
}

// writeNew writes a file that is only there when all of it is; "-" is the standard output. It holds
// what only its reader may see.
func writeNew(io stdio, name string, write func(w goio.Writer) error) error {
	if name == "-" {
		return write(io.out)
	}
	if _, err := os.Lstat(name); err == nil {
		return fmt.Errorf("%s is there already: name another file, or remove it", name)
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".wireloom-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // where it was not renamed
	defer f.Close()           // twice is no harm
	if err := write(f); err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close(), os.Rename(f.Name(), name))
}

func makeBackup(ctx context.Context, a *administration) error {
	var s backup.Summary
	err := writeNew(a.io, a.args[0], func(w goio.Writer) (err error) {
		s, err = backup.Write(ctx, a.db, version(), w)
		return err
	})
	if err == nil {
		fmt.Fprintf(a.io.err, "backed up %d rows and %d files of %d bytes; who has it has all that the server keeps secret\n", s.Rows, s.Files, s.Bytes)
	}
	return err
}

func restoreBackup(ctx context.Context, a *administration) error {
	in := a.io.in
	if name := a.args[0]; name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	s, err := backup.Restore(ctx, in, store.Options{URL: a.conf.DB.Text(), Dir: a.conf.Data})
	if err == nil {
		fmt.Fprintf(a.io.err, "restored %d rows and %d files, as they were on %s\n", s.Rows, s.Files, s.Made.Local().Format("2 January 2006, 15:04:05"))
	}
	return err
}

func exportPerson(ctx context.Context, a *administration) error {
	return writeNew(a.io, a.args[1], func(w goio.Writer) error { return privacy.Export(ctx, a.db, a.args[0], w) })
}

func erasePerson(ctx context.Context, a *administration) error {
	var ids []string
	err := a.db.Write(ctx, func(tx *store.Tx) (err error) {
		ids, err = privacy.Erase(tx, a.args[0], "", "")
		return err
	})
	if err == nil {
		fmt.Fprintf(a.io.err, "erased %s; files that only they had go within a day and a half, and stay in backups that were made before\n", ids[0])
	}
	return err
}

package store

import (
	"context"
	"fmt"

	"github.com/pressly/goose/v3"

	"wireloom/internal/store/schema"
)

// migrate brings the tables up to date. If another's server uses them it only looks whether
// they are.
func (db *DB) migrate(ctx context.Context, onlyLook bool) error {
	dialect := goose.DialectSQLite3
	if db.engine == onPostgres {
		dialect = goose.DialectPostgres
	}
	steps, err := schema.Steps()
	if err != nil {
		return err
	}
	// The numbers leave room between the areas: a step of the first may be younger than one
	// of the last.
	p, err := goose.NewProvider(dialect, db.w, steps, goose.WithAllowOutofOrder(true), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	has, newest, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("database %s: its version cannot be read: %w", db.Name(), db.failure(err))
	}
	if has > newest {
		return fmt.Errorf("database %s is of a newer Wireloom (step %d, this one knows up to %d): run that one, or restore a backup from before the upgrade", db.Name(), has, newest)
	}
	if onlyLook {
		pending, err := p.HasPending(ctx)
		if err != nil {
			return fmt.Errorf("database %s: %w", db.Name(), db.failure(err))
		}
		if pending {
			return fmt.Errorf("database %s is of an older Wireloom: start this one's server once, which brings it up to date", db.Name())
		}
		return nil
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("database %s cannot be brought up to date: %w", db.Name(), db.failure(err))
	}
	return nil
}

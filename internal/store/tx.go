package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"wireloom/internal/store/verdict"
)

// A Tx is one transaction, for the goroutine and the time of the call that gave it. It keeps the
// context of that call, since each of its queries ends with it.
//
// The first query that fails, ErrNone aside, ends it: whatever is asked after gets the same
// error, and nothing is stored. PostgreSQL is so, and SQLite is made to be.
type Tx struct {
	ctx   context.Context
	db    *DB
	tx    *sql.Tx
	now   time.Time
	wrong error // why it ended
}

// How often and after how long a transaction that collided is tried again. A grade that eight
// teachers change at once takes about ten tries.
const (
	maxTries   = 100
	firstPause = time.Millisecond
	maxPause   = 100 * time.Millisecond
)

// Write runs f in a transaction that may write, alone of its kind: as if no other ran at the same
// time. When Write returns nil, what f did is on the disk. If others collide with it f runs again,
// from the beginning: it must do nothing that is not in the transaction, and set what it
// returns by closure anew. An error of f undoes all, and is returned.
func (db *DB) Write(ctx context.Context, f func(tx *Tx) error) error {
	return db.transact(ctx, db.w, &sql.TxOptions{Isolation: db.isolation()}, f)
}

// Read runs f in a transaction that cannot write, and sees the state of one instant. It waits
// for nobody who writes.
func (db *DB) Read(ctx context.Context, f func(tx *Tx) error) error {
	o := &sql.TxOptions{ReadOnly: true}
	if db.engine == onPostgres {
		o.Isolation = sql.LevelRepeatableRead
	}
	return db.transact(ctx, db.r, o, f)
}

// isolation is that of transactions that write. SQLite has only one.
func (db *DB) isolation() sql.IsolationLevel {
	if db.engine == onPostgres {
		return sql.LevelSerializable
	}
	return sql.LevelDefault
}

func (db *DB) transact(ctx context.Context, pool *sql.DB, o *sql.TxOptions, f func(tx *Tx) error) error {
	for try := 1; ; try++ {
		collided, err := db.once(ctx, pool, o, f)
		switch {
		case err == nil:
			if try > maxTries/2 {
				db.log.Warn("a transaction collided often", "tries", try)
			}
			return nil
		case !collided:
			return err
		case try == maxTries:
			return fmt.Errorf("database %s is too busy: %d tries collided with others (%w)", db.Name(), try, err)
		}
		pause := min(firstPause<<min(try, 10), maxPause)
		select {
		case <-time.After(rand.N(pause)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// once tries a transaction; collided says that nothing was done and that another try may succeed.
func (db *DB) once(ctx context.Context, pool *sql.DB, o *sql.TxOptions, f func(tx *Tx) error) (collided bool, err error) {
	inner, err := pool.BeginTx(ctx, o)
	if err != nil {
		return verdict.Of(err) == verdict.Again, db.failure(err)
	}
	defer func() { _ = inner.Rollback() }() // after a commit there is nothing to undo
	tx := &Tx{ctx: ctx, db: db, tx: inner, now: db.now().UTC().Truncate(time.Millisecond)}
	err = f(tx)
	if tx.wrong != nil { // also if f made nothing of it, since nothing can be stored any more
		return verdict.Of(tx.wrong) == verdict.Again, errors.Join(err, unless(errors.Is(err, tx.wrong), tx.wrong))
	}
	if err != nil {
		return false, err
	}
	if err := inner.Commit(); err != nil {
		return verdict.Of(err) == verdict.Again, db.failure(err)
	}
	return false, nil
}

// unless is err if a condition does not hold.
func unless(condition bool, err error) error {
	if condition {
		return nil
	}
	return err
}

// Now is when the transaction began, in UTC and whole milliseconds, as tables keep times.
func (tx *Tx) Now() time.Time { return tx.now }

// note makes a database's error one of ours, and ends the transaction unless it is ErrNone.
func (tx *Tx) note(err error) error {
	if err == nil {
		return nil
	}
	err = tx.db.failure(err)
	if !errors.Is(err, ErrNone) && tx.wrong == nil {
		tx.wrong = err
	}
	return err
}

// exec runs a statement and returns how many rows it changed.
func (tx *Tx) exec(query string, args ...any) (int64, error) {
	if tx.wrong != nil {
		return 0, tx.wrong
	}
	done, err := tx.tx.ExecContext(tx.ctx, query, texts(args)...)
	if err != nil {
		return 0, tx.note(err)
	}
	n, err := done.RowsAffected()
	return n, tx.note(err)
}

// must runs a statement that changes exactly one row; missing is its error if there is none.
func (tx *Tx) must(missing error, query string, args ...any) error {
	n, err := tx.exec(query, args...)
	if err == nil && n == 0 {
		return missing
	}
	return err
}

// get reads one row's columns; ErrNone if there is none.
func (tx *Tx) get(dest []any, query string, args ...any) error {
	if tx.wrong != nil {
		return tx.wrong
	}
	return tx.note(tx.tx.QueryRowContext(tx.ctx, query, texts(args)...).Scan(dest...))
}

// one reads one row; ErrNone if there is none. fields are the row's columns in the query's order.
func one[T any](tx *Tx, fields func(*T) []any, query string, args ...any) (T, error) {
	var row T
	err := tx.get(fields(&row), query, args...)
	return row, err
}

// all reads all rows of a query, which limits how many there may be.
func all[T any](tx *Tx, fields func(*T) []any, query string, args ...any) ([]T, error) {
	if tx.wrong != nil {
		return nil, tx.wrong
	}
	rows, err := tx.tx.QueryContext(tx.ctx, query, texts(args)...)
	if err != nil {
		return nil, tx.note(err)
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		var row T
		if err := rows.Scan(fields(&row)...); err != nil {
			return nil, tx.note(err)
		}
		list = append(list, row)
	}
	return list, tx.note(rows.Err())
}

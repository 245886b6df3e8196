// Package store keeps what must outlive the server: people, classes, hand-ins, grades, in one
// database, and the files that they point to, in a folder of blobs. The database is SQLite, a
// file in the data folder, or PostgreSQL. All SQL of the program is here, one text for both: a
// file an area, each query a method of Tx.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"wireloom/internal/lockfile"
	"wireloom/internal/store/blob"
)

// Options say which database, and where the data folder is.
type Options struct {
	URL    string // of a PostgreSQL database, postgres://...; "" is SQLite, the file wireloom.db in Dir
	Dir    string // the data folder, which is made if it is missing
	Now    func() time.Time
	Logger *slog.Logger // of tries that had to be repeated; nil is none

	// Beside opens what a server may be using: the folder's lock is not taken, and the
	// database must already be of this program's version.
	Beside bool

	// Wait is how long to wait for a folder that somebody else has: labserver admin has a new one
	// for as long as it makes its tables.
	Wait time.Duration

	maxPages int // of SQLite's file; 0 is no limit. Tests of a full disk set it
}

// How much of the machine a database may take.
const (
	sqliteReaders   = 8                // connections that only read, each with a cache of 2 MB
	postgresConns   = 16               // a PostgreSQL has 100 to share, as Debian sets it up
	busyTimeout     = 5 * time.Second  // SQLite waits so long for a lock of another process
	connectionsIdle = 10 * time.Minute // a connection to PostgreSQL that nobody uses is closed
)

// A DB is the open store. All of its methods may be called by many goroutines.
type DB struct {
	Blobs *blob.Folder

	dir    string
	engine engine
	w, r   *sql.DB // one pool on PostgreSQL; on SQLite one connection that writes, and those that read
	now    func() time.Time
	log    *slog.Logger
	lock   *os.File // nil if the folder is another's
	close  func() error

	claimed *sql.Conn // holds this server's claim on PostgreSQL; nil for none
}

// An engine is a kind of database.
type engine int

const (
	onSQLite engine = iota
	onPostgres
)

// Open opens the store, takes the folder's lock, and brings the tables up to date.
func Open(ctx context.Context, o Options) (*DB, error) {
	db := &DB{dir: o.Dir, now: o.Now, log: o.Logger}
	if db.now == nil {
		db.now = time.Now
	}
	db.close = sync.OnceValue(db.release)
	if db.log == nil {
		db.log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if !o.Beside {
		lock, err := takeFolder(ctx, o)
		if err != nil {
			return nil, err
		}
		db.lock = lock
	}
	if err := db.open(ctx, o); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// takeFolder takes the folder's lock, and waits for it as long as it may.
func takeFolder(ctx context.Context, o Options) (*os.File, error) {
	for tries := o.Wait / claimPause; ; tries-- {
		lock, err := lockfile.Folder(o.Dir)
		switch {
		case err == nil:
			return lock, nil
		case !errors.Is(err, lockfile.ErrHeld):
			return nil, fmt.Errorf("data folder: %w", err)
		case tries <= 0:
			return nil, fmt.Errorf("data folder %s: %w", o.Dir, ErrUsed)
		}
		select {
		case <-time.After(claimPause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// SayHome has those who open the store beside this server know where its page is, since its flags
// are not theirs.
func (db *DB) SayHome(url string) error {
	if err := db.lock.Truncate(0); err != nil {
		return err
	}
	_, err := db.lock.WriteAt([]byte(url+"\n"), 0)
	return err
}

// Home is where the page of the folder's server is, as the last one that ran said; "" if none did.
func (db *DB) Home() string {
	b, err := os.ReadFile(filepath.Join(db.dir, lockfile.Name))
	if err != nil {
		return "" // as before there was a server
	}
	return strings.TrimSpace(string(b))
}

func (db *DB) open(ctx context.Context, o Options) (err error) {
	if db.Blobs, err = blob.Open(filepath.Join(o.Dir, "blobs"), db.now); err != nil {
		return err
	}
	switch scheme, _, isURL := strings.Cut(o.URL, "://"); {
	case o.URL == "":
		err = db.openSQLite(o)
	case isURL && (scheme == "postgres" || scheme == "postgresql"):
		err = db.openPostgres(o)
	default:
		return errors.New("database: the URL must begin with postgres://; without one the database is a file in the data folder")
	}
	if err != nil {
		return err
	}
	if err := db.w.PingContext(ctx); err != nil {
		return fmt.Errorf("database %s: %w", db.Name(), db.failure(err))
	}
	if db.engine == onPostgres && !o.Beside {
		if err := db.claim(ctx); err != nil {
			return err
		}
	}
	return db.migrate(ctx, o.Beside)
}

// What a server holds in PostgreSQL while it runs: an advisory lock of this number ("wloom"). That of one
// which was killed is free when PostgreSQL sees that its connection is gone.
const (
	claimKey   = 0x776c6f6f6d
	claimTries = 20
	claimPause = 100 * time.Millisecond
)

// claim takes a PostgreSQL database for this server, as the lock does a folder: two servers with a
// folder each would have each other's labs and gradings.
func (db *DB) claim(ctx context.Context) error {
	conn, err := db.w.Conn(ctx)
	if err != nil {
		return fmt.Errorf("database %s: %w", db.Name(), err)
	}
	db.claimed = conn
	for range claimTries {
		var mine bool
		if err := conn.QueryRowContext(ctx, "select pg_try_advisory_lock($1)", claimKey).Scan(&mine); err != nil {
			return fmt.Errorf("database %s: %w", db.Name(), err)
		}
		if mine {
			return nil
		}
		select {
		case <-time.After(claimPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return fmt.Errorf("database %s: another labserver uses it; stop that one, or give this one a database of its own", db.Name())
}

func (db *DB) openSQLite(o Options) error {
	file := db.sqliteFile()
	if o.Beside {
		if _, err := os.Stat(file); err != nil {
			return fmt.Errorf("there is no database in the data folder: %w", err)
		}
	}
	// Those who can read the file can read everybody's grades: SQLite gives its other files
	// the mode of this one.
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	f.Close()
	pragmas := []string{
		"busy_timeout(" + strconv.FormatInt(busyTimeout.Milliseconds(), 10) + ")", // before what may wait
		"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
	}
	if o.maxPages > 0 {
		pragmas = append(pragmas, "max_page_count("+strconv.Itoa(o.maxPages)+")")
	}
	path := (&url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(file)}).String()
	// A transaction that begins with a read and then writes would fail at once if another
	// wrote in between, whatever the timeout: so one that may write takes the lock first.
	if db.w, err = sql.Open("sqlite", path+"?"+url.Values{"_pragma": pragmas, "_txlock": {"immediate"}}.Encode()); err != nil {
		return fmt.Errorf("database: %w", err)
	}
	db.w.SetMaxOpenConns(1)
	pragmas = append(pragmas, "query_only(1)")
	if db.r, err = sql.Open("sqlite", path+"?"+url.Values{"_pragma": pragmas}.Encode()); err != nil {
		return fmt.Errorf("database: %w", err)
	}
	db.r.SetMaxOpenConns(sqliteReaders)
	db.r.SetMaxIdleConns(sqliteReaders)
	return nil
}

func (db *DB) openPostgres(o Options) error {
	db.engine = onPostgres
	config, err := pgx.ParseConfig(o.URL)
	if err != nil { // which would quote the URL, password and all
		return errors.New("database: the URL cannot be read: want postgres://user:password@host/database")
	}
	db.w = stdlib.OpenDB(*config)
	db.w.SetMaxOpenConns(postgresConns)
	db.w.SetMaxIdleConns(postgresConns)
	db.w.SetConnMaxIdleTime(connectionsIdle)
	db.r = db.w
	return nil
}

// Name is what to call the database in a sentence; it has no password.
func (db *DB) Name() string {
	if db.engine == onPostgres {
		return "PostgreSQL"
	}
	return db.sqliteFile()
}

// Dir is the data folder.
func (db *DB) Dir() string { return db.dir }

func (db *DB) sqliteFile() string { return filepath.Join(db.dir, "wireloom.db") }

// Close ends all connections. The folder may be another's then. To close it twice does no harm.
func (db *DB) Close() error { return db.close() }

func (db *DB) release() error {
	var errs []error
	if db.claimed != nil {
		errs = append(errs, db.claimed.Close())
	}
	if db.w != nil {
		errs = append(errs, db.w.Close())
	}
	if db.r != nil && db.r != db.w {
		errs = append(errs, db.r.Close())
	}
	if db.lock != nil {
		errs = append(errs, db.lock.Close())
	}
	return errors.Join(errs...)
}

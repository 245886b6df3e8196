package store

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"

	"wireloom/internal/store/blob"
)

// What a query may answer that its caller decides about.
var (
	ErrStale = errors.New("somebody else changed it meanwhile")
	ErrTaken = errors.New("it is taken")
	ErrUsed  = errors.New("another labserver uses it; stop that one, or give this one a folder of its own")

	// Those of the blobs are the database's, too: who asks for what a row points to need not
	// know which of the two has lost it. Of a full disk nothing of the transaction was stored.
	ErrNone     = blob.ErrNone
	ErrFull     = blob.ErrFull
	ErrTooLarge = blob.ErrTooLarge
)

// Result codes of SQLite (sqlite3.h), the extended ones where they say more.
const (
	sqliteBusy       = 5
	sqliteLocked     = 6
	sqliteFull       = 13
	sqlitePrimaryKey = 1555
	sqliteUnique     = 2067
)

// States of PostgreSQL (its manual, appendix A).
const (
	stateSerialization = "40001"
	stateDeadlock      = "40P01"
	stateUnique        = "23505"
	stateDiskFull      = "53100"
)

// verdict is what to make of a database's error.
type verdict int

const (
	failed verdict = iota
	again          // nothing was done: the same transaction may well succeed
	none
	taken
	full
)

func judge(err error) verdict {
	var lite *sqlite.Error
	var pg *pgconn.PgError
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return none
	case blob.Full(err):
		return full
	case errors.As(err, &lite):
		switch code := lite.Code(); {
		case code == sqliteUnique, code == sqlitePrimaryKey:
			return taken
		case code&0xff == sqliteBusy, code&0xff == sqliteLocked:
			return again
		case code&0xff == sqliteFull:
			return full
		}
	case errors.As(err, &pg):
		switch pg.Code {
		case stateUnique:
			return taken
		case stateSerialization, stateDeadlock:
			return again
		case stateDiskFull:
			return full
		}
	}
	return failed
}

// failure makes a database's error one of ours where there is one.
func (db *DB) failure(err error) error {
	switch judge(err) {
	case none:
		return ErrNone
	case taken:
		return fmt.Errorf("%w (%w)", ErrTaken, err)
	case full:
		return fmt.Errorf("%w: make room where %s is (%w)", ErrFull, db.Name(), err)
	case failed, again:
	}
	return err
}

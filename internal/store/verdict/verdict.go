// Package verdict tells what the errors of the two databases mean.
package verdict

import (
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"

	"wireloom/internal/store/blob"
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

// A Verdict is what to make of a database's error.
type Verdict int

const (
	Failed Verdict = iota
	Again          // nothing was done: the same transaction may well succeed
	None           // there is no such row
	Taken          // a row with this key is there
	Full           // the disk is
)

// Of is the verdict on an error of database/sql, SQLite or PostgreSQL.
func Of(err error) Verdict {
	var lite *sqlite.Error
	var pg *pgconn.PgError
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return None
	case blob.Full(err):
		return Full
	case errors.As(err, &lite):
		switch code := lite.Code(); {
		case code == sqliteUnique, code == sqlitePrimaryKey:
			return Taken
		case code&0xff == sqliteBusy, code&0xff == sqliteLocked:
			return Again
		case code&0xff == sqliteFull:
			return Full
		}
	case errors.As(err, &pg):
		switch pg.Code {
		case stateUnique:
			return Taken
		case stateSerialization, stateDeadlock:
			return Again
		case stateDiskFull:
			return Full
		}
	}
	return Failed
}

package store

import (
	"errors"
	"fmt"

	"wireloom/internal/store/blob"
	"wireloom/internal/store/verdict"
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

// failure makes a database's error one of ours where there is one.
func (db *DB) failure(err error) error {
	switch verdict.Of(err) {
	case verdict.None:
		return ErrNone
	case verdict.Taken:
		return fmt.Errorf("%w (%w)", ErrTaken, err)
	case verdict.Full:
		return fmt.Errorf("%w: make room where %s is (%w)", ErrFull, db.Name(), err)
	case verdict.Failed, verdict.Again:
	}
	return err
}

package class

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	"wireloom/internal/open"
	"wireloom/internal/scenario"
	"wireloom/internal/store"
)

// maxShelf is how many scenarios a Shelf remembers. One has at most some megabytes.
const maxShelf = 64

// A Shelf has the scenarios of lessons, by their version: each a folder as it was when the lesson
// was made, so that neither a new server nor a new upload changes what students work on.
type Shelf struct {
	db      *store.DB
	reading sync.Mutex // held while one is read: a class that comes at once has it read once

	mu     sync.Mutex
	read   map[string]*scenario.Scenario
	order  []string          // of read, the longest there first
	packed map[string]string // the versions of built-in scenarios that are in the store
}

// NewShelf makes a shelf of a store's scenarios.
func NewShelf(db *store.DB) *Shelf {
	return &Shelf{db: db, read: map[string]*scenario.Scenario{}, packed: map[string]string{}}
}

// Scenario is that of a version. All that ask get the same one: nobody changes it, and For makes a
// student's of it.
func (s *Shelf) Scenario(ctx context.Context, hash string) (*scenario.Scenario, error) {
	if sc := s.known(hash); sc != nil {
		return sc, nil
	}
	s.reading.Lock()
	defer s.reading.Unlock()
	if sc := s.known(hash); sc != nil {
		return sc, nil
	}
	var v store.VersionRow
	if err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
		v, err = tx.Version(hash)
		return err
	}); err != nil {
		return nil, err
	}
	zip, err := s.db.Blobs.Read(v.Blob, maxZip)
	if err != nil {
		return nil, fmt.Errorf("scenario %s, version %s: its folder is not in the data folder: %w", v.Scenario, hash, err)
	}
	sc, err := open.Zip(zip, v.Scenario)
	if err != nil {
		return nil, err
	}
	s.keep(hash, sc)
	return sc, nil
}

func (s *Shelf) known(hash string) *scenario.Scenario {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.read[hash]
}

// maxZip is how many bytes a zip of our own making may have: a little more than the one that it was made of.
const maxZip = 2 * open.MaxUpload

func (s *Shelf) keep(hash string, sc *scenario.Scenario) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.read[hash] != nil {
		return
	}
	if len(s.order) == maxShelf {
		delete(s.read, s.order[0])
		s.order = s.order[1:]
	}
	s.read[hash], s.order = sc, append(s.order, hash)
}

// Builtin is the version that a scenario of the program has now.
func (s *Shelf) Builtin(ctx context.Context, name string) (store.VersionRow, error) {
	s.mu.Lock()
	hash := s.packed[name]
	s.mu.Unlock()
	if hash == "" {
		sc, err := open.BuiltinScenario(name)
		if err != nil {
			return store.VersionRow{}, Mistake(err.Error())
		}
		f, err := open.PackBuiltin(name)
		if err != nil {
			return store.VersionRow{}, err
		}
		if err := s.put(ctx, f, store.VersionRow{Scenario: name, Title: sc.Title, Builtin: true}, nil); err != nil {
			return store.VersionRow{}, err
		}
		hash = f.Hash
		s.mu.Lock()
		s.packed[name] = hash
		s.mu.Unlock()
	}
	var v store.VersionRow
	return v, s.db.Read(ctx, func(tx *store.Tx) (err error) {
		v, err = tx.Version(hash)
		return err
	})
}

// Upload takes a scenario's zip for a class. also runs in the transaction that stores it.
func (s *Shelf) Upload(ctx context.Context, class, by string, zip []byte, also func(tx *store.Tx, v store.VersionRow) error) (store.VersionRow, *scenario.Scenario, error) {
	f, err := open.PackUpload(zip)
	if err != nil {
		return store.VersionRow{}, nil, Mistake(err.Error())
	}
	sc, err := open.Zip(f.Zip, "the zip")
	if err != nil {
		return store.VersionRow{}, nil, Mistake(err.Error())
	}
	v := store.VersionRow{Scenario: sc.Name, Title: sc.Title, Class: class, By: by}
	err = s.put(ctx, f, v, func(tx *store.Tx) error {
		uploads, err := tx.Uploads(class)
		if err != nil {
			return err
		}
		if len(uploads) >= store.MaxUploads {
			return mistake("a class has at most %d uploaded scenarios", store.MaxUploads)
		}
		if err := tx.AddUpload(class, f.Hash, by); err != nil {
			return err
		}
		if v, err = tx.Version(f.Hash); err != nil {
			return err
		}
		return also(tx, v)
	})
	if err == nil {
		s.keep(f.Hash, sc)
	}
	return v, sc, err
}

// put stores a folder and the row of its version, and what also does with it.
func (s *Shelf) put(ctx context.Context, f open.Folder, v store.VersionRow, also func(tx *store.Tx) error) error {
	blob, _, err := s.db.Blobs.Put(bytes.NewReader(f.Zip), maxZip)
	if errors.Is(err, store.ErrTooLarge) {
		return mistake("the scenario is too large: %v", err)
	}
	if err != nil {
		return err
	}
	v.Hash, v.Blob = f.Hash, blob
	return s.db.Write(ctx, func(tx *store.Tx) error {
		if err := tx.PutVersion(v); err != nil || also == nil {
			return err
		}
		return also(tx)
	})
}

// Points is what a scenario's checks are worth in all, to those that see so much of it.
func Points(sc *scenario.Scenario, a scenario.Audience) (points int) {
	for i := range sc.Steps {
		if st := &sc.Steps[i]; a.Sees(st) && !st.Worth.Bonus {
			points += st.Worth.Points
		}
	}
	return points
}

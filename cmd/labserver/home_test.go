package main

import (
	"os"
	"path/filepath"
	"testing"

	"wireloom/internal/store"
	"wireloom/internal/store/storetest"
)

// A home is where a server of a test keeps what stays, on the database that the run asks for: see
// storetest.Fresh.
type home struct {
	store.Options
	flags []string // of labserver serve and labserver admin
}

func newHome(t *testing.T) home {
	t.Helper()
	return homeOf(t, storetest.Fresh(t))
}

// homeOf is a home for options of a store. What serve and admin both know of a database that is
// elsewhere is a file of settings.
func homeOf(t *testing.T, o store.Options) home {
	t.Helper()
	if o.URL == "" {
		return home{o, []string{"--data", o.Dir}}
	}
	file := filepath.Join(t.TempDir(), "wireloom.conf")
	if err := os.WriteFile(file, []byte("data: "+o.Dir+"\ndb: "+o.URL+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return home{o, []string{"--config", file}}
}

// serves are the flags of a server there, and others.
func (h home) serves(more ...string) []string {
	return append(h.flags[:len(h.flags):len(h.flags)], more...)
}

// admin runs an errand there, beside the server, and returns what it says on both outputs.
func (h home) admin(t *testing.T, want int, args ...string) string {
	t.Helper()
	return admin(t, want, append(h.flags[:len(h.flags):len(h.flags)], args...)...)
}

package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"wireloom/internal/store"
)

// diskEnv is the folder of the small disk, for the test in the namespace that has it.
const diskEnv = "WIRELOOM_SMALL_DISK"

// On a file system that is full: the sentence says so, what was acknowledged is there, files and
// rows, also after the database was opened again, and with room all goes on.
func TestARealDiskThatIsFull(t *testing.T) {
	if dir := os.Getenv(diskEnv); dir != "" {
		fillDisk(t, dir)
		return
	}
	flags := "-m"
	if os.Geteuid() != 0 {
		flags = "-rm"
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "unshare", flags, "sh", "-ec", `mount -t tmpfs -o size=3m none "$1"; exec "$2" -test.run='^TestARealDiskThatIsFull$'`, "sh", dir, os.Args[0])
	cmd.Env = append(os.Environ(), diskEnv+"="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("on the small disk: %v\n%s", err, out)
	}
}

func fillDisk(t *testing.T, dir string) {
	ballast := filepath.Join(dir, "ballast")
	do(t, os.WriteFile(ballast, make([]byte, 512<<10), 0o600))
	o := store.Options{Dir: filepath.Join(dir, "data")}
	db, err := store.Open(t.Context(), o)
	do(t, err)
	acknowledged := map[string]string{} // blobs by their person
	full := 0
	for i := range 10000 {
		id := fmt.Sprint(i)
		hash, _, err := db.Blobs.Put(strings.NewReader(strings.Repeat(id, 1000)), 1<<20)
		if err == nil {
			err = db.Write(t.Context(), func(tx *store.Tx) error { return put(tx, id, hash+strings.Repeat(" ", 1000)) })
		}
		if err == nil {
			acknowledged[id] = hash
			continue
		}
		if !errors.Is(err, store.ErrFull) || !strings.Contains(err.Error(), "the disk is full: nothing of this was stored") {
			t.Fatalf("after %d: %v", len(acknowledged), err)
		}
		if full++; full == 20 {
			break
		}
	}
	if len(acknowledged) < 10 || full < 20 {
		t.Fatalf("%d were acknowledged, %d refused", len(acknowledged), full)
	}
	check := func(what string) {
		t.Helper()
		do(t, db.Read(t.Context(), func(tx *store.Tx) error {
			var n int
			if err := tx.Get([]any{&n}, "select count(*) from people"); err != nil || n != len(acknowledged) {
				t.Errorf("%s: %d people, %v, want %d", what, n, err, len(acknowledged))
			}
			for id, hash := range acknowledged {
				got, err := name(tx, id)
				b, berr := db.Blobs.Read(hash, 1<<20)
				if err := errors.Join(err, berr); err != nil || strings.TrimSpace(got) != hash || !bytes.Equal(b, []byte(strings.Repeat(id, 1000))) {
					t.Errorf("%s: %s is %q with a file of %d bytes, %v", what, id, got, len(b), err)
				}
			}
			return nil
		}))
	}
	check("while the disk is full")
	do(t, db.Close(), os.Remove(ballast))
	db, err = store.Open(t.Context(), o)
	do(t, err)
	check("with room again")
	do(t, db.Write(t.Context(), func(tx *store.Tx) error { return put(tx, "again", "") }), db.Close())
}

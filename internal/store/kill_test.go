//go:build unix

package store_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"wireloom/internal/store"
	"wireloom/internal/store/storetest"
)

// Where the process that is killed finds its store.
const (
	killDirEnv = "WIRELOOM_KILL_DIR"
	killURLEnv = "WIRELOOM_KILL_URL"
)

// A server that is killed at any moment has what it acknowledged, once: rows and the files that
// they point to. The folder can be opened at once.
func TestAKilledServerLosesNothingAcknowledged(t *testing.T) {
	if dir := os.Getenv(killDirEnv); dir != "" {
		writeUntilKilled(t, store.Options{Dir: dir, URL: os.Getenv(killURLEnv)})
		return
	}
	storetest.EachOptions(t, func(t *testing.T, o store.Options) {
		chance := rand.New(rand.NewPCG(1, 2)) // after how many rows
		acknowledged := map[string]string{}
		for range 6 {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAKilledServerLosesNothingAcknowledged$")
			cmd.Env = append(os.Environ(), killDirEnv+"="+o.Dir, killURLEnv+"="+o.URL)
			out, err := cmd.StdoutPipe()
			do(t, err, cmd.Start())
			lines := bufio.NewScanner(out)
			for n := 1 + chance.IntN(30); n > 0 && lines.Scan(); n-- {
				id, hash, ok := strings.Cut(lines.Text(), " ")
				if !ok {
					t.Fatalf("the server said %q", lines.Text())
				}
				acknowledged[id] = hash
			}
			do(t, cmd.Process.Kill())
			for lines.Scan() { // it was acknowledged, too
				if id, hash, ok := strings.Cut(lines.Text(), " "); ok && len(hash) == 64 {
					acknowledged[id] = hash
				}
			}
			_ = cmd.Wait() // it says that it was killed

			db, err := store.Open(t.Context(), o)
			do(t, err, db.Read(t.Context(), func(tx *store.Tx) error {
				for id, hash := range acknowledged {
					if got, err := name(tx, id); err != nil || got != hash {
						t.Errorf("%s is %q, %v", id, got, err)
					}
					if b, err := db.Blobs.Read(hash, 1<<20); err != nil || string(b) != id {
						t.Errorf("the file of %s is %q, %v", id, b, err)
					}
				}
				return nil
			}), db.Close())
		}
	})
}

func writeUntilKilled(t *testing.T, o store.Options) {
	db, err := store.Open(t.Context(), o)
	do(t, err)
	for {
		id := store.NewID()
		hash, _, err := db.Blobs.Put(strings.NewReader(id), 100)
		do(t, err, db.Write(t.Context(), func(tx *store.Tx) error { return put(tx, id, hash) }))
		fmt.Println(id, hash)
	}
}

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wireloom/internal/store"
)

// admin runs an errand and returns what it says on both outputs.
func admin(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	if code := run(t.Context(), append([]string{"admin"}, args...), stdio{strings.NewReader(""), &out, &out}); code != want {
		t.Fatalf("admin %q: got %d, want %d: %s", args, code, want, out.String())
	}
	return out.String()
}

// A server's data are backed up while it runs, restored elsewhere, and a person's are exported and erased.
func TestAdminKeepsAndTakesAway(t *testing.T) {
	dir := t.TempDir()
	data, next := newHome(t), newHome(t)
	if err := os.Remove(data.Dir); err != nil {
		t.Fatal(err)
	}
	if said := data.admin(t, exitError, "backup", filepath.Join(dir, "x")); !strings.Contains(said, "data folder: ") {
		t.Errorf("a backup of nothing: %s", said)
	}
	db, err := store.Open(t.Context(), data.Options) // stands for the server
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	data.admin(t, exitOK, "operator", "Ada Lovelace")
	file := filepath.Join(dir, "backup.tar")
	if said := data.admin(t, exitOK, "backup", file); !strings.Contains(said, "backed up ") {
		t.Errorf("a backup: %s", said)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup: %v, %v", info, err)
	}
	if said := data.admin(t, exitError, "backup", file); !strings.Contains(said, "is there already") {
		t.Errorf("a backup over another: %s", said)
	}
	if said := data.admin(t, exitError, "restore", file); !strings.Contains(said, "is not empty") {
		t.Errorf("restored into the same folder: %s", said)
	}
	if said := next.admin(t, exitOK, "restore", file); !strings.Contains(said, "restored ") {
		t.Errorf("restored: %s", said)
	}
	zip := filepath.Join(dir, "ada.zip")
	next.admin(t, exitOK, "export", "ada lovelace", zip)
	if info, err := os.Stat(zip); err != nil || info.Size() == 0 {
		t.Errorf("the export: %v, %v", info, err)
	}
	if said := next.admin(t, exitError, "erase", "bob"); !strings.Contains(said, "nobody has the id") {
		t.Errorf("erased nobody: %s", said)
	}
	if said := next.admin(t, exitOK, "erase", "ada lovelace"); !strings.Contains(said, "erased ") {
		t.Errorf("erased: %s", said)
	}
	if said := next.admin(t, exitError, "export", "ada lovelace", filepath.Join(dir, "again.zip")); !strings.Contains(said, "nobody has the id") {
		t.Errorf("exported who was erased: %s", said)
	}
}

// The commands of docs/backup.md do what it says.
func TestTheBackupPage(t *testing.T) {
	dir, said := runPage(t, "../../docs/backup.md")
	if _, err := os.Stat(filepath.Join(dir, "ada.zip")); err != nil {
		t.Error(err)
	}
	if got := said[`labserver admin --data ./restored erase "Ada Lovelace"`]; !strings.Contains(got, "erased ") {
		t.Errorf("the last one says %s", got)
	}
}

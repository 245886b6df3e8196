package backup_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"wireloom/internal/backup"
	"wireloom/internal/store"
	"wireloom/internal/store/storetest"
)

func do(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// backedUp is the backup of a store with a class, a blob and a journal.
func backedUp(t *testing.T, db *store.DB) (tarFile []byte, blob string) {
	t.Helper()
	blob, _, err := db.Blobs.Put(strings.NewReader("a program"), 100)
	do(t, err, db.Write(t.Context(), func(tx *store.Tx) error {
		return tx.AddClass(store.ClassRow{ID: "c", Name: "Networks", Code: "C"})
	}))
	do(t, os.MkdirAll(filepath.Join(db.Dir(), "labs", "x"), 0o700), os.WriteFile(filepath.Join(db.Dir(), "labs", "x", "journal"), []byte("commands"), 0o600),
		os.WriteFile(filepath.Join(db.Dir(), "blobs", "new-half"), []byte("half"), 0o600))
	var b bytes.Buffer
	s, err := backup.Write(t.Context(), db, "v1", &b)
	do(t, err)
	if s.Rows != 1 || s.Files != 2 || s.Bytes != int64(len("a program")+len("commands")) {
		t.Errorf("a backup of %+v", s)
	}
	return b.Bytes(), blob
}

// One database's backup is restored into each, while the server that it is of goes on.
func TestBackupAndRestore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		file, blob := backedUp(t, db)
		storetest.EachOptions(t, func(t *testing.T, o store.Options) {
			s, err := backup.Restore(t.Context(), bytes.NewReader(file), o)
			do(t, err)
			if s.Program != "v1" || s.Files != 2 {
				t.Errorf("restored %+v", s)
			}
			restored := storetest.Open(t, o)
			got, err := restored.Blobs.Read(blob, 100)
			if string(got) != "a program" || err != nil {
				t.Errorf("the blob is %q, %v", got, err)
			}
			journal, err := os.ReadFile(filepath.Join(o.Dir, "labs", "x", "journal"))
			if string(journal) != "commands" || err != nil {
				t.Errorf("the journal is %q, %v", journal, err)
			}
			do(t, restored.Read(t.Context(), func(tx *store.Tx) error {
				c, err := tx.Class("c")
				if c.Name != "Networks" {
					t.Errorf("the class is %+v", c)
				}
				return err
			}))
			if _, err := os.Stat(filepath.Join(o.Dir, "database.jsonl")); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the rows were left there: %v", err)
			}
			if _, err := backup.Restore(t.Context(), bytes.NewReader(file), o); err == nil || !strings.Contains(err.Error(), "is not empty") {
				t.Errorf("restored over it: %v", err)
			}
		})
	})
}

// While a backup is made, people go on: it has what was there at one instant.
func TestABackupWhileTheServerRuns(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		// Each write makes a class and an audit row: a backup with one has the other.
		write := func(stop <-chan struct{}) {
			for {
				select {
				case <-stop:
					return
				default:
				}
				err := db.Write(t.Context(), func(tx *store.Tx) error {
					id := store.NewID()
					return errors.Join(tx.AddClass(store.ClassRow{ID: id, Code: id}), tx.Audit(store.AuditRow{What: "made", About: id}))
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		}
		for range 5 {
			var writer sync.WaitGroup
			stop := make(chan struct{})
			writer.Go(func() { write(stop) })
			var b bytes.Buffer
			s, err := backup.Write(t.Context(), db, "v1", &b)
			close(stop) // or there are ever more rows to restore
			writer.Wait()
			do(t, err)
			if s.Rows%2 != 0 {
				t.Errorf("a backup has half of what was done at once: %d rows", s.Rows)
			}
			_, err = backup.Restore(t.Context(), &b, store.Options{Dir: t.TempDir()})
			do(t, err)
		}
	})
}

// entries is a tar of names and what they hold.
func entries(t *testing.T, list ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range list {
		do(t, w.WriteHeader(&h))
	}
	do(t, w.Close())
	return b.Bytes()
}

func TestRestoreRefuses(t *testing.T) {
	db := storetest.Open(t, storetest.Fresh(t))
	good, blob := backedUp(t, db)
	damaged := bytes.Replace(good, []byte("a program"), []byte("A program"), 1)
	fewer := bytes.Replace(good, []byte(`"files":2`), []byte(`"files":3`), 1)
	file := func(name string) []byte { return entries(t, tar.Header{Typeflag: tar.TypeReg, Name: name}) }
	for _, tc := range []struct {
		name string
		file []byte
		want string
	}{
		{"nothing", nil, "breaks off"},
		{"something else", []byte(strings.Repeat("hello ", 500)), "this is no backup"},
		{"one that breaks off", good[:len(good)-3000], "b"},
		{"a damaged blob", damaged, blob + `" in the backup: it is damaged`},
		{"a file that is missing", fewer, "says that it has 3 files"},
		{"a way out", file("data/../../x"), "no backup has such a file"},
		{"an absolute name", file("data//etc/passwd"), "no backup has such a file"},
		{"a file beside", file("x"), "no backup has such a file"},
		{"a database of its own", file("data/wireloom.db"), "no backup has such a file"},
		{"a link", entries(t, tar.Header{Typeflag: tar.TypeSymlink, Name: "data/x", Linkname: "/etc"}), "no ordinary file"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			_, err := backup.Restore(t.Context(), bytes.NewReader(tc.file), store.Options{Dir: dir})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			if left, err := os.ReadDir(dir); len(left) > 0 || err != nil {
				t.Errorf("the folder has %v, %v", left, err)
			}
		})
	}
}

func FuzzRestore(f *testing.F) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for name, text := range map[string]string{"database.jsonl": "{\"format\":1,\"step\":1}\n{\"rows\":0}\n", "data/x": "x", "backup.json": `{"format":1}`} {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(text))}); err != nil {
			f.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, file []byte) {
		parent := t.TempDir()
		dir := filepath.Join(parent, "data")
		_, err := backup.Restore(t.Context(), bytes.NewReader(file), store.Options{Dir: dir})
		if left, _ := os.ReadDir(dir); err != nil && len(left) > 0 {
			t.Errorf("%v, and the folder has %v", err, left)
		}
		if beside, _ := os.ReadDir(parent); len(beside) != 1 {
			t.Errorf("beside the folder: %v", beside)
		}
	})
}

package blob_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wireloom/internal/store/blob"
)

const hashOfHello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

func TestBlobs(t *testing.T) {
	now := time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)
	dir := filepath.Join(t.TempDir(), "blobs")
	b, err := blob.Open(dir, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second is the same blob
		hash, size, err := b.Put(strings.NewReader("hello"), 5)
		if hash != hashOfHello || size != 5 || err != nil {
			t.Fatalf("got %s, %d, %v", hash, size, err)
		}
	}
	if _, _, err := b.Put(strings.NewReader("hello!"), 5); !errors.Is(err, blob.ErrTooLarge) {
		t.Errorf("six bytes where five may be: %v", err)
	}
	if got, err := b.Read(hashOfHello, 5); string(got) != "hello" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := b.Read(hashOfHello, 4); !errors.Is(err, blob.ErrTooLarge) {
		t.Errorf("a limit of four: %v", err)
	}
	for _, name := range []string{"", "..", "../../lock", strings.Repeat("0", 64), strings.ToUpper(hashOfHello)} {
		if _, err := b.Open(name); !errors.Is(err, blob.ErrNone) || b.Has(name) {
			t.Errorf("%q: %v, Has %v", name, err, b.Has(name))
		}
	}
	if _, _, err := b.Put(io.MultiReader(strings.NewReader("x"), broken{}), 5); err == nil {
		t.Error("an upload that broke off is there")
	}
	left := filepath.Join(dir, "new-left")
	if err := errors.Join(os.WriteFile(left, nil, 0o600), os.Chtimes(left, now, now)); err != nil {
		t.Fatal(err)
	}
	kept, _, err := b.Put(strings.NewReader("kept"), 5)
	if err != nil {
		t.Fatal(err)
	}
	keep := func(hash string) bool { return hash == kept }
	if gone, err := b.Sweep(keep); gone != 0 || err != nil || !b.Has(hashOfHello) {
		t.Errorf("a sweep at once took %d, %v", gone, err)
	}
	now = now.Add(25 * time.Hour)
	if gone, err := b.Sweep(keep); gone != 1 || err != nil || b.Has(hashOfHello) || !b.Has(kept) {
		t.Errorf("a sweep a day later took %d, %v", gone, err)
	}
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what an unfinished upload left: %v", err)
	}
}

// broken is an upload that breaks off.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

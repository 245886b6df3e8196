package class_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"testing"

	"wireloom/internal/class"
	"wireloom/internal/scenario"
	"wireloom/internal/store"
	"wireloom/internal/store/storetest"
)

// packed is a zip of a scenario with a value that is each student's own.
func packed(t *testing.T, brief string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, text := range map[string]string{
		"scenario.yaml": "scenario: mine\ntitle: Mine\nparams: {n: {from: 1, to: 9}}\nnodes: {a: {}}\n", "brief.md": brief,
	} {
		f, err := w.Create(name)
		do(t, err)
		_, err = f.Write([]byte(text))
		do(t, err)
	}
	do(t, w.Close())
	return b.Bytes()
}

func TestShelf(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		do(t, db.Write(t.Context(), func(tx *store.Tx) error {
			return errors.Join(tx.AddClass(store.ClassRow{ID: "c", Code: "C"}), tx.AddClass(store.ClassRow{ID: "d", Code: "D"}))
		}))
		shelf := class.NewShelf(db)
		v, err := shelf.Builtin(t.Context(), "ping")
		do(t, err)
		again, err := class.NewShelf(db).Builtin(t.Context(), "ping")
		if err != nil || again != v || !v.Builtin || v.Scenario != "ping" || v.Title == "" {
			t.Errorf("a built-in one: %+v and %+v, %v", v, again, err)
		}
		sc, err := class.NewShelf(db).Scenario(t.Context(), v.Hash)
		if err != nil || sc.Name != "ping" || class.Points(sc, scenario.Student) <= 0 {
			t.Errorf("from the store: %+v, %v", sc, err)
		}
		_, err = shelf.Builtin(t.Context(), "pong")
		wantMistake(t, "no such", err, "there is no built-in scenario")
		if _, err := shelf.Scenario(t.Context(), "none"); !errors.Is(err, store.ErrNone) {
			t.Errorf("no such version: %v", err)
		}

		noted := 0
		note := func(*store.Tx, store.VersionRow) error { noted++; return nil }
		one, sc, err := shelf.Upload(t.Context(), "c", "tina", packed(t, "Do it."), note)
		do(t, err)
		other, _, err := shelf.Upload(t.Context(), "d", "tom", packed(t, "Do it."), note)
		do(t, err)
		if one.Hash != other.Hash || sc.Name != "mine" || sc.Brief != "Do it." || noted != 2 {
			t.Errorf("the same for two classes: %+v and %+v, %d", one, other, noted)
		}
		next, _, err := shelf.Upload(t.Context(), "c", "tina", packed(t, "Do it well."), note)
		if err != nil || next.Hash == one.Hash {
			t.Errorf("a new version: %+v, %v", next, err)
		}
		if sc, err := class.NewShelf(db).Scenario(t.Context(), one.Hash); err != nil || sc.Brief != "Do it." {
			t.Errorf("the old version after a new one came: %+v, %v", sc, err)
		}
		for _, b := range [][]byte{[]byte("no zip"), packed(t, string(make([]byte, scenario.MaxBrief+1)))} {
			_, _, err = shelf.Upload(t.Context(), "c", "tina", b, note)
			wantMistake(t, "what is no scenario", err, "")
		}
	})
}

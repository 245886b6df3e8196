package gradebook

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"wireloom/internal/report"
	"wireloom/internal/store"
)

// Report is the report of a hand-in in a form, as staff or its student may see it now, signed
// where the form has a place for it. store.ErrNone while there is none.
func (b *Book) Report(ctx context.Context, id string, staff bool, f report.Format) ([]byte, error) {
	var hash string
	err := b.conf.DB.Read(ctx, func(tx *store.Tx) error {
		h, err := tx.Handin(id)
		if err != nil {
			return err
		}
		l, err := tx.Lesson(h.Lesson)
		if err != nil {
			return err
		}
		d, err := b.datesOf(tx, l, h.Person)
		if err != nil {
			return err
		}
		grading := h.Visible
		if h.Complete != "" && (staff || seesAll(d, tx.Now())) {
			grading = h.Complete
		}
		g, err := tx.Grading(grading)
		if err != nil {
			return err
		}
		if hash = g.Report; staff && g.Staff != "" {
			hash = g.Staff
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	text, err := b.conf.DB.Blobs.Read(hash, report.MaxDocument)
	if err != nil {
		return nil, err
	}
	d := &report.Document{}
	if err := json.Unmarshal(text, d); err != nil {
		return nil, fmt.Errorf("a report: %w", err)
	}
	r := report.Of(d)
	if f.Signs() {
		r.SignedBy = b.conf.Key.Public().String()
	}
	var out bytes.Buffer
	if err := r.Write(&out, f, report.Terminal{}); err != nil {
		return nil, err
	}
	if !f.Signs() {
		return out.Bytes(), nil
	}
	signed, _ := report.Sign(f, out.Bytes(), b.conf.Key)
	return signed, nil
}

// Program is the program of a slot of a hand-in, and its file's name.
func (b *Book) Program(ctx context.Context, id, slot string) (f *os.File, name string, err error) {
	h, err := b.row(ctx, id)
	if err != nil {
		return nil, "", err
	}
	programs, err := programsOf(h.Programs)
	if err != nil {
		return nil, "", err
	}
	for _, p := range programs {
		if p.Slot == slot {
			f, err := b.conf.DB.Blobs.Open(p.Hash)
			return f, p.Name, err
		}
	}
	return nil, "", store.ErrNone
}

// Recording is the recording of a bench that came with a hand-in; store.ErrNone where none did.
func (b *Book) Recording(ctx context.Context, id string) (*os.File, error) {
	h, err := b.row(ctx, id)
	if err != nil {
		return nil, err
	}
	return b.conf.DB.Blobs.Open(h.Recording)
}

// Blobs calls keep with each blob that hand-ins and gradings point to.
func Blobs(tx *store.Tx, keep func(hash string)) error {
	list, err := tx.HandinBlobs()
	if err != nil {
		return err
	}
	for _, x := range list {
		programs, err := programsOf(x.Programs)
		if err != nil {
			return err
		}
		for _, p := range programs {
			keep(p.Hash)
		}
		for _, hash := range []string{x.Recording, x.Report, x.Staff} {
			if hash != "" {
				keep(hash)
			}
		}
	}
	return nil
}

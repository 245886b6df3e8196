// Package privacy gives people what is kept of them, takes it away, and sees to it that what is
// kept only for a while goes when that is over.
package privacy

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"wireloom/internal/identity"
	wire "wireloom/internal/protocol/class"
	"wireloom/internal/store"
)

// Human is all the ids of somebody, the first of them their account's. text is one of the ids, or
// an e-mail address or a name that only they have.
func Human(tx *store.Tx, text string) (ids []string, err error) {
	found, err := tx.PeopleCalled(text)
	if err != nil {
		return nil, err
	}
	var main string
	for _, p := range found {
		if id := mainOf(p); main == "" {
			main = id
		} else if main != id {
			return nil, fmt.Errorf("%q are several people: name one by their id: %s", text, strings.Join(idsOf(found), ", "))
		}
	}
	if main == "" {
		return nil, fmt.Errorf("nobody has the id, the e-mail address or the name %q", text)
	}
	merged, err := tx.MergedWith(main)
	return append([]string{main}, idsOf(merged)...), err
}

func mainOf(p store.PersonRow) string {
	if p.Main != "" {
		return p.Main
	}
	return p.ID
}

func idsOf(list []store.PersonRow) []string {
	ids := make([]string, len(list))
	for i, p := range list {
		ids[i] = p.ID
	}
	return ids
}

// Erase takes away all that tells who somebody was: name, addresses, ways to sign in, programs,
// recordings and reports, comments, labs. What their work was worth stays as that of nobody, and the audit
// log keeps that they were erased. request and by are the log's.
func Erase(tx *store.Tx, text, request, by string) (ids []string, err error) {
	if ids, err = Human(tx, text); err != nil {
		return nil, err
	}
	for _, id := range ids {
		places, err := tx.PlacesOf(id)
		if err != nil {
			return nil, err
		}
		for _, m := range places { // somebody of the name may wait to be let in
			if err := tx.DropArrivalOf(m.Class, identity.Fold(m.Name)); err != nil {
				return nil, err
			}
		}
		if err := tx.Forget(id); err != nil {
			return nil, err
		}
	}
	return ids, tx.Audit(store.AuditRow{Request: request, Who: by, What: "person erase", About: ids[0]})
}

// Export writes what is kept of somebody as a zip: all rows that are about them as JSON, and the
// files of their hand-ins.
func Export(ctx context.Context, db *store.DB, text string, w io.Writer) error {
	rows := map[string][]map[string]any{}
	err := db.Read(ctx, func(tx *store.Tx) error {
		clear(rows)
		ids, err := Human(tx, text)
		if err != nil {
			return err
		}
		return tx.About(ids, func(table string, row map[string]any) error {
			if table == "gradings" {
				delete(row, "staff") // a report for staff, which shows what students may not see
			}
			rows[table] = append(rows[table], row)
			return nil
		})
	})
	if err != nil {
		return err
	}
	out := zip.NewWriter(w)
	f, err := out.Create("data.json")
	if err != nil {
		return err
	}
	enc := json.NewEncoder(f)
	enc.SetIndent("", "  ")
	if err := enc.Encode(rows); err != nil {
		return err
	}
	for _, row := range rows["handins"] {
		if err := handin(db, out, row); err != nil {
			return err
		}
	}
	for _, row := range rows["gradings"] {
		if err := file(db, out, fmt.Sprintf("handins/%s/report-%s.json", row["handin"], row["id"]), row["report"]); err != nil {
			return err
		}
	}
	return out.Close()
}

// handin adds the files of one.
func handin(db *store.DB, out *zip.Writer, row map[string]any) error {
	dir := fmt.Sprintf("handins/%s", row["id"])
	var programs []wire.Program
	text, _ := row["programs"].(string)
	if err := json.Unmarshal([]byte(text), &programs); err != nil {
		return fmt.Errorf("hand-in %s: %w", row["id"], err)
	}
	for _, p := range programs {
		if err := file(db, out, path.Join(dir, "program-"+p.Slot+".wasm"), p.Hash); err != nil {
			return err
		}
	}
	return file(db, out, path.Join(dir, "recording"), row["recording"])
}

// file adds a blob, if there is one. What is lost is left out: the rest is somebody's all the more.
func file(db *store.DB, out *zip.Writer, name string, hash any) error {
	text, _ := hash.(string)
	b, err := db.Blobs.Open(text)
	if errors.Is(err, store.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	defer b.Close()
	f, err := out.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, b)
	return err
}

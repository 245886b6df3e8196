package store_test

import (
	"strings"
	"testing"
	"time"

	"wireloom/internal/store"
	"wireloom/internal/store/storetest"
)

func TestAudit(t *testing.T) {
	now := time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)
	storetest.EachAt(t, func() time.Time { return now }, func(t *testing.T, db *store.DB) {
		note := func(class, what string) {
			write(t, db, func(tx *store.Tx) error {
				return tx.Audit(store.AuditRow{Request: "r", Who: "ada", Class: class, What: what, About: "x", Detail: "y"})
			})
			now = now.Add(time.Minute)
		}
		began := now
		note("c", "one")
		note("d", "two")
		note("c", "three")
		for _, tc := range []struct {
			name  string
			class string
			since time.Time
			limit int
			want  string
		}{
			{"all, newest first", "", time.Time{}, 10, "three two one "},
			{"of a class", "c", time.Time{}, 10, "three one "},
			{"since then", "c", began.Add(time.Second), 10, "three "},
			{"a limit", "", time.Time{}, 1, "three "},
		} {
			write(t, db, func(tx *store.Tx) error {
				rows, err := tx.AuditSince(tc.class, tc.since, tc.limit)
				var got strings.Builder
				for _, r := range rows {
					got.WriteString(r.What + " ")
				}
				if got.String() != tc.want {
					t.Errorf("%s: got %q, want %q", tc.name, got.String(), tc.want)
				}
				return err
			})
		}
		write(t, db, func(tx *store.Tx) error {
			rows, err := tx.AuditAbout("x", "two", 5)
			if len(rows) != 1 || rows[0].Class != "d" || rows[0].Detail != "y" {
				t.Errorf("about one thing: %+v", rows)
			}
			return err
		})
	})
}

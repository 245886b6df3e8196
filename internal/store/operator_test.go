package store_test

import (
	"testing"

	"wireloom/internal/store"
	"wireloom/internal/store/storetest"
)

func TestHasOperator(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		for _, c := range []struct {
			name string
			add  *store.PersonRow
			want bool
		}{
			{"nobody", nil, false},
			{"a student", &store.PersonRow{ID: "s", Name: "S"}, false},
			{"an operator", &store.PersonRow{ID: "o", Name: "O", Operator: true}, true},
		} {
			err := db.Write(t.Context(), func(tx *store.Tx) error {
				if c.add != nil {
					c.add.Created = tx.Now()
					if err := tx.AddPerson(*c.add); err != nil {
						return err
					}
				}
				got, err := tx.HasOperator()
				if got != c.want {
					t.Errorf("%s: got %v", c.name, got)
				}
				return err
			})
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		}
	})
}

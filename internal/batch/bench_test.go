package batch

import (
	"fmt"
	"testing"
)

// BenchmarkTableOfAClass makes all tables of ten thousand submissions that are one file.
func BenchmarkTableOfAClass(b *testing.B) {
	var rows []*Row
	for i := range 10_000 {
		rows = append(rows, &Row{Name: fmt.Sprint("s", i), Status: Refused, Programs: []Program{{Slots: []string{"bob.pingd"}, Hash: "00"}}})
	}
	for b.Loop() {
		t := NewTable(rows)
		if _, err := t.Page("x", "x", nil); err != nil || t.Text() == "" || len(t.CSV()) == 0 || len(t.JSON(nil)) == 0 {
			b.Fatal(err)
		}
	}
}

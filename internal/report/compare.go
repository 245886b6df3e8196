package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"wireloom/internal/terminal"
)

// maxDifferences is how many differences are told.
const maxDifferences = 20

// A Difference is a place where two reports say different things.
type Difference struct {
	Where     string // "score", "check echo-reply: status"
	Then, Now string
}

// String is the difference in a line.
func (d Difference) String() string {
	then, now := terminal.Fit(line(d.Then), 200), terminal.Fit(line(d.Now), 200)
	if then == now || ascii(now) && !ascii(then) { // letters that look alike, or are not seen
		then, now = strconv.QuoteToASCII(terminal.Fit(d.Then, 200)), strconv.QuoteToASCII(terminal.Fit(d.Now, 200))
	}
	return fmt.Sprintf("%s: the report says %s, this run %s", line(d.Where), then, now)
}

// Compare says where a report differs from another of the same grading. What files
// are called, and where they lie, makes no difference. more is how many differences are not told.
func Compare(then, now *Document) (diffs []Difference, more int) {
	c := comparison{}
	c.values("", generic(then), generic(now))
	return c.diffs, c.more
}

// generic is a document as JSON knows it, so that every field is compared, now and
// when others are added.
func generic(d *Document) map[string]any {
	b, err := json.Marshal(d)
	if err != nil {
		panic("report: a document is not JSON: " + err.Error())
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber() // a seed may be larger than a float64 can tell
	var m map[string]any
	if err := dec.Decode(&m); err != nil {
		panic("report: a document is not read back: " + err.Error())
	}
	delete(m, "inputs")
	for list, name := range map[string]string{"programs": "name", "checks": "file"} {
		items, _ := m[list].([]any)
		for _, it := range items {
			if it, ok := it.(map[string]any); ok {
				delete(it, name)
			}
		}
	}
	return m
}

type comparison struct {
	diffs []Difference
	more  int
}

func (c *comparison) add(where string, then, now any) {
	if len(c.diffs) == maxDifferences {
		c.more++
		return
	}
	c.diffs = append(c.diffs, Difference{where, said(then), said(now)})
}

func said(v any) string {
	switch v := v.(type) {
	case nil:
		return "nothing"
	case map[string]any, []any:
		b, err := json.Marshal(v)
		if err != nil {
			return err.Error()
		}
		return string(b)
	default:
		return fmt.Sprint(v)
	}
}

func (c *comparison) values(where string, then, now any) {
	switch t := then.(type) {
	case map[string]any:
		if n, ok := now.(map[string]any); ok {
			c.maps(where, t, n)
			return
		}
	case []any:
		if n, ok := now.([]any); ok {
			c.lists(where, t, n)
			return
		}
	}
	if said(then) != said(now) {
		c.add(where, then, now)
	}
}

func (c *comparison) maps(where string, then, now map[string]any) {
	keys := map[string]bool{}
	for k := range then {
		keys[k] = true
	}
	for k := range now {
		keys[k] = true
	}
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		at := k
		if where != "" {
			at = where + ": " + k
		}
		c.values(at, then[k], now[k])
	}
}

func (c *comparison) lists(where string, then, now []any) {
	for i := range max(len(then), len(now)) {
		var t, n any
		if i < len(then) {
			t = then[i]
		}
		if i < len(now) {
			n = now[i]
		}
		c.values(fmt.Sprintf("%s %s", where, itemName(i, t, n)), t, n)
	}
}

// itemName is an item's id, or its number.
func itemName(i int, items ...any) string {
	for _, it := range items {
		if m, ok := it.(map[string]any); ok {
			if id, ok := m["id"].(string); ok && id != "" {
				return id
			}
		}
	}
	return fmt.Sprint(i + 1)
}

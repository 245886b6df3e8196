package filter

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"wireloom/internal/decode"
)

var update = flag.Bool("update", false, "write the table of fields into docs/filters.md anew")

// docs/filters.md has every name that a filter may use, as the code has it.
func TestFieldsOfTheDocs(t *testing.T) {
	const file, begin, end = "../../docs/filters.md", "-update -->\n", "<!-- end of fields -->"
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	for _, k := range decode.Keys() {
		if k.Type == decode.Protocol {
			fmt.Fprintf(&table, "\n### `%s`: %s\n\n| field | is | |\n|---|---|---|\n", k.Name, k.Doc)
			continue
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s%s |\n", k.Name, k.Type, k.Doc, namesOf(k))
	}
	table.WriteString("\n")
	head, rest, ok1 := strings.Cut(string(page), begin)
	old, tail, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("%s has no place for the fields", file)
	}
	if *update {
		if err := os.WriteFile(file, []byte(head+begin+table.String()+end+tail), 0o666); err != nil {
			t.Fatal(err)
		}
	} else if old != table.String() {
		t.Errorf("%s has other fields than decode.Keys: go test ./internal/filter -update", file)
	}
}

// namesOf are the first few names of a field's numbers.
func namesOf(k *decode.Key) string {
	const limit = 4
	var names []string
	for _, u := range sortedKeys(k.Names) {
		if len(names) == limit {
			break
		}
		names = append(names, fmt.Sprintf("%q", k.Names[u]))
	}
	if len(names) == 0 {
		return ""
	}
	return ": " + strings.Join(names, ", ")
}

// The examples of the page are filters.
func TestExamplesOfTheDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/filters.md")
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(string(page), "## Limits")
	refused := []string{"eth.src[5] == 10"}
	n := 0
	for i, code := range strings.Split(text, "`") {
		first, _, _ := strings.Cut(code, " ")
		if i%2 == 0 || strings.HasSuffix(code, "()") || !strings.ContainsAny(code, " #&(") || !strings.ContainsAny(first, ".fatsn!") || strings.ContainsAny(code, "{}") && !strings.Contains(code, " in ") {
			continue
		}
		if _, err := decode.FindKey(first); err != nil && !strings.HasPrefix(code, "!(") && !strings.HasPrefix(code, "string(") && first != "all" {
			continue
		}
		n++
		if _, err := Compile(code); (err != nil) != slices.Contains(refused, code) {
			t.Errorf("`%s`: %v", code, err)
		}
	}
	if n < 15 {
		t.Errorf("the page has %d examples, want 15 or more", n)
	}
}

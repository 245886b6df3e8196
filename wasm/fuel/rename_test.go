package fuel

import (
	"strings"
	"testing"
)

// TestRename: two imports of one name get the names that their signatures stand for,
// and the caller is told the guest's.
func TestRename(t *testing.T) {
	imp := func(module, name string, typ byte) []byte {
		return append(putString(putString(nil, module), name), byte(KindFunc), typ)
	}
	m := wasm{
		types:   [][]byte{sig("ii", "i"), sig("iii", "i"), sig("", "")},
		imports: [][]byte{imp("host", "accept", 0), imp("host", "accept", 1), imp("other", "accept", 0)},
		funcs:   []fn{{typ: 2}},
	}
	rename := func(i Import) string {
		if i.Module == "host" && len(i.Func.Params) == 2 {
			return i.Name + "#old, a longer name than the one that was there"
		}
		return i.Name
	}
	for _, c := range []struct {
		name   string
		rename func(Import) string
		want   string
	}{
		{"none", nil, string(vec(m.imports)[1:])},
		{"one of three", rename, string(imp("host", "accept#old, a longer name than the one that was there", 0)) + string(vec(m.imports[1:])[1:])},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := Rewrite(m.bytes(), Options{Rename: c.rename})
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range out.Imports {
				if i.Name != "accept" {
					t.Errorf("Module.Imports has %q, want what the guest said", i.Name)
				}
			}
			if !strings.Contains(string(out.Bytes), c.want) {
				t.Errorf("the rewritten module % x\nhas not the imports % x", out.Bytes, c.want)
			}
		})
	}
}

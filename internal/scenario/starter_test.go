package scenario

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

func TestStarter(t *testing.T) {
	many := fstest.MapFS{}
	for i := range MaxStarters + 1 {
		many[fmt.Sprintf("starter/%d.c", i)] = &fstest.MapFile{Data: []byte("x")}
	}
	file := func(name, text string) fstest.MapFS { return fstest.MapFS{name: {Data: []byte(text)}} }
	for _, c := range []struct {
		name string
		dir  fstest.MapFS
		want string // names and lengths
		err  string
	}{
		{"none", fstest.MapFS{}, "map[]", ""},
		{"a file", file("starter/main.c", "int"), "map[main.c:int]", ""},
		{"a file in a folder", file("starter/a/main.c", "int"), "map[a/main.c:int]", ""},
		{"a file that an editor hides", file("starter/.main.c.swp", "int"), "map[]", ""},
		{"too large a file", file("starter/main.c", strings.Repeat("x", MaxStarter+1)), "map[]", "more than"},
		{"too many files", many, "map[]", "more than 64 files"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.dir["scenario.yaml"] = &fstest.MapFile{Data: []byte("scenario: x\nnodes: {a: {}}\n")}
			sc, err := Open(c.dir, "x")
			if err != nil {
				t.Fatal(err)
			}
			files, err := sc.Starter()
			got := map[string]string{}
			for name, b := range files {
				got[name] = string(b)
			}
			if fmt.Sprint(got) != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("got %v, %v; want %s, %q", got, err, c.want, c.err)
			}
		})
	}
}

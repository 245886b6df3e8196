package verb_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"wireloom/internal/scenario"
	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
)

// notVerbs are the keys of a step that say something of it.
var notVerbs = []string{"id", "title", "points", "bonus", "why", "hint", "staff", "needs", "visible", "stage", "for"}

// A new verb touches one file, its docs and its test: each verb that there is registers
// itself in its own file, and is in the schema, in the docs, and in tests.
func TestAVerbIsAFileItsDocsAndItsTest(t *testing.T) {
	var schema struct {
		Defs struct {
			Step struct {
				Properties map[string]any `json:"properties"`
			} `json:"step"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(scenario.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	props := schema.Defs.Step.Properties
	for _, key := range notVerbs {
		if props[key] == nil {
			t.Errorf("a step has no key %s", key)
		}
		delete(props, key)
	}
	files := map[string]string{} // by the verb's name
	for _, dir := range []string{"act", "look"} {
		names, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range names {
			for _, name := range registeredIn(t, file) {
				if other := files[name]; other != "" {
					t.Errorf("%s stands in %s and in %s", name, file, other)
				}
				files[name] = file
			}
		}
	}
	if got, want := slices.Sorted(maps.Keys(props)), slices.Sorted(maps.Keys(files)); !slices.Equal(got, want) {
		t.Errorf("the schema has the verbs %q, and files register %q", got, want)
	}
	docs, err := os.ReadFile("../../../docs/scenarios.md")
	if err != nil {
		t.Fatal(err)
	}
	var graded strings.Builder
	archives, err := filepath.Glob("../../product/testdata/grading/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range archives {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		steps, _, _ := strings.Cut(string(text), "\n-- want --\n")
		graded.WriteString(steps)
	}
	for name, file := range files {
		if _, err := os.Stat("testdata/" + name + ".txt"); err != nil {
			t.Errorf("%s, of %s, has no transcript: %v", name, file, err)
		}
		if !strings.Contains(string(docs), "`"+name+"`") {
			t.Errorf("docs/scenarios.md does not tell of %s", name)
		}
		if !regexp.MustCompile(`(?m)\b` + name + `:`).MatchString(graded.String()) {
			t.Errorf("no file of internal/product/testdata/grading has %s in its steps", name)
		}
	}
}

// registeredIn are the names of the verbs whose types a file has and registers.
func registeredIn(t *testing.T, file string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	named, registered := map[string]string{}, map[string]bool{} // by the type
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Name.Name != "Name" || n.Recv == nil {
				return true
			}
			ret, _ := n.Body.List[0].(*ast.ReturnStmt)
			lit, _ := ret.Results[0].(*ast.BasicLit)
			name, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			named[n.Recv.List[0].Type.(*ast.Ident).Name] = name
		case *ast.CallExpr:
			if fun, ok := n.Fun.(*ast.SelectorExpr); ok && fun.Sel.Name == "Register" {
				registered[n.Args[2].(*ast.CompositeLit).Type.(*ast.Ident).Name] = true
			}
		}
		return true
	})
	var out []string
	for typ, name := range named {
		if registered[typ] {
			out = append(out, name)
		} else {
			t.Errorf("%s: the verb %s does not register itself", file, name)
		}
	}
	if len(named) == 0 && len(registered) > 0 {
		t.Errorf("%s registers what stands elsewhere", file)
	}
	return out
}

// again is a verb with a name that there is.
type again struct{}

func (again) Name() string                               { return "wait" }
func (again) Doc() string                                { return "" }
func (again) Shape() *format.Shape                       { return format.Boolean }
func (again) Parse(*format.Value, *verb.Scope) verb.Step { return nil }

// another is a verb with a place that there is.
type another struct{ again }

func (another) Name() string { return "another" }

func TestAVerbHasItsNameAndPlaceAlone(t *testing.T) {
	for name, v := range map[string]verb.Verb{"its name": again{}, "its place": another{}} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it is taken")
				}
			}()
			verb.Register(verb.States, 1, v)
		})
	}
}

func TestCounts(t *testing.T) {
	for _, c := range []struct {
		text     string
		in, out  []uint64
		bad      bool
		asItSays string
	}{
		{"3", []uint64{3}, []uint64{2, 4, 1 << 63}, false, "3"},
		{"1..3", []uint64{1, 3}, []uint64{0, 4}, false, "1..3"},
		{"2..", []uint64{2, 1 << 61}, []uint64{1, 1 << 63}, false, "2.."},
		{"..5", []uint64{0, 5}, []uint64{6}, false, "0..5"},
		{"0", []uint64{0}, []uint64{1}, false, "0"},
		{"some", nil, nil, true, ""},
		{"-1", nil, nil, true, ""},
		{"..", nil, nil, true, ""},
	} {
		got, err := verb.ParseCount(c.text)
		if (err != nil) != c.bad {
			t.Errorf("%q: error %v", c.text, err)
		}
		if c.bad {
			continue
		}
		if got.String() != c.asItSays {
			t.Errorf("%q is written %q, want %q", c.text, got, c.asItSays)
		}
		for _, n := range c.in {
			if !got.Has(n) {
				t.Errorf("%q has not %d", c.text, n)
			}
		}
		for _, n := range c.out {
			if got.Has(n) {
				t.Errorf("%q has %d", c.text, n)
			}
		}
	}
}

// What a program printed is held against what was wanted of it.
func TestOutputs(t *testing.T) {
	for _, c := range []struct {
		name, want, printed, says string
		ok                        bool
	}{
		{"a text that is there", "{contains: hello}", "hello you", `the output contains "hello": printed was "hello you"`, true},
		{"a text that is not", "{contains: hello}", "", `the output contains "hello": it lacks "hello"; nothing was printed`, false},
		{"a text that must not be", "{lacks: you}", "hello you", `the output lacks "you": it contains "you"; printed was "hello you"`, false},
		{"an expression", `{matches: "o+$"}`, "foo", `the output matches o+$: printed was "foo"`, true},
		{"the whole", `{equals: "a"}`, "ab", `the output is "a": it is not "a"; printed was "ab"`, false},
		{"the first that is wrong", "{contains: [a, b], lacks: c}", "ac", `the output contains "a" and contains "b" and lacks "c": it lacks "b"; printed was "ac"`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := format.ReadFile("f", []byte("x: "+c.want+"\n"))
			if err != nil {
				t.Fatal(err)
			}
			v, ok := format.Object(verb.OutputKeys()...).Try(f.Root.Get("x"))
			if !ok {
				t.Fatal("it has not the shape")
			}
			var got run.Finding = (&verb.Scope{Mistakes: f.Mistakes()}).Output(v).Finding(c.printed)
			if says := got.Expected + ": " + got.Actual; says != c.says || got.OK != c.ok {
				t.Errorf("got %t, %s\nwant %t, %s", got.OK, says, c.ok, c.says)
			}
		})
	}
}

package visitor

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// bare are the places that answer 429 or 503 and refuse nobody, or whose refusal is made of
// one that has all, each with its reason.
var bare = map[string]string{
	"internal/httpapi/ready.go":    "a question of who runs the server, and no refusal",
	"internal/host/requests.go":    "says while the server stops that nothing was done: nobody reads its counters any more",
	"internal/httpapi/handlers.go": "/healthz, likewise",
	"internal/httpapi/server.go":   "looks what a refusal says",
	"internal/visitor/visitor.go":  "Busy and TooMany",
	"internal/visitor/quota.go":    "takes a refusal of TooMany's",
	"internal/visitor/listener.go": "looks what a refusal says",
}

// Every refusal has a kind that is counted, a time after which to try again, and a sentence:
// 429 and 503 are answered by Busy and TooMany alone, whose arguments are looked at.
func TestEveryRefusalIsCountedAndSaysWhen(t *testing.T) {
	root := filepath.Join("..", "..")
	made := 0
	for _, dir := range []string{"internal", "cmd"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return err
			}
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(root, name)
			if err != nil {
				return err
			}
			found, n := unfit(filepath.ToSlash(rel), string(text))
			made += n
			for _, f := range found {
				t.Error(f)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if made < 20 {
		t.Errorf("only %d refusals were looked at: the test does not see them", made)
	}
}

// unfit lists the refusals in a file that lack something, and counts those that it looked at.
func unfit(name, text string) (found []string, made int) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
	if err != nil {
		return []string{err.Error()}, 0
	}
	// Peers that tests and benchmarks talk to are no part of the server.
	if strings.HasPrefix(name, "internal/bench/") || strings.HasPrefix(name, "internal/lti/platform") {
		return nil, 0
	}
	say := func(n ast.Node, why string) {
		found = append(found, fmt.Sprintf("%s: %s", fset.Position(n.Pos()), why))
	}
	server := strings.HasPrefix(name, "internal/lti/") || strings.HasPrefix(name, "internal/outbox") // they read what others answer
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if (n.Sel.Name == "StatusTooManyRequests" || n.Sel.Name == "StatusServiceUnavailable") && bare[name] == "" && !server {
				say(n, "is answered without visitor.Busy or visitor.TooMany: nobody counts it, and nothing says when to try again")
			}
		case *ast.CallExpr:
			made += refusal(n, say)
		}
		return true
	})
	return found, made
}

func refusal(n *ast.CallExpr, say func(ast.Node, string)) int {
	called := ""
	switch f := n.Fun.(type) {
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok && x.Name == "visitor" {
			called = f.Sel.Name
		}
	case *ast.Ident:
		called = f.Name
	}
	if called != "Busy" && called != "TooMany" || len(n.Args) < 3 {
		return 0
	}
	kind := ""
	switch k := n.Args[0].(type) {
	case *ast.SelectorExpr:
		kind = k.Sel.Name
	case *ast.Ident:
		kind = k.Name
	}
	if kind == "KindUnasked" || kind == "" {
		say(n, "a refusal that is not counted: give it a Kind")
	}
	if l, ok := n.Args[1].(*ast.BasicLit); ok && l.Value == "0" {
		say(n, "a refusal that says not when it is worth trying again")
	}
	if l, ok := n.Args[2].(*ast.BasicLit); ok && len(l.Value) < len(`"%v"`) {
		say(n, "a refusal without a sentence")
	}
	return 1
}

// The test of the test: what lacks something is found.
func TestARefusalThatLacksSomethingIsFound(t *testing.T) {
	const head = "package p\nfunc f() {\n"
	for _, c := range []struct{ code, want string }{
		{`visitor.Busy(visitor.KindLabs, soon, "try again")`, ""},
		{`visitor.Busy(visitor.KindUnasked, soon, "try again")`, "not counted"},
		{`visitor.TooMany(visitor.KindLabs, 0, "try again")`, "says not when"},
		{`visitor.TooMany(visitor.KindLabs, soon, "")`, "without a sentence"},
		{`w.WriteHeader(http.StatusTooManyRequests)`, "without visitor.Busy"},
	} {
		found, _ := unfit("internal/x/x.go", head+c.code+"\n}\n")
		if got := strings.Join(found, "; "); c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: found %q, want %q", c.code, got, c.want)
		}
	}
}

func TestEveryKindHasAName(t *testing.T) {
	seen := map[string]bool{}
	var r Refusals
	r.Add(KindLabs)
	r.Add(KindUnasked)
	r.Each(func(k Kind, n uint64) {
		if k.String() == "" || seen[k.String()] {
			t.Errorf("kind %d is called %q", k, k)
		}
		seen[k.String()] = true
		if (n > 0) != (k == KindLabs) {
			t.Errorf("%s was %d times", k, n)
		}
	})
	(*Refusals)(nil).Add(KindLabs) // counts nothing
}

package wireloom_test

import (
	"fmt"
	"go/ast"
	"go/types"
	"slices"
	"strings"
	"testing"
)

// printers are the files that may write to the process's own standard output and error,
// or by functions that do. Everybody else is given a writer, and before that of each
// command stands a terminal.Writer, which lets nothing through that a terminal would obey.
// Programs of the house, which are not cmd/labserver, may print: their input is no
// stranger's.
var printers = map[string]string{
	"cmd/labserver/main.go":    "puts the writers before them",
	"internal/batch/worker.go": "a process whose output its parent reads",
	"internal/compilechild/":   "likewise",
}

// TestNothingPrintsPastTheTerminal is the other half of the test in cmd/labserver that
// drives every command: whoever prints without being given a writer is found here.
func TestNothingPrintsPastTheTerminal(t *testing.T) {
	used := map[string]bool{}
	for _, s := range sources(t) {
		if s.guest() || s.ast.Name.Name == "main" && s.pkg != "cmd/labserver" {
			continue
		}
		names := s.imports(t)
		ast.Inspect(s.ast, func(n ast.Node) bool {
			what := prints(n, names)
			if what == "" {
				return true
			}
			for file := range printers {
				if s.file == file || strings.HasSuffix(file, "/") && strings.HasPrefix(s.file, file) {
					used[file] = true
					return true
				}
			}
			t.Errorf("%s uses %s: take a writer from who calls, or say in terminal_test.go why not", s.fset.Position(n.Pos()), what)
			return true
		})
	}
	for file := range printers {
		if !used[file] {
			t.Errorf("terminal_test.go allows %s to print, and it does not: take it out", file)
		}
	}
}

// prints says what a node prints with, past all writers; "" if it doesn't.
func prints(n ast.Node, imports map[string]string) string {
	switch n := n.(type) {
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.Ident); ok && (f.Name == "print" || f.Name == "println") && types.Universe.Lookup(f.Name) != nil {
			return f.Name
		}
	case *ast.SelectorExpr:
		x, ok := n.X.(*ast.Ident)
		if !ok {
			return ""
		}
		switch name := n.Sel.Name; imports[x.Name] {
		case "os":
			if name == "Stdout" || name == "Stderr" {
				return "os." + name
			}
		case "fmt":
			if slices.Contains([]string{"Print", "Printf", "Println"}, name) {
				return "fmt." + name
			}
		case "log":
			return "log." + name
		case "log/slog":
			if slices.Contains([]string{"Default", "Debug", "Info", "Warn", "Error", "Log", "DebugContext", "InfoContext", "WarnContext", "ErrorContext", "LogAttrs"}, name) {
				return fmt.Sprintf("slog.%s", name)
			}
		}
	}
	return ""
}

// Deadcode fails on functions that nobody reaches. It runs deadcode of
// golang.org/x/tools from the module's root:
//
//	go run ./internal/deadcode [FOLDER...]
//
// The folders are of the programs that labs run, which are built for wasip1. A function
// must be reached by a program, of this machine, of a lab or of a page. One of a library for tests,
// which exceptions.txt names, must be reached by a test. What else may stay is an
// exception there, with its reason; one that no longer is any fails too.
package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// listName is where the exceptions are, for people.
const listName = "internal/deadcode/exceptions.txt"

//go:embed exceptions.txt
var listText string

func main() {
	said, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "deadcode:", err)
		os.Exit(2)
	}
	for _, s := range said {
		fmt.Println(s)
	}
	if len(said) > 0 {
		os.Exit(1)
	}
}

func run(guests []string) ([]string, error) {
	l, err := parseList(listText)
	if err != nil {
		return nil, err
	}
	tool, err := output(nil, "go", "tool", "-modfile=tools/go.mod", "-n", "deadcode")
	if err != nil {
		return nil, err
	}
	bin := strings.TrimSpace(string(tool))
	programs, err := dead(nil, bin, "./...")
	if err != nil {
		return nil, err
	}
	if len(guests) > 0 {
		theirs, err := dead([]string{"GOOS=wasip1", "GOARCH=wasm"}, bin, guests...)
		if err != nil {
			return nil, err
		}
		programs = withGuests(programs, theirs, guests)
	}
	pages, err := dead([]string{"GOOS=js", "GOARCH=wasm"}, bin, page[0])
	if err != nil {
		return nil, err
	}
	// Of other packages a page may need less than a server does.
	pages = slices.DeleteFunc(pages, func(f function) bool { return !slices.Contains(page, "./"+f.pkg) })
	programs = withGuests(programs, pages, page)
	users, err := l.users()
	if err != nil {
		return nil, err
	}
	tests, err := dead(nil, bin, append([]string{"-test"}, users...)...)
	if err != nil {
		return nil, err
	}
	return l.judge(programs, tests), nil
}

// page are the packages of the program that has the labs of a page without a server. It is
// built for browsers alone.
var page = []string{"./internal/tab/main", "./internal/tab"}

// users are the libraries and the packages that import them, in tests or otherwise: no
// other's tests can reach a library. To look at all tests takes twice as long.
func (l *list) users() ([]string, error) {
	out, err := output(nil, "go", "list", "-f",
		`{{$p := .ImportPath}}{{range .TestImports}}{{println $p .}}{{end}}{{range .XTestImports}}{{println $p .}}{{end}}{{range .Imports}}{{println $p .}}{{end}}`, "./...")
	if err != nil {
		return nil, err
	}
	var users []string
	for _, lib := range l.libraries {
		users = append(users, "./"+lib.what)
	}
	for line := range strings.Lines(string(out)) {
		if p, imports, _ := strings.Cut(strings.TrimSpace(line), " "); l.library(strings.TrimPrefix(imports, module)) != nil {
			users = append(users, p)
		}
	}
	slices.Sort(users)
	return slices.Compact(users), nil
}

// dead runs the tool, and returns the functions that nobody reaches.
func dead(env []string, bin string, args ...string) ([]function, error) {
	out, err := output(env, bin, append([]string{"-json"}, args...)...)
	if err != nil {
		return nil, err
	}
	return parseDead(out)
}

// parseDead reads what the tool wrote. Functions of other modules are left out.
func parseDead(out []byte) ([]function, error) {
	var packages []struct {
		Path  string
		Funcs []struct {
			Name     string
			Position struct {
				File string
				Line int
			}
		}
	}
	if err := json.Unmarshal(out, &packages); err != nil {
		return nil, fmt.Errorf("what deadcode wrote is not its JSON: %w", err)
	}
	var all []function
	for _, p := range packages {
		pkg, ours := strings.CutPrefix(p.Path, module)
		if !ours {
			continue
		}
		for _, f := range p.Funcs {
			all = append(all, function{pkg, f.Name, f.Position.File, f.Position.Line})
		}
	}
	return all, nil
}

func output(env []string, name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, bytes.TrimSpace(exit.Stderr))
	}
	return out, err
}

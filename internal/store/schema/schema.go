// Package schema is the tables: the steps by which they came to be what they are, and how they refer to each other.
package schema

import (
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// A step that has been released never changes.
//
//go:embed migrations/*.sql
var files embed.FS

// Steps are the migrations, as goose reads them.
func Steps() (fs.FS, error) { return fs.Sub(files, "migrations") }

var (
	creates    = regexp.MustCompile(`(?i)create table (\w+)[^;]*;`)
	references = regexp.MustCompile(`(?i)references (\w+)`)
)

// Tables are ours, each after those that it refers to, as migrations make them.
func Tables() ([]string, error) {
	steps, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	slices.Sort(steps)
	needs := map[string][]string{}
	var names []string
	for _, file := range steps {
		text, err := files.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, m := range creates.FindAllSubmatch(uncommented(text), -1) {
			name := string(m[1])
			names = append(names, name)
			for _, r := range references.FindAllSubmatch(m[0], -1) {
				needs[name] = append(needs[name], string(r[1]))
			}
		}
	}
	var order []string
	for len(names) > 0 {
		i := slices.IndexFunc(names, func(name string) bool {
			return !slices.ContainsFunc(needs[name], func(other string) bool { return other != name && !slices.Contains(order, other) })
		})
		if i < 0 {
			return nil, fmt.Errorf("tables that refer to each other: %s", strings.Join(names, ", "))
		}
		order = append(order, names[i])
		names = slices.Delete(names, i, i+1)
	}
	return order, nil
}

var comment = regexp.MustCompile(`(?m)--.*$`)

func uncommented(sql []byte) []byte { return comment.ReplaceAll(sql, nil) }

// Package open finds and reads scenarios and programs by what people call them: a folder,
// a zip, the name of a lab that is part of the program, a file, a program's hash.
package open

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"wireloom/internal/diskfile"
	"wireloom/internal/scenario"
	"wireloom/internal/terminal"
	"wireloom/scenarios"
)

// MaxZip is how many bytes a scenario's zip may have.
const MaxZip = 64 << 20

// Builtin returns the names of the scenarios that are part of the program, in order.
func Builtin() []string {
	var names []string
	entries, err := scenarios.FS.ReadDir(".")
	if err != nil {
		panic("open: the embedded scenarios cannot be read: " + err.Error())
	}
	for _, e := range entries {
		if _, err := fs.Stat(scenarios.FS, e.Name()+"/scenario.yaml"); err == nil {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names
}

// IsBuiltin reports whether a scenario of that name is part of the program.
func IsBuiltin(name string) bool { return slices.Contains(Builtin(), name) }

// BuiltinScenario reads a scenario that is part of the program.
func BuiltinScenario(name string) (*scenario.Scenario, error) {
	if !IsBuiltin(name) {
		return nil, fmt.Errorf("there is no built-in scenario %q; there are %s", name, strings.Join(Builtin(), ", "))
	}
	sub, err := fs.Sub(scenarios.FS, name)
	if err != nil {
		return nil, fmt.Errorf("scenario %s: %w", name, err)
	}
	return scenario.OpenOwn(sub, name)
}

// Scenario reads a scenario by what a person calls it: a folder, its zip, or the name
// of a built-in one.
func Scenario(arg string) (*scenario.Scenario, error) {
	info, err := os.Stat(arg)
	switch {
	case err == nil && info.IsDir():
		return scenario.Open(os.DirFS(arg), terminal.Line(filepath.Clean(arg)))
	case err == nil && filepath.Base(arg) == "scenario.yaml":
		return Scenario(filepath.Dir(arg))
	case err == nil:
		return openZip(arg)
	case IsBuiltin(arg):
		return BuiltinScenario(arg)
	case errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(arg, `/\.`):
		return nil, fmt.Errorf("there is no scenario %q: give a folder, its zip, or one of the built-in ones: %s", arg, strings.Join(Builtin(), ", "))
	}
	return nil, fmt.Errorf("scenario: %w", err)
}

// FileOf is what Scenario calls the file scenario.yaml of what a person calls arg.
func FileOf(arg string) string {
	if filepath.Base(arg) == "scenario.yaml" {
		arg = filepath.Dir(arg)
	}
	return path.Join(terminal.Line(filepath.Clean(arg)), "scenario.yaml")
}

func openZip(file string) (*scenario.Scenario, error) {
	name := terminal.Line(file)
	b, err := diskfile.Read(file, MaxZip)
	if err != nil {
		return nil, fmt.Errorf("scenario: %w", err)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, fmt.Errorf("scenario %s: it is neither a folder nor a zip (%w); programs are given with --program", name, err)
	}
	return readZip(z, name)
}

// Zip reads a scenario of a zip's bytes. name is what messages call it.
func Zip(b []byte, name string) (*scenario.Scenario, error) {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, fmt.Errorf("scenario %s: it is no zip (%w)", name, err)
	}
	return readZip(z, name)
}

func readZip(z *zip.Reader, name string) (*scenario.Scenario, error) {
	dir, err := folderOf(z)
	if err != nil {
		return nil, fmt.Errorf("scenario %s: %w", name, err)
	}
	return scenario.Open(dir, name)
}

// folderOf is the scenario's folder in a zip: its files stand at the top, or in the one
// folder that there is. What a Mac adds of its own does not count: the folder __MACOSX, and
// files whose names begin with a dot.
func folderOf(z *zip.Reader) (fs.FS, error) {
	if _, err := fs.Stat(z, "scenario.yaml"); err == nil {
		return z, nil
	}
	entries, err := fs.ReadDir(z, ".")
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return e.Name() == "__MACOSX" || strings.HasPrefix(e.Name(), ".") })
	if err != nil || len(entries) != 1 || !entries[0].IsDir() {
		return nil, errors.New("the zip has no scenario.yaml at its top or in its one folder")
	}
	return fs.Sub(z, entries[0].Name())
}

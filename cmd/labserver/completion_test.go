package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wireloom/internal/completion"
	"wireloom/internal/open"
)

// unknowable are the values of flags that no shell can know, by the word for them.
var unknowable = []string{"MiB", "N", "URL", "address", "bytes", "doors", "filter", "id", "name", "number", "path", "people", "point", "processes", "size", "time", "token"}

func TestEachFlagsValueIsOfferedOrUnknowable(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range completions(t.Context()) {
		if c.Name == "grade" && len(c.Flags) < 10 {
			t.Errorf("grade has %d flags here: its help has more", len(c.Flags))
		}
		for _, f := range c.Flags {
			if f.Takes == nil || len(f.Takes.Words) > 0 || f.Takes.Of != nil || f.Takes.Files || f.Takes.Folders {
				continue
			}
			word := wordFor(t, c.Name, f.Name)
			seen[word] = true
			if !slices.Contains(unknowable, word) {
				t.Errorf("%s --%s: nothing is offered for its %s", c.Name, f.Name, word)
			}
		}
	}
	for _, w := range unknowable {
		if !seen[w] {
			t.Errorf("no flag takes %q, and it is in the list", w)
		}
	}
}

// wordFor is the word that stands for a flag's value in the help.
func wordFor(t *testing.T, command, name string) string {
	_, help, _ := labserver(t, command, "--help")
	_, rest, ok := strings.Cut(help, "\n  --"+name+" ")
	if !ok {
		_, rest, _ = strings.Cut(help, "\n  -"+name+" ")
	}
	word, _, _ := strings.Cut(rest, "\n")
	return word
}

func TestShellsAreGivenTheirScript(t *testing.T) {
	for _, shell := range completion.Shells() {
		code, out, errs := labserver(t, "completion", shell)
		if code != exitOK || errs != "" || !strings.Contains(out, "labserver completion "+shell) || !strings.Contains(out, " complete ") {
			t.Errorf("%s: code %d, %s\n%s", shell, code, errs, out)
		}
	}
	if code, _, errs := labserver(t, "completion", "tcsh"); code != exitError || !strings.Contains(errs, "takes the name of a SHELL: bash, fish, zsh; here it is tcsh") {
		t.Errorf("code %d, %s", code, errs)
	}
}

// lines are what people have typed when they press Tab, as words, and what the shell puts
// in the place of the last, or of what is behind its "=".
var lines = []struct {
	name  string
	words []string
	want  []string
}{
	{"a command", []string{"gra"}, []string{"grade", "grade-all"}},
	{"a scenario, its folder or its zip", []string{"grade", ""}, append(open.Builtin(), "handed in", "my lab.zip")},
	{"a scenario", []string{"grade", "pi"}, []string{"ping"}},
	{"a place", []string{"grade", "ping", "--program", "b"}, []string{"bob="}},
	{"a program", []string{"grade", "ping", "--program", "m"}, []string{"mine.wasm"}},
	{"a program for a place", []string{"grade", "ping", "--program", "bob=m"}, []string{"mine.wasm"}},
	{"a form", []string{"grade", "ping", "--format", "j"}, []string{"json", "junit"}},
	{"a form behind an equals sign", []string{"grade", "ping", "--format=j"}, []string{"json", "junit"}},
	{"flags", []string{"grade", "--st"}, []string{"--stage", "--student"}},
	{"a folder", []string{"grade-all", "ping", "h"}, []string{"handed in"}},
	{"a file", []string{"verify", "n"}, []string{"notes.txt"}},
	{"a shell", []string{"completion", "b"}, []string{"bash"}},
	{"nothing", []string{"version", "x"}, nil},
}

func TestBashCompletes(t *testing.T) {
	const ask = `source <(labserver completion bash)
compopt() { :; } # there is no line that is being edited
COMP_WORDS=(labserver "$@") COMP_CWORD=$#
_labserver labserver
((${#COMPREPLY[@]})) && printf '%s\n' "${COMPREPLY[@]}"`
	dir, path := completing(t)
	for _, tc := range lines {
		t.Run(tc.name, func(t *testing.T) {
			words := strings.FieldsFunc(strings.ReplaceAll(strings.Join(tc.words, "\n"), "=", "\n=\n"), func(r rune) bool { return r == '\n' })
			if last := tc.words[len(tc.words)-1]; last == "" {
				words = append(words, "")
			}
			shell(t, dir, path, tc.want, "bash", append([]string{"--norc", "-c", ask, "bash"}, words...)...)
		})
	}
}

func TestZshCompletes(t *testing.T) {
	// What zsh's own functions do with what they are given, as far as lines need it.
	const ask = `compdef() { :; }
compset() { prefix=${PREFIX%%[^=]#}; PREFIX=${PREFIX##*=}; }
compadd() { print -rl -- "${@[-1]}"; }
_describe() { local w; for w in ${(P)4}; do print -r -- ${${w%%:*}}; done; }
_files() {
	local -a all
	case $1 in
	-/) all=(*(N/)) ;;
	-g) all=(${~2}(N) *(N/)) ;;
	*) all=(*(N)) ;;
	esac
	print -rl -- ${(M)all:#$PREFIX*}
}
setopt extendedglob
source <(labserver completion zsh)
words=(labserver "$@") CURRENT=$(($# + 1)) PREFIX=${@[-1]}
_labserver | grep .`
	dir, path := completing(t)
	for _, tc := range lines {
		t.Run(tc.name, func(t *testing.T) {
			shell(t, dir, path, tc.want, "zsh", append([]string{"-f", "-c", ask, "zsh"}, tc.words...)...)
		})
	}
}

func TestFishCompletes(t *testing.T) {
	// fish answers with whole words, and what they do behind a tab.
	const ask = `labserver completion fish | source
complete -C "labserver $argv" | string replace -r '\t.*' '' | string replace -r '^.*=(.)' '$1' | string replace -r '/$' ''`
	dir, path := completing(t)
	for _, tc := range lines {
		t.Run(tc.name, func(t *testing.T) {
			shell(t, dir, path, tc.want, "fish", append([]string{"--no-config", "-c", ask}, tc.words...)...)
		})
	}
}

// completing makes a folder with some files, and a PATH with labserver.
func completing(t *testing.T) (dir, path string) {
	dir, path = t.TempDir(), t.TempDir()
	for _, name := range []string{"mine.wasm", "my lab.zip", "notes.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "handed in"), 0o700); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(path, "labserver")); err != nil { // TestMain makes it one
		t.Fatal(err)
	}
	return dir, path
}

// shell runs a shell that prints what it would complete to, a line each.
func shell(t *testing.T, dir, path string, want []string, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+path+string(os.PathListSeparator)+os.Getenv("PATH"), "HOME="+dir)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if _, failed := err.(*exec.ExitError); err != nil && !failed { //nolint:errorlint // Output's own
		t.Fatal(err)
	}
	got := strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' })
	slices.Sort(got)
	got = slices.Compact(got)
	want = slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) || errs.Len() > 0 {
		t.Errorf("got %q, want %q; it said %s", got, want, errs.String())
	}
}

package completion_test

import (
	"strings"
	"testing"

	"wireloom/internal/completion"
)

var (
	lessons  = completion.Value{Words: []string{"arp", "nat", "ping"}, Files: true, Ends: []string{".zip"}}
	programs = completion.Value{Files: true, Ends: []string{".wasm"}, Of: func(args []string) []string {
		if len(args) > 0 && args[0] == "nat" {
			return []string{"gw=", "host="}
		}
		return []string{"bob="}
	}}
	table = []completion.Command{
		{Name: "grade", Does: "check a submission", Args: []completion.Value{lessons}, Flags: []completion.Flag{
			{Name: "format", Does: "of the report", Takes: &completion.Value{Words: []string{"html", "json", "text"}}},
			{Name: "json", Does: "the same as --format json"},
			{Name: "program", Does: "a program", Takes: &programs},
		}},
		{Name: "grade-all", Does: "check a folder", Args: []completion.Value{lessons, {Folders: true}}},
		{Name: "check", Does: "look for mistakes", Args: []completion.Value{lessons}, More: true},
		{Name: "version", Does: "print the version"},
	}
)

func TestWhatALineIsCompletedTo(t *testing.T) {
	for _, tc := range []struct{ name, line, want string }{
		{"nothing is typed", "", "none check grade grade-all version"},
		{"a command is begun", "gra", "none grade grade-all"},
		{"there is no such command", "foo|x|", "none"},
		{"an argument", "grade|", "files .zip arp nat ping"},
		{"an argument is begun", "grade|p", "files .zip ping"},
		{"the second argument", "grade-all|ping|", "folders"},
		{"no third argument, but flags", "grade-all|ping|x|", "none --help"},
		{"no third argument", "grade-all|ping|x|y", "none"},
		{"the last argument may come again", "check|ping|arp|n", "files .zip nat"},
		{"a command that takes none", "version|", "none --help"},
		{"flags", "grade|ping|--", "none --format --help --json --program"},
		{"flags by one dash", "grade|-", "none --format --help --json --program"},
		{"a flag is begun", "grade|--f", "none --format"},
		{"a flag's value", "grade|--format|", "none html json text"},
		{"a flag's value is begun", "grade|ping|--format|h", "none html"},
		{"a flag's value behind an equals sign", "grade|--format=h", "none html"},
		{"a flag that has its value", "grade|--format=html|n", "files .zip nat"},
		{"a flag that takes no value", "grade|--json|n", "files .zip nat"},
		{"an unknown flag takes none", "grade|--what|n", "files .zip nat"},
		{"words by the arguments before", "grade|nat|--program|", "files .wasm gw= host="},
		{"words by no argument", "grade|--program|", "files .wasm bob="},
		{"a file behind a place", "grade|nat|--program|gw=x", "files .wasm"},
		{"a line as bash cuts it", "grade|nat|--program|gw|=|x", "files .wasm"},
		{"a flag with its value as bash cuts it", "grade|--format|=|h", "none html"},
		{"the equals sign is the last as bash cuts it", "grade|--format|=", "none html json text"},
		{"behind two dashes are arguments", "grade|--|--f", "files .zip"},
		{"a dash alone is an argument", "grade-all|-|", "folders"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := string(completion.Complete(table, strings.Split(tc.line, "|")).Text())
			var got []string
			for line := range strings.Lines(text) {
				word, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
				got = append(got, word)
			}
			if strings.Join(got, " ") != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestAnAnswerSaysWhatWordsDo(t *testing.T) {
	got := string(completion.Complete(table, []string{"v"}).Text())
	if want := "none\nversion\tprint the version\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNoLineAtAllIsAnEmptyOne(t *testing.T) {
	if a := completion.Complete(table, nil); len(a.Words) != len(table) {
		t.Errorf("got %v, want every command", a.Words)
	}
}

func FuzzComplete(f *testing.F) {
	f.Add("grade ping --format=")
	f.Add("grade = = -")
	f.Fuzz(func(t *testing.T, line string) {
		for _, w := range completion.Complete(table, strings.Split(line, " ")).Words {
			if strings.ContainsAny(w.Text, "\n\t") {
				t.Errorf("%q gives the word %q", line, w.Text)
			}
		}
	})
}

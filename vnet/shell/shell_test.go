package shell

import (
	"strings"
	"testing"

	"wireloom/vnet/kern"
)

func TestLines(t *testing.T) {
	for _, c := range []struct {
		line string
		want string // argv and redirections of each stage
		err  string
	}{
		{"ping -c 3 10.0.0.2", "ping -c 3 10.0.0.2", ""},
		{"  ping\t10.0.0.2 \n", "ping 10.0.0.2", ""},
		{`echo 'a b' "c 'd'" e"f"g ''`, "echo a b c 'd' efg ", ""},
		{`echo a\ b '\' "\"" \| '|' \>x`, `echo a b \ " | | >x`, ""},
		{"a|b | c", "a; b; c", ""},
		{"a <in >out b", "a b 0<in 1>out", ""},
		{"a >>log 2>err 2>&1", "a 1>>log 2>err 2>1", ""},
		{"a x2>y >&2", "a x2 1>y 1>2", ""},
		{"a 2>>e", "a 2>>e", ""},
		{`a >"b c"`, "a 1>b c", ""},
		{`echo "a`, "", "ends inside a quotation"},
		{`echo \`, "", "ends inside a quotation"},
		{"  ", "", "is empty"},
		{"| a", "", "no command before a |"},
		{"a | | b", "", "no command before a |"},
		{"a |", "", "no command after the |"},
		{"a >", "", "no file name after >"},
		{"a > | b", "", "no file name after >"},
		{`a > ""`, "", "no file name after >"},
		{"> x", "", "no command to redirect"},
		{"a; b", "", "this prompt has no ;"},
		{"a && b", "", "this prompt has no &"},
		{"a $(b)", "", "this prompt has no ("},
		{strings.Repeat("a|", MaxStages) + "a", "", "17 commands"},
		{strings.Repeat("a", MaxLine+1), "", "16385 bytes"},
	} {
		t.Run(c.line[:min(len(c.line), 40)], func(t *testing.T) {
			stages, err := Parse(c.line)
			if err != nil || c.err != "" {
				if err == nil || c.err == "" || !strings.Contains(err.Error(), c.err) {
					t.Errorf("got %v, want %q", err, c.err)
				}
				return
			}
			var all []string
			for _, s := range stages {
				all = append(all, s.String())
			}
			if got := strings.Join(all, "; "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func (s Stage) String() string {
	out := append([]string(nil), s.Argv...)
	for _, r := range s.To {
		mode := ">"
		switch {
		case r.Flags&kern.O_APPEND != 0:
			mode = ">>"
		case r.Path != "" && r.Flags == kern.O_RDONLY:
			mode = "<"
		}
		to := r.Path
		if to == "" {
			to = string(rune('0' + r.Same))
		}
		out = append(out, string(rune('0'+r.FD))+mode+to)
	}
	return strings.Join(out, " ")
}

func FuzzParseLine(f *testing.F) {
	for _, s := range []string{`a 'b' | c > "d" 2>&1`, `a \| b <x`, "2>", "a 2>&1 | b >&2 >> c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		stages, err := Parse(line)
		if (err == nil) != (len(stages) > 0) {
			t.Errorf("%d stages, %v", len(stages), err)
		}
		for _, s := range stages {
			if len(s.Argv) == 0 {
				t.Error("a stage without a command")
			}
		}
	})
}

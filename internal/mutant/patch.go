// Package mutant makes wrong programs of right ones: by a patch that a person wrote
// for a mistake that students make, and mechanically, a token at a time. What grades
// programs is tested with them: a mistake that costs no points is one that no check
// looks for.
package mutant

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
)

// A Patch is a mistake as a unified diff against a program's source. Above the diff
// its file says what the mistake is and what must find it:
//
//	Mistake: The reply keeps the request's opcode.
//	Fails: reply, host
//
//	--- ../reference/main.c
//	+++ ../reference/main.c
//	@@ -10,3 +10,3 @@
type Patch struct {
	Name    string   // of its file, without .patch
	Mistake string   // in a sentence
	Fails   []string // the ids of the checks that must fail; all others must not
	File    string   // that it changes, slash-separated, relative to the patch's folder

	hunks []hunk
}

// A hunk is a run of lines that a patch replaces.
type hunk struct {
	line     int // of the patch file, for messages
	at       int // first line of the old text, from 1
	old, new []string
}

// MaxPatch is how many bytes a patch's file may have.
const MaxPatch = 64 << 10

// ParsePatch reads the patch file of that name.
func ParsePatch(name, text string) (*Patch, error) {
	p := &Patch{Name: strings.TrimSuffix(path.Base(name), ".patch")}
	if len(text) > MaxPatch {
		return nil, fmt.Errorf("%s has %d bytes, at most %d are allowed", name, len(text), MaxPatch)
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	i := p.head(lines)
	switch {
	case p.Mistake == "":
		return nil, fmt.Errorf("%s: no line above the diff begins with \"Mistake: \" and says what students do wrong", name)
	case len(p.Fails) == 0:
		return nil, fmt.Errorf("%s: no line above the diff begins with \"Fails: \" and lists the checks that must fail", name)
	case i+1 >= len(lines) || !strings.HasPrefix(lines[i+1], "+++ "):
		return nil, fmt.Errorf("%s: no unified diff: want a line \"--- FILE\", then \"+++ FILE\"", name)
	}
	p.File, _, _ = strings.Cut(strings.TrimPrefix(lines[i], "--- "), "\t")
	i += 2
	for i < len(lines) {
		h, next, err := parseHunk(lines, i)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, next+1, err)
		}
		p.hunks = append(p.hunks, h)
		i = next
	}
	if len(p.hunks) == 0 {
		return nil, fmt.Errorf("%s: the diff changes nothing", name)
	}
	return p, nil
}

// head reads the lines above the diff and returns where that begins.
func (p *Patch) head(lines []string) int {
	for i, l := range lines {
		if strings.HasPrefix(l, "--- ") {
			return i
		}
		if s, ok := strings.CutPrefix(l, "Mistake: "); ok {
			p.Mistake = s
		}
		if s, ok := strings.CutPrefix(l, "Fails: "); ok {
			p.Fails = strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
		}
	}
	return len(lines)
}

// parseHunk reads the hunk at lines[i] and returns where the next one begins, or
// which line is wrong.
func parseHunk(lines []string, i int) (hunk, int, error) {
	h := hunk{line: i + 1}
	f := strings.Fields(lines[i])
	if len(f) < 4 || f[0] != "@@" || f[3] != "@@" || !strings.HasPrefix(f[1], "-") || !strings.HasPrefix(f[2], "+") {
		return h, i, fmt.Errorf("%q is not a hunk, want @@ -LINE,COUNT +LINE,COUNT @@", lines[i])
	}
	at, olds, err := span(f[1][1:])
	_, news, err2 := span(f[2][1:])
	if err := errors.Join(err, err2); err != nil {
		return h, i, err
	}
	h.at = at
	for i++; i < len(lines) && (len(h.old) < olds || len(h.new) < news); i++ {
		text := ""
		if lines[i] != "" {
			text = lines[i][1:]
		}
		switch {
		case lines[i] == "" || lines[i][0] == ' ': // editors strip the space of an empty line
			h.old, h.new = append(h.old, text), append(h.new, text)
		case lines[i][0] == '-':
			h.old = append(h.old, text)
		case lines[i][0] == '+':
			h.new = append(h.new, text)
		default:
			return h, i, fmt.Errorf("%q is no line of a hunk: it begins with neither a space nor - nor +", lines[i])
		}
	}
	if len(h.old) != olds || len(h.new) != news {
		return h, h.line - 1, fmt.Errorf("the hunk has %d old and %d new lines, its head says %d and %d", len(h.old), len(h.new), olds, news)
	}
	return h, i, nil
}

// span reads LINE or LINE,COUNT.
func span(s string) (line, count int, err error) {
	a, b, many := strings.Cut(s, ",")
	if line, err = strconv.Atoi(a); err != nil || line < 0 {
		return 0, 0, fmt.Errorf("%q is no line number", a)
	}
	if !many {
		return line, 1, nil
	}
	if count, err = strconv.Atoi(b); err != nil || count < 0 {
		return 0, 0, fmt.Errorf("%q is no number of lines", b)
	}
	return line, count, nil
}

// Apply returns the source with the mistake in it. The old lines must stand exactly
// where the patch says: a patch that no longer fits is to be written anew, not
// guessed at.
func (p *Patch) Apply(source string) (string, error) {
	lines := strings.Split(source, "\n")
	var out []string
	done := 0
	for _, h := range p.hunks {
		from := h.at - 1
		if len(h.old) == 0 {
			from++ // an insertion is named by the line that it follows
		}
		if from < done || from+len(h.old) > len(lines) {
			return "", fmt.Errorf("%s.patch:%d: %s has no lines %d to %d there", p.Name, h.line, p.File, h.at, h.at+len(h.old)-1)
		}
		for i, want := range h.old {
			if got := lines[from+i]; got != want {
				return "", fmt.Errorf("%s.patch:%d: %s:%d is %q, the patch was made for %q: write it anew", p.Name, h.line, p.File, from+i+1, got, want)
			}
		}
		out = append(append(out, lines[done:from]...), h.new...)
		done = from + len(h.old)
	}
	return strings.Join(append(out, lines[done:]...), "\n"), nil
}

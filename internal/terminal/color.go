package terminal

import (
	"strconv"
	"strings"
)

// maxColor is how many bytes a sequence may have that sets colours. The longest that
// programs write, a colour for letters and one for what is behind them in 24 bits each,
// has 40.
const maxColor = 64

// color is the length of the sequence at the beginning of s if it only sets how letters
// look: SGR of ECMA-48, ESC [ numbers m, with numbers that hide nothing. It is 0 if
// there is none, and -1 if s ends before that is known.
func color(s string) int {
	if len(s) < 2 {
		return -1
	}
	if s[0] != esc || s[1] != '[' {
		return 0
	}
	for i := 2; i < len(s) && i < maxColor; i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9', c == ';':
		case c == 'm' && looks(s[2:i]):
			return i + 1
		default:
			return 0
		}
	}
	if len(s) < maxColor {
		return -1
	}
	return 0
}

// looks reports whether the numbers of an SGR set colours, bold, faint, italic,
// underlined, swapped or struck out letters, or take that back. Blinking is for
// nobody, and hidden letters (8) would hide what is there.
func looks(numbers string) bool {
	list := strings.Split(numbers, ";")
	for i := 0; i < len(list); i++ {
		if list[i] == "" {
			continue // 0
		}
		n, err := strconv.Atoi(list[i])
		switch {
		case err != nil:
			return false
		case n == 38, n == 48: // 5;N or 2;R;G;B
			more := 0
			if i+1 < len(list) {
				more = map[string]int{"5": 2, "2": 4}[list[i+1]]
			}
			if more == 0 || i+more >= len(list) {
				return false
			}
			i += more
		case n <= 4, n == 7, n == 9, n >= 21 && n <= 24, n == 27, n == 29:
		case n >= 30 && n <= 49, n >= 90 && n <= 97, n >= 100 && n <= 107:
		default:
			return false
		}
	}
	return true
}

const plain = "\x1b[0m"

// A Stream is what a program prints on one of its outputs, in pieces. On a terminal
// that shows colours it may set how its letters look. Nothing else passes: it can't
// move the cursor, so it can't paint over what others wrote. What a piece ends in the
// middle of, a letter or a sequence, is held until the rest comes. A CR before a line
// end is the line end's.
type Stream struct {
	w       *Writer
	held    string
	colored bool
}

// Stream returns a program's output on w.
func (w *Writer) Stream() *Stream { return &Stream{w: w} }

// Print shows a piece.
func (s *Stream) Print(text string) {
	text = s.held + text
	cut := len(text) - unfinished(text, s.w.color)
	s.held = text[cut:]
	s.print(text[:cut])
}

func (s *Stream) print(text string) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if !s.w.color {
		s.w.pass(appendText(nil, text, nil))
		return
	}
	s.w.pass(appendText(nil, text, func(t string) int {
		n := color(t)
		s.colored = s.colored || n > 0
		return n
	}))
}

// End shows what is held, and takes back what the program set.
func (s *Stream) End() {
	held := s.held
	s.held = ""
	s.print(held)
	if s.colored {
		s.colored = false
		s.w.pass([]byte(plain))
	}
}

// Colored is a line that a program printed, as w may show it.
func (w *Writer) Colored(line string) string {
	line = strings.TrimSuffix(line, "\r")
	if !w.color {
		return Line(line)
	}
	colored := false
	line = string(appendText(nil, strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(line), func(t string) int {
		n := color(t)
		colored = colored || n > 0
		return n
	}))
	if colored {
		line += plain
	}
	return line
}

// unfinished is how many bytes at the end of text are a beginning: of a letter, of a
// line end, or, where colours are shown, of a sequence.
func unfinished(text string, colors bool) int {
	if strings.HasSuffix(text, "\r") {
		return 1
	}
	if n := cutLetter(text); n > 0 {
		return n
	}
	if !colors {
		return 0
	}
	if i := strings.LastIndexByte(text, esc); i >= 0 && color(text[i:]) < 0 {
		return len(text) - i
	}
	return 0
}

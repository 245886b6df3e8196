package terminal

import (
	"io"
	"os"
	"strconv"
	"sync"
	"unicode/utf8"
)

// A Writer is the last gate before a terminal, or what stands for one: a file, a pipe.
// What is written to it is made safe as Text does it. It may be used from several
// goroutines. Its methods that return no error keep the first one for Flush.
type Writer struct {
	w     io.Writer
	tty   bool
	color bool
	width int

	mu   sync.Mutex // guards what follows
	held []byte     // the beginning of a letter
	err  error
}

// NewWriter returns a writer before w. Where w is a terminal, the environment says
// whether its user wants colours (NO_COLOR of no-color.org, TERM) and how wide it is
// (COLUMNS).
func NewWriter(w io.Writer) *Writer {
	if w, ok := w.(*Writer); ok {
		return w
	}
	t := &Writer{w: w, tty: Is(w)}
	if !t.tty {
		return t
	}
	t.color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n >= minWidth && n <= maxWidth {
		t.width = n
	}
	return t
}

// Widths in letters that are believed.
const (
	minWidth = 40
	maxWidth = 400
)

// Is reports whether a person is at the other end of a reader or writer: a file that
// is a terminal, or what says of itself that it is.
func Is(x any) bool {
	switch x := x.(type) {
	case interface{ IsTerminal() bool }:
		return x.IsTerminal()
	case *os.File:
		info, err := x.Stat()
		return err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return false
}

// IsTerminal reports whether a person is at the other end.
func (w *Writer) IsTerminal() bool { return w.tty }

// Binary is what is behind the gate, for what is no text: nil where a person is there.
func (w *Writer) Binary() io.Writer {
	if w.tty {
		return nil
	}
	return w.w
}

// Color reports whether colours are shown.
func (w *Writer) Color() bool { return w.color }

// Width is the number of letters in a line, 0 if it isn't known.
func (w *Writer) Width() int { return w.width }

// Write writes text of several lines (io.Writer).
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := p
	if len(w.held) > 0 {
		text = append(w.held, p...)
		w.held = nil
	}
	cut := len(text) - cutLetter(string(text))
	w.held = append(w.held, text[cut:]...)
	w.put(appendText(nil, string(text[:cut]), nil))
	if w.err != nil {
		return 0, w.err
	}
	return len(p), nil
}

// Painted writes text that labserver itself coloured.
func (w *Writer) Painted(text string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.finish()
	var stays func(string) int
	if w.color {
		stays = color
	}
	w.put(appendText(nil, text, stays))
	return w.err
}

// Redraw writes a line over the one that the cursor is in, on a terminal.
func (w *Writer) Redraw(line string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.finish()
	if w.tty {
		w.put([]byte("\r\x1b[K"))
	}
	w.put([]byte(Line(line)))
}

// Flush writes what is held, and returns the first error of all that was written.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.finish()
	return w.err
}

// pass writes what is safe already.
func (w *Writer) pass(b []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.finish()
	w.put(b)
}

// finish writes the beginning of a letter whose rest will not come. The caller holds mu.
func (w *Writer) finish() {
	if len(w.held) > 0 {
		w.put(appendText(nil, string(w.held), nil))
		w.held = nil
	}
}

// put writes what is safe. The caller holds mu.
func (w *Writer) put(b []byte) {
	if w.err == nil && len(b) > 0 {
		_, w.err = w.w.Write(b)
	}
}

// cutLetter is how many bytes at the end of text are the beginning of a letter.
func cutLetter(text string) int {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if tail := text[len(text)-n:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRuneInString(tail) {
				return n
			}
			return 0
		}
	}
	return 0
}

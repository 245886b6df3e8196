// Package respond writes HTTP answers in JSON, so that whatever is in them does nothing to
// who reads it.
package respond

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"wireloom/internal/terminal"
	"wireloom/internal/visitor"
)

// MaxSentence is how many bytes a sentence that says why not may have.
const MaxSentence = 4 << 10

// JSON answers with v.
func JSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic("respond: it cannot be JSON: " + err.Error())
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	w.WriteHeader(status)
	_, _ = w.Write(append(terminal.JSON(b), '\n')) // who does not wait for it does not need it
}

// Sentence is a sentence for a person, without what harms a terminal and no longer than
// MaxSentence.
func Sentence(format string, args ...any) string {
	text := fmt.Sprintf(format, args...)
	if len(text) > MaxSentence {
		text = strings.ToValidUTF8(text[:MaxSentence], "") + "..."
	}
	return terminal.Text(text)
}

// RetryAfter says when it is worth asking again; nothing for 0.
func RetryAfter(h http.Header, after time.Duration) {
	if after > 0 {
		h.Set("Retry-After", strconv.FormatInt(visitor.Seconds(after), 10))
	}
}

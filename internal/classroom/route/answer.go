package route

import (
	"bytes"
	"fmt"
	"html"
	"mime"
	"net/http"
	"strings"
	"time"

	"wireloom/internal/protocol/class"
	"wireloom/internal/respond"
)

// An Answer is one that is not JSON with status 200.
type Answer interface {
	send(w http.ResponseWriter, r *http.Request)
}

type status struct {
	code int
	v    any
}

// Status is JSON with a status of its own.
func Status(code int, v any) Answer { return status{code, v} }

func (s status) send(w http.ResponseWriter, _ *http.Request) { respond.JSON(w, s.code, s.v) }

// SeeOther sends the browser to another address by GET.
type SeeOther string

func (to SeeOther) send(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Location", string(to))
	w.WriteHeader(http.StatusSeeOther)
}

type file struct {
	name, mime string
	b          []byte
}

// File is a file to be kept: a browser shows nothing of it.
func File(name, mime string, b []byte) Answer { return file{name, mime, b} }

func (f file) send(w http.ResponseWriter, r *http.Request) {
	AsFile(w.Header(), f.name, f.mime)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.b))
}

// AsFile has a browser keep the answer under a name, and show nothing of it: what people
// uploaded is no page of this site.
func AsFile(h http.Header, name, typ string) {
	h.Set("Content-Type", typ)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
}

// Own answers all by itself: WebSockets, streams, pages.
type Own func(w http.ResponseWriter, r *http.Request)

func (f Own) send(w http.ResponseWriter, r *http.Request) { f(w, r) }

// A Problem is why something was not done, for the person who asked.
type Problem struct {
	Status   int
	Sentence string
	Retry    time.Duration // after which it is worth trying again; 0 where that is no use
	Want     string        // what would help, for the page (class.Refusal)
	Queue    *class.QueuePlace
}

func (p *Problem) Error() string { return p.Sentence }

func problem(status int, format string, args []any) *Problem {
	return &Problem{Status: status, Sentence: fmt.Sprintf(format, args...)}
}

// Bad is a request that cannot be what anybody meant.
func Bad(format string, args ...any) *Problem { return problem(http.StatusBadRequest, format, args) }

// Forbidden is what somebody may not.
func Forbidden(format string, args ...any) *Problem {
	return problem(http.StatusForbidden, format, args)
}

// Missing is what is not there, or not for who asks: the two are told apart by nobody.
func Missing(format string, args ...any) *Problem {
	return problem(http.StatusNotFound, format, args)
}

// Conflict is what does not go with what is there now.
func Conflict(format string, args ...any) *Problem {
	return problem(http.StatusConflict, format, args)
}

// page tells a person who went to an address why not, and where to go on.
func page(w http.ResponseWriter, status int, sentence, home string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>Wireloom</title><p>%s<p><a href=\"%s\">Go on to Wireloom</a>\n",
		html.EscapeString(sentence), html.EscapeString(home)) // who does not wait for it does not need it
}

// nothingHere is the answer to every id that leads nowhere, or to what is not for who asks.
const nothingHere = "there is nothing here, or it is not for you: go back to your classes, or ask your teacher"

// Local reports whether to is a path of this site, below its base: where a browser may be
// sent to by an address that somebody else wrote.
func Local(to string) bool {
	if len(to) == 0 || len(to) > 1024 || to[0] != '/' || strings.HasPrefix(to, "//") {
		return false
	}
	return !strings.ContainsFunc(to, func(c rune) bool { return c <= ' ' || c == '\\' || c == 0x7f || c >= 0x80 })
}

// Home sends the browser to a path below the base, by an address relative to the
// request's: a proxy may have put more in front of the base.
func (q *Request) Home(to string) SeeOther {
	up := strings.Repeat("../", strings.Count(q.URL.Path, "/")-1)
	if up == "" {
		up = "./"
	}
	return SeeOther(up + to[1:])
}

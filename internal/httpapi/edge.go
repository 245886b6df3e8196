package httpapi

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"wireloom/internal/protocol/class"
	"wireloom/internal/respond"
	"wireloom/internal/sched"
	"wireloom/internal/strictjson"
	"wireloom/internal/visitor"
)

// policy is what the page may load and do: what this server gives it, and no more.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors "

// features are what of the visitor's machine the page may use: nothing of it.
const features = "accelerometer=(), bluetooth=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), " +
	"magnetometer=(), microphone=(), midi=(), payment=(), screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()"

// ServeHTTP answers what comes from outside: it looks at who asks and by which name,
// and takes the base path off.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy+s.frames(r))
	h.Set("Permissions-Policy", features)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	deadlines(w, replyTimeout)
	site := &s.conf.Site
	from := site.Proxies.From(r)
	s.advisor.Look(r, from)
	if why := site.Known(r, from); why != nil {
		s.refuse(w, why)
		return
	}
	rest, move, away := site.Path(r.URL.Path)
	if r.Method != http.MethodGet && r.Method != http.MethodHead && !s.abroad[rest] {
		if why := site.Own(r, from); why != nil {
			s.refuse(w, why)
			return
		}
	}
	switch {
	case away != nil:
		s.refuse(w, away)
		return
	case move: // relative: a proxy may have put more in front
		w.Header().Set("Location", path.Base(r.URL.Path)+"/")
		fail(w, http.StatusPermanentRedirect, "the page is at %s/", shown(r.URL.Path))
		return
	case rest != tidy(rest):
		fail(w, http.StatusNotFound, "there is no page %s here; the lab is at %s", shown(r.URL.Path), s.home())
		return
	}
	inner := *r
	u := *r.URL
	u.Path, u.RawPath = rest, inBase(r.URL, rest)
	inner.URL = &u
	defer func() { r.Pattern = inner.Pattern }() // for who counts requests
	s.mux.ServeHTTP(w, &inner)
}

// frames are who may show the page in a frame (Content Security Policy, frame-ancestors).
func (s *Server) frames(r *http.Request) string {
	if s.conf.Frames != nil {
		if of := s.conf.Frames(r); len(of) > 0 {
			return strings.Join(of, " ")
		}
	}
	return "'none'"
}

// inBase is the escaped path (url.URL.RawPath) that belongs to a path without its base.
func inBase(u *url.URL, rest string) string {
	raw, ok := strings.CutPrefix("/"+u.RawPath, strings.TrimSuffix("/"+u.Path, rest))
	if !ok {
		return "" // the base itself is escaped: what is behind it is then taken as it reads
	}
	return raw
}

// tidy is a path as it would be written without detours: what the routes expect.
func tidy(p string) string {
	if p == "" || p[0] != '/' {
		return ""
	}
	t := path.Clean(p)
	if strings.HasSuffix(p, "/") && t != "/" {
		t += "/"
	}
	return t
}

// home is the path of the page.
func (s *Server) home() string { return or(s.conf.Site.Base, "/") }

// client is who a request comes from.
func (s *Server) client(r *http.Request) visitor.Client {
	c := visitor.Client{Address: s.conf.Site.Proxies.From(r).Client}
	if s.conf.Client != nil {
		c.Person, c.Class = s.conf.Client(r)
	}
	return c
}

// ownerOf is whose turns a client takes. Strangers are one group, each class is another.
func ownerOf(c visitor.Client) sched.Owner { return sched.Owner{Group: c.Class, Name: c.Key()} }

// notAllowed refuses a method at a path that is there (RFC 9110, 15.5.6).
func notAllowed(w http.ResponseWriter, r *http.Request, allow string) {
	w.Header().Set("Allow", allow)
	fail(w, http.StatusMethodNotAllowed, "%s is not done at %s: it takes %s", clip(r.Method), shown(r.URL.Path), allow)
}

// deadlines gives the body of a request and its answer d from now on.
func deadlines(w http.ResponseWriter, d time.Duration) {
	c := http.NewResponseController(w)
	at := time.Now().Add(d)
	_, _ = c.SetReadDeadline(at), c.SetWriteDeadline(at) // a writer that has none, as in a test, needs none
}

// object reads a body that is one JSON object and nothing else.
func object(w http.ResponseWriter, r *http.Request, v any) error {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return err
	}
	return strictjson.Decode(b, v)
}

// reply answers with v as JSON.
func reply(w http.ResponseWriter, status int, v any) { respond.JSON(w, status, v) }

// fail answers with a sentence that says what happened, to what, and what to do. A
// stranger's words in it do nothing to who reads it, and make it no longer than maxSentence.
func fail(w http.ResponseWriter, status int, format string, args ...any) {
	reply(w, status, struct {
		Error string `json:"error"`
	}{respond.Sentence(format, args...)})
}

// refuse answers with a refusal, and counts it; what was not done goes in front.
func (s *Server) refuse(w http.ResponseWriter, err error, undone ...string) {
	why := &visitor.Refusal{Status: http.StatusInternalServerError, Why: plain(err)}
	_ = errors.As(err, &why) // what is no refusal is an error of ours
	s.refusals.Add(why.Kind)
	respond.RetryAfter(w.Header(), why.After)
	text := plain(err)
	if len(undone) > 0 {
		text = undone[0] + ": " + text
	}
	respond.JSON(w, why.Status, class.Refusal{Error: respond.Sentence("%s", text), Queue: respond.Place(why.Queue)})
}

// plain is what an error says, without the folders of this machine: they are none of
// a visitor's business.
func plain(err error) string {
	text := err.Error()
	var walk func(error)
	walk = func(err error) {
		var paths []string
		switch e := err.(type) { //nolint:errorlint // it walks the tree itself, to see every one
		case *fs.PathError:
			paths = []string{e.Path}
		case *os.LinkError:
			paths = []string{e.Old, e.New}
		}
		for _, p := range paths {
			if filepath.IsAbs(p) {
				text = strings.ReplaceAll(text, p, filepath.Base(p))
			}
		}
		switch e := err.(type) { //nolint:errorlint // as above
		case interface{ Unwrap() error }:
			if inner := e.Unwrap(); inner != nil {
				walk(inner)
			}
		case interface{ Unwrap() []error }:
			for _, inner := range e.Unwrap() {
				walk(inner)
			}
		}
	}
	walk(err)
	return text
}

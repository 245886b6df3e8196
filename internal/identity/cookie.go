package identity

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"wireloom/internal/visitor"
)

// cookieName is the session's of the browser. Over TLS it has the prefix that lets nobody
// but this host set it, and only over TLS (RFC 6265bis, 4.1.3.2).
const (
	cookieName   = "wireloom"
	cookiePrefix = "__Host-"
)

// A request says by this header, or by a parameter where it can have no header (an
// address that is opened, a WebSocket), which of the sessions in frames it is of.
const (
	KeyHeader    = "Wireloom-Session"
	KeyParameter = "session"
)

const (
	tokenLength = 26 // of rand.Text: 130 bits
	keyLength   = 12 // hexadecimal digits
)

// jar names the cookies of a site.
type jar struct{ site *visitor.Site }

// base is the path that the site is under, "/" or like "/lab/".
func (j jar) base() string {
	switch {
	case j.site.Base != "" && j.site.Base != "/":
		return j.site.Base
	case j.site.Public != nil:
		return j.site.Public.Path
	}
	return "/"
}

// secure reports whether the browser came over TLS.
func (j jar) secure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	if from := j.site.Proxies.From(r); from.Proto != "" {
		return from.Proto == "https"
	}
	return j.site.Public != nil && j.site.Public.Scheme == "https"
}

// name is that of the browser's session, or of the one in a frame that key chooses. Two
// servers of one host, each under a path, have cookies of their own: __Host- allows no
// other path than the root, so that the base is in the name.
func (j jar) name(secure bool, key string) string {
	name := cookieName
	if base := strings.Trim(j.base(), "/"); base != "" {
		name += "-" + strings.ReplaceAll(base, "/", "-")
	}
	if key != "" {
		return cookiePrefix + name + "+" + key
	}
	if secure {
		return cookiePrefix + name
	}
	return name
}

// token reads the session's token from a request, and the key that chose it. It is "" for
// a request that has none, or more than one: one of them somebody else has set.
func (j jar) token(r *http.Request) (token, key string) {
	key = r.Header.Get(KeyHeader)
	if key == "" {
		key = r.URL.Query().Get(KeyParameter)
	}
	if key != "" && !isKey(key) {
		return "", ""
	}
	found := r.CookiesNamed(j.name(j.secure(r), key))
	if len(found) != 1 || !isToken(found[0].Value) {
		return "", key
	}
	return found[0].Value, key
}

// isToken reports whether text can be a token at all, so that nothing else is looked up.
func isToken(text string) bool {
	return len(text) == tokenLength && !strings.ContainsFunc(text, func(c rune) bool { return (c < 'A' || c > 'Z') && (c < '2' || c > '7') })
}

func isKey(text string) bool {
	return len(text) == keyLength && !strings.ContainsFunc(text, func(c rune) bool { return (c < '0' || c > '9') && (c < 'a' || c > 'f') })
}

// keyOf is the key of the session in a frame of a person in a class. It is no secret: it
// has a second launch replace the session of the first, and not add one.
func keyOf(person, class string) string {
	sum := sha256.Sum256([]byte(person + "/" + class))
	return hex.EncodeToString(sum[:])[:keyLength]
}

// set puts the cookie of a session into an answer; it ends it where token is "".
func (j jar) set(h http.Header, r *http.Request, token, key string, life time.Duration) {
	secure := j.secure(r)
	c := &http.Cookie{
		Name: j.name(secure, key), Value: token, Path: "/", MaxAge: int(life / time.Second),
		HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode,
	}
	if token == "" {
		c.MaxAge = -1
	}
	if !secure && key == "" {
		c.Path = j.base()
	}
	if key != "" { // in a frame of another site only these cookies come back; browsers take localhost for secure
		c.Secure, c.SameSite, c.Partitioned = true, http.SameSiteNoneMode, true
	}
	if line := c.String(); line != "" {
		h.Add("Set-Cookie", line)
	}
}

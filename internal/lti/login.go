package lti

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"wireloom/internal/identity"
	"wireloom/internal/lti/message"
	"wireloom/internal/store"
)

// A state is what is kept of a login until its launch comes: a row each, so that a second tab is a second launch.
type state struct {
	Platform string `json:"platform"`
	Nonce    string `json:"nonce"`
	Storage  string `json:"storage,omitempty"` // the frame that keeps things for tools
}

const (
	stateTicket = "lti.state"
	stateLife   = 10 * time.Minute
	// stateCookie begins the cookie's name; each launch has its own.
	stateCookie = ourCookies + "-lti-"
	// ourCookies begins the names of all cookies of this server that a frame may have.
	ourCookies = "__Host-wireloom"
)

// cookieOf returns the name of the cookie by which the browser that began a launch is known.
func cookieOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return stateCookie + hex.EncodeToString(sum[:6])
}

// storageName is what may be the name of a platform's frame (LTI client-side postMessages 1.0, 3.1): _parent, or a name.
var storageName = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,64}$`)

// platformOf returns the platform of a login.
func (t *Tool) platformOf(ctx context.Context, issuer, client string) (p store.PlatformRow, err error) {
	err = t.conf.DB.Read(ctx, func(tx *store.Tx) error {
		if client != "" {
			p, err = tx.PlatformOf(issuer, client)
			return err
		}
		// client_id is optional in a login (LTI security framework, 5.1.1.1): then the issuer has to tell.
		list, err := tx.Platforms(issuer, 2)
		if err == nil && (len(list) != 1 || issuer == "") {
			return store.ErrNone
		}
		if err == nil {
			p = list[0]
		}
		return err
	})
	return p, none(err, message.NoPlatform, "issuer "+message.Shown(issuer)+", client "+message.Shown(client))
}

// Login answers a platform that begins a launch (OIDC third-party initiated login), by GET or POST: it sends the browser back to the platform,
// which then posts who it is.
func (t *Tool) Login(w http.ResponseWriter, r *http.Request) {
	if !t.logins.AllowN(t.now(), 1) {
		w.Header().Set("Retry-After", "5")
		t.problem(w, r, http.StatusServiceUnavailable, "", "Too many launches begin at this moment. Open the link in your course again in a few seconds.", nil)
		return
	}
	form := r.FormValue
	p, err := t.platformOf(r.Context(), form("iss"), form("client_id"))
	if err != nil {
		t.fail(w, r, err, nil)
		return
	}
	if form("login_hint") == "" {
		t.fail(w, r, message.Refuse(message.NotLTI, "a login without login_hint"), framesOf(p))
		return
	}
	s := state{Platform: p.ID, Nonce: rand.Text()}
	// A browser that brings any cookie of ours into this frame keeps them there: the platform's storage would be a detour.
	keeps := slices.ContainsFunc(r.Cookies(), func(c *http.Cookie) bool { return strings.HasPrefix(c.Name, ourCookies) })
	if name := form("lti_storage_target"); !keeps && storageName.MatchString(name) {
		s.Storage = name
	}
	b, err := json.Marshal(s)
	if err != nil {
		t.fail(w, r, err, nil)
		return
	}
	var token string
	if err := t.conf.DB.Write(r.Context(), func(tx *store.Tx) (err error) {
		token, err = identity.NewTicket(tx, identity.Ticket{Purpose: stateTicket, Data: string(b), For: stateLife})
		return err
	}); err != nil {
		t.fail(w, r, err, framesOf(p))
		return
	}
	to, err := url.Parse(p.Auth)
	if err != nil {
		t.fail(w, r, err, framesOf(p))
		return
	}
	q := to.Query()
	for name, value := range map[string]string{
		"scope": "openid", "response_type": "id_token", "response_mode": "form_post", "prompt": "none", "client_id": p.Client,
		"redirect_uri": t.About(r).Launch, "state": token, "nonce": s.Nonce, "login_hint": form("login_hint"), "lti_message_hint": form("lti_message_hint"),
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	to.RawQuery = q.Encode()
	setState(w, token, stateLife)
	if s.Storage == "" {
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, to.String(), http.StatusFound)
		return
	}
	t.show(w, page{Name: "keep", Frames: framesOf(p)}, map[string]string{
		"Storage": s.Storage, "Origin": message.Origin(p.Auth), "Key": cookieOf(token), "Value": token, "To": to.String(),
	})
}

// setState keeps a launch's token in the browser that began it, in the cookie jar of the platform's site: a frame of another site has no other.
func setState(w http.ResponseWriter, token string, life time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: cookieOf(token), Value: token, Path: "/", MaxAge: int(life.Seconds()), Secure: true, HttpOnly: true, SameSite: http.SameSiteNoneMode, Partitioned: true,
	})
}

// verify checks an id_token for a launch whose state is there. arrived is when it came.
func (t *Tool) verify(ctx context.Context, s state, p store.PlatformRow, token string, arrived time.Time) (*message.Launch, error) {
	if err := message.Readable(token); err != nil {
		return nil, err
	}
	body, err := t.keysOf(ctx, p, token)
	if err != nil {
		return nil, err
	}
	return message.Claims(body, message.Want{Issuer: p.Issuer, Client: p.Client, Nonce: s.Nonce, Arrived: arrived})
}

// see looks at the state of a launch.
func (t *Tool) see(ctx context.Context, token string) (s state, p store.PlatformRow, err error) {
	err = t.conf.DB.Read(ctx, func(tx *store.Tx) error {
		row, err := identity.SeeTicket(tx, stateTicket, token)
		if err != nil {
			return none(err, message.StateUnknown, "no such state, or used")
		}
		if err := json.Unmarshal([]byte(row.Data), &s); err != nil {
			return err
		}
		p, err = tx.Platform(s.Platform)
		return none(err, message.NoPlatform, "the platform was removed meanwhile")
	})
	return s, p, err
}

// platformError is what a platform says instead of a launch: Safari's users meet login_required, where their browser keeps the platform's own cookies
// from its frames (laravel-celtic-lti#24).
func platformError(form url.Values) *message.Refusal {
	code, text := message.Shown(form.Get("error")), message.Shown(form.Get("error_description"))
	if code == "" {
		return nil
	}
	return message.Refuse(message.PlatformSaid, "%s", strings.TrimSpace(code+" "+text))
}

// sameBrowser tells whether a launch comes from the browser that began it, as far as its cookies tell.
func sameBrowser(r *http.Request, token string) bool {
	c, err := r.Cookie(cookieOf(token))
	return err == nil && c.Value == token && token != ""
}

// inFrame tells whether a request is for a frame: the browser says so, or the platform.
func inFrame(r *http.Request, l *message.Launch) bool {
	switch dest := r.Header.Get("Sec-Fetch-Dest"); dest {
	case "iframe", "frame", "embed", "object":
		return true
	case "document":
		return false
	}
	return l.Presentation.Target == "iframe" || l.Presentation.Target == "frame"
}

func (t *Tool) keysOf(ctx context.Context, p store.PlatformRow, token string) ([]byte, error) {
	body, err := t.keys.Verify(ctx, p.JWKS, token)
	var r *message.Refusal
	switch {
	case err == nil, errors.As(err, &r):
		return body, err
	case isKeys(err):
		return nil, message.Refuse(message.NoKeys, "%v", err)
	}
	return nil, message.Refuse(message.WrongSign, "%v", err)
}

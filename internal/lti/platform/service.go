package platform

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	scopeItem     = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
	scopeReadItem = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly"
	scopeResult   = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"
	scopeScore    = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
	scopeMembers  = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
)

// A grant is what an access token is good for.
type grant struct {
	scopes []string
	until  time.Time
}

// scopes are those of the gradebook that a tool may have.
func (p *Platform) scopes() []string {
	if p.conf.Partial {
		return []string{scopeReadItem, scopeResult, scopeScore}
	}
	return []string{scopeItem, scopeResult, scopeScore}
}

func answer(w http.ResponseWriter, kind string, status int, v any) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// fromTool looks at a token that the tool has signed.
func (p *Platform) fromTool(t *tool, token string) ([]byte, error) {
	r, err := p.conf.HTTP.Get(t.jwks)
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	var set jose.JSONWebKeySet
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&set); err != nil {
		return nil, fmt.Errorf("the tool's keys: %w", err)
	}
	s, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return nil, err
	}
	for _, k := range set.Key(s.Signatures[0].Header.KeyID) {
		return s.Verify(k)
	}
	return nil, errors.New("the tool has no such key")
}

// token gives access tokens for client assertions (LTI security framework, 4.1).
func (p *Platform) token(w http.ResponseWriter, r *http.Request) {
	bad := func(code, why string) {
		answer(w, "application/json", http.StatusBadRequest, map[string]string{"error": code, "error_description": why})
	}
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/x-www-form-urlencoded" {
		bad("invalid_request", "form-encoded, please")
		return
	}
	if r.FormValue("grant_type") != "client_credentials" || r.FormValue("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
		bad("invalid_request", "grant_type or client_assertion_type")
		return
	}
	var who struct {
		Issuer   string `json:"iss"`
		Subject  string `json:"sub"`
		Audience any    `json:"aud"`
		Expires  int64  `json:"exp"`
		Issued   int64  `json:"iat"`
		ID       string `json:"jti"`
	}
	s, err := jose.ParseSignedCompact(r.FormValue("client_assertion"), []jose.SignatureAlgorithm{jose.RS256})
	if err == nil {
		err = json.Unmarshal(s.UnsafePayloadWithoutVerification(), &who)
	}
	if err != nil {
		bad("invalid_client", err.Error())
		return
	}
	p.mu.Lock()
	t := p.tools[who.Issuer]
	p.mu.Unlock()
	if t == nil {
		bad("invalid_client", "no such client")
		return
	}
	if _, err := p.fromTool(t, r.FormValue("client_assertion")); err != nil {
		bad("invalid_client", err.Error())
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.conf.Now()
	audience := p.conf.URL + "/token"
	if p.conf.Mode == Brightspace {
		audience = brightspaceAudience
	}
	if who.Subject != who.Issuer || who.Audience != audience || who.Expires < now.Unix() || who.Issued > now.Unix()+60 || who.ID == "" || p.spent[who.ID] {
		bad("invalid_client", fmt.Sprintf("sub, aud, exp, iat or jti of the assertion: %+v, want aud %s", who, audience))
		return
	}
	p.spent[who.ID] = true
	var granted []string
	may := append(p.scopes(), scopeMembers)
	for s := range strings.FieldsSeq(r.FormValue("scope")) {
		switch {
		case slices.Contains(may, s):
			granted = append(granted, s)
		case p.conf.Mode.canvas():
			bad("invalid_scope", "The requested scope is invalid: "+s)
			return
		}
	}
	if len(granted) == 0 {
		bad("invalid_scope", "none of the scopes is granted")
		return
	}
	access := fmt.Sprintf("access-%d", p.number())
	p.tokens[access] = grant{granted, now.Add(time.Hour)}
	answer(w, "application/json", http.StatusOK, map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": 3600, "scope": strings.Join(granted, " ")})
}

// Expire ends all access tokens, as a restart of some platforms does.
func (p *Platform) Expire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.tokens)
}

// scoped lets a request pass that bears a token with a scope, or with any of line items where it is "".
func (p *Platform) scoped(scope string, f func(w http.ResponseWriter, r *http.Request, c *Course)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		g, ok := p.tokens[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
		c := p.courses[r.PathValue("course")]
		has := slices.Contains(g.scopes, scope) || scope == "" && (slices.Contains(g.scopes, scopeItem) || slices.Contains(g.scopes, scopeReadItem))
		switch {
		case !ok || p.conf.Now().After(g.until):
			p.say(w, http.StatusUnauthorized, "Invalid access token")
		case !has:
			p.say(w, http.StatusForbidden, "Insufficient scope")
		case c == nil:
			p.say(w, http.StatusNotFound, "no such course")
		default:
			f(w, r, c)
		}
	}
}

// say answers with an error in the words and the shape of the product.
func (p *Platform) say(w http.ResponseWriter, status int, text string) {
	switch {
	case p.conf.Mode.canvas():
		answer(w, "application/json", status, map[string]any{"errors": map[string]string{"type": strings.ToLower(strings.ReplaceAll(http.StatusText(status), " ", "_")), "message": text}})
	case p.conf.Mode == Moodle:
		answer(w, "application/json; charset=utf-8", status, map[string]any{"status": status, "reason": text, "request": map[string]any{}})
	case p.conf.Mode == OpenEdX:
		answer(w, "application/json", status, map[string]string{"detail": text})
	default:
		answer(w, "application/problem+json", status, map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": text})
	}
}

// members lists a course's people (NRPS 2.0). Canvas gives 50 a page, Open edX and Brightspace fewer here, Moodle all.
func (p *Platform) members(w http.ResponseWriter, r *http.Request, c *Course) {
	page := map[Mode]int{CanvasOld: 50, CanvasMid: 50, CanvasNew: 50, OpenEdX: 10, Brightspace: 20, Moodle: len(c.Members)}[p.conf.Mode]
	from, _ := strconv.Atoi(r.FormValue("from"))
	list := []map[string]any{}
	for _, id := range c.Members[min(from, len(c.Members)):min(from+page, len(c.Members))] {
		u := p.users[id]
		m := map[string]any{"user_id": u.Sub, "roles": p.roles(u), "status": "Active"}
		if p.conf.Mode != OpenEdX {
			m["name"], m["given_name"], m["family_name"], m["email"] = u.Given+" "+u.Family, u.Given, u.Family, u.Email
		}
		if u.Inactive {
			m["status"] = "Inactive"
		}
		list = append(list, m)
	}
	self := p.conf.URL + "/nrps/" + url.PathEscape(c.ID)
	if from+page < len(c.Members) {
		w.Header().Add("Link", fmt.Sprintf(`<%s?from=0>; rel="first", <%s?from=%d>; rel="next"`, self, self, from+page))
	}
	answer(w, "application/vnd.ims.lti-nrps.v2.membershipcontainer+json", http.StatusOK, map[string]any{
		"id": self, "context": map[string]string{"id": p.contextID(c), "title": c.Title}, "members": list,
	})
}

// openid is what a tool reads that registers itself (dynamic registration 1.0, 3.4).
func (p *Platform) openid(w http.ResponseWriter, _ *http.Request) {
	u := p.conf.URL
	answer(w, "application/json", http.StatusOK, map[string]any{
		"issuer": p.Issuer(), "authorization_endpoint": u + "/auth", "token_endpoint": u + "/token", "jwks_uri": u + "/jwks", "registration_endpoint": u + "/register",
		"token_endpoint_auth_methods_supported": []string{"private_key_jwt"}, "token_endpoint_auth_signing_alg_values_supported": []string{"RS256"},
		"scopes_supported":         append([]string{"openid", scopeMembers}, p.scopes()...),
		"response_types_supported": []string{"id_token"}, "id_token_signing_alg_values_supported": []string{"RS256"}, "subject_types_supported": []string{"public"},
		"claims_supported":     []string{"iss", "sub", "name", "given_name", "family_name", "email"},
		"authorization_server": map[bool]string{true: brightspaceAudience}[p.conf.Mode == Brightspace],
		"https://purl.imsglobal.org/spec/lti-platform-configuration": map[string]any{
			"product_family_code": p.family(), "version": "1",
			"messages_supported": []map[string]string{{"type": "LtiResourceLinkRequest"}, {"type": "LtiDeepLinkingRequest"}},
			"variables":          []string{"ResourceLink.id.history"},
		},
	})
}

// known are what Canvas takes of a registration: 422 on anything else (ltijs#239).
var known = []string{
	"application_type", "response_types", "grant_types", "initiate_login_uri", "redirect_uris", "client_name", "jwks_uri", "logo_uri", "token_endpoint_auth_method",
	"scope", "https://purl.imsglobal.org/spec/lti-tool-configuration", "client_uri", "policy_uri", "tos_uri", "contacts",
}

// NewRegistration returns the address at which a tool begins to register itself.
func (p *Platform) NewRegistration(tool string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := url.Values{"openid_configuration": {p.conf.URL + "/.well-known/openid-configuration"}}
	if p.conf.Mode != Brightspace {
		q.Set("registration_token", fmt.Sprintf("registration-%d", p.number()))
	}
	return tool + "?" + q.Encode()
}

func (p *Platform) register(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	token, has := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if p.conf.Mode == Brightspace && r.Header.Get("Authorization") != "" || p.conf.Mode != Brightspace && (!has || !strings.HasPrefix(token, "registration-") || p.spent[token]) {
		p.say(w, http.StatusUnauthorized, "registration token")
		return
	}
	p.spent[token] = true
	var m map[string]json.RawMessage
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
		p.say(w, http.StatusBadRequest, err.Error())
		return
	}
	for k := range m {
		if p.conf.Mode.canvas() && !slices.Contains(known, k) {
			p.say(w, http.StatusUnprocessableEntity, "unknown property "+k)
			return
		}
	}
	var login, jwks string
	var redirects []string
	var conf struct {
		Domain string `json:"domain"`
		Target string `json:"target_link_uri"`
	}
	err := errors.Join(json.Unmarshal(m["initiate_login_uri"], &login), json.Unmarshal(m["jwks_uri"], &jwks), json.Unmarshal(m["redirect_uris"], &redirects),
		json.Unmarshal(m["https://purl.imsglobal.org/spec/lti-tool-configuration"], &conf))
	if err != nil || login == "" || jwks == "" || len(redirects) == 0 || conf.Domain == "" || conf.Target == "" {
		p.say(w, http.StatusBadRequest, fmt.Sprint("incomplete: ", err))
		return
	}
	t := p.addTool(login, conf.Target, jwks, redirects...)
	p.client = t.client
	back := map[string]any{}
	for k, v := range m {
		back[k] = v
	}
	back["client_id"] = t.client
	if !p.conf.Mode.canvas() { // an administrator deploys it later there
		back["https://purl.imsglobal.org/spec/lti-tool-configuration"] = map[string]any{"domain": conf.Domain, "target_link_uri": conf.Target, "deployment_id": t.deployment}
	}
	status := http.StatusOK
	if p.conf.Mode.canvas() || p.conf.Mode == Brightspace {
		status = http.StatusCreated
	}
	answer(w, "application/json", status, back)
}

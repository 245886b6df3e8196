package platform

import (
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// A hint is what lti_message_hint stands for: which launch it is.
type hint struct {
	user   *User
	course *Course
	link   *Link // nil: the teacher chooses
	tool   *tool
	framed bool
	used   bool
}

const claim = "https://purl.imsglobal.org/spec/lti/claim/"

// Begin returns the parameters of a login by the platform (OIDC third-party login), and the address that they go to. The test
// or the browser carries them there.
func (p *Platform) Begin(user, course, link string, framed bool) (to string, form url.Values) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.courses[course]
	h := &hint{user: p.users[user], course: c, framed: framed, tool: p.tools[p.client]}
	target := h.tool.target
	if link != "" {
		h.link = c.find(link)
		h.tool, target = p.tools[h.link.client], h.link.URL
	}
	id := fmt.Sprintf("hint-%d", p.number())
	p.hints[id] = h
	form = url.Values{
		"iss": {p.Issuer()}, "target_link_uri": {target}, "login_hint": {h.user.ID}, "lti_message_hint": {id},
		"client_id": {h.tool.client}, "lti_deployment_id": {h.tool.deployment},
	}
	if p.conf.Mode.canvas() {
		form.Set("canvas_region", "localhost")
		form.Set("canvas_environment", "prod")
		if framed {
			form.Set("lti_storage_target", "post_message_forwarding")
		}
	}
	if p.conf.Mode == Brightspace && framed {
		form.Set("lti_storage_target", "_parent")
	}
	return h.tool.login, form
}

func (c *Course) find(link string) *Link {
	for _, l := range c.Links {
		if l.ID == link {
			return l
		}
	}
	return nil
}

// auth is the platform's OIDC authorization endpoint: the tool's login leads here, and from here a form goes to the tool.
func (p *Platform) auth(w http.ResponseWriter, r *http.Request) {
	q := func(name string) string { return r.FormValue(name) }
	p.mu.Lock()
	defer p.mu.Unlock()
	t, h := p.tools[q("client_id")], p.hints[q("lti_message_hint")]
	switch {
	case t == nil:
		p.refuse(w, "invalid_client", "no such client")
	case !slices.Contains(t.redirects, q("redirect_uri")):
		p.refuse(w, "invalid_request", "redirect_uri is not registered: "+q("redirect_uri"))
	case q("response_type") != "id_token", q("response_mode") != "form_post", q("prompt") != "none", q("scope") != "openid":
		p.refuse(w, "invalid_request", "response_type, response_mode, prompt or scope is not as LTI 1.3 wants it")
	case q("nonce") == "", q("state") == "", h == nil, h.tool != t, h.user.ID != q("login_hint"):
		p.refuse(w, "invalid_request", "nonce, state, login_hint or lti_message_hint is missing or wrong")
	case h.used && p.conf.Mode.canvas():
		send(w, q("redirect_uri"), url.Values{"error": {"launch_no_longer_valid"}, "error_description": {"The launch has either expired or already been consumed"}, "state": {q("state")}})
	default:
		h.used = true
		send(w, q("redirect_uri"), url.Values{"id_token": {p.sign(p.idToken(h, q("nonce")))}, "state": {q("state")}})
	}
}

func (p *Platform) refuse(w http.ResponseWriter, code, text string) {
	http.Error(w, code+": "+text, http.StatusBadRequest)
}

var sendPage = template.Must(template.New("send").Parse(`<!doctype html><title>one moment</title>
<form id=f method=post action="{{.To}}">{{range $k, $v := .Form}}<input type=hidden name="{{$k}}" value="{{index $v 0}}">{{end}}<noscript><button>go on</button></noscript></form>
<script>document.getElementById("f").submit()</script>`))

// send is a page that posts a form to somewhere else.
func send(w http.ResponseWriter, to string, form url.Values) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = sendPage.Execute(w, map[string]any{"To": to, "Form": form})
}

// idToken returns the claims of a launch. The caller holds the lock.
func (p *Platform) idToken(h *hint, nonce string) []byte {
	now := p.conf.Now()
	life := time.Hour
	if p.conf.Mode == Moodle {
		life = time.Minute
	}
	m := map[string]any{
		"iss": p.Issuer(), "sub": h.user.Sub, "aud": h.tool.client, "nonce": nonce, "iat": now.Unix(), "exp": now.Add(life).Unix(),
		claim + "version": "1.3.0", claim + "deployment_id": h.tool.deployment, claim + "target_link_uri": h.tool.target,
		claim + "roles":   p.roles(h.user),
		claim + "context": map[string]any{"id": p.contextID(h.course), "title": h.course.Title, "label": h.course.ID, "type": []string{"http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering"}},
		claim + "tool_platform": map[string]any{
			"guid": "guid-" + p.conf.Mode.String(), "name": "Fake " + p.conf.Mode.String(), "product_family_code": p.family(), "url": p.conf.URL,
		},
		"https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice": map[string]any{
			"context_memberships_url": p.conf.URL + "/nrps/" + url.PathEscape(h.course.ID), "service_versions": []string{"2.0"},
		},
	}
	if p.conf.Mode != OpenEdX { // which keeps names to itself unless an author asks for them
		m["name"], m["given_name"], m["family_name"], m["email"] = h.user.Given+" "+h.user.Family, h.user.Given, h.user.Family, h.user.Email
	}
	if p.conf.Mode == Brightspace { // aud is a list there
		m["aud"] = []string{h.tool.client}
		m["azp"] = h.tool.client
	}
	target := "window"
	if h.framed {
		target = "iframe"
	}
	m[claim+"launch_presentation"] = map[string]any{"document_target": target, "return_url": p.conf.URL + "/as/" + h.user.ID + "/course/" + h.course.ID}
	grades := map[string]any{"scope": p.scopes(), "lineitems": p.itemURL(h.course.ID, "")}
	if h.link == nil {
		m[claim+"message_type"] = "LtiDeepLinkingRequest"
		m["https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"] = map[string]any{
			"deep_link_return_url": p.conf.URL + "/as/" + h.user.ID + "/course/" + h.course.ID + "/chosen", "accept_types": []string{"ltiResourceLink"},
			"accept_presentation_document_targets": []string{"iframe", "window"}, "accept_multiple": true, "accept_lineitem": true, "data": "op=321&v=44",
		}
	} else {
		m[claim+"message_type"] = "LtiResourceLinkRequest"
		m[claim+"resource_link"] = map[string]any{"id": h.link.ID, "title": h.link.Title}
		m[claim+"target_link_uri"] = h.link.URL
		if len(h.link.Custom) > 0 {
			m[claim+"custom"] = h.link.Custom
		} else if p.conf.Mode == Moodle {
			m[claim+"custom"] = []string{} // PHP's empty map
		}
		if of := h.course.itemsOf(h.link.ID); len(of) == 1 || len(of) > 1 && p.conf.Mode != Moodle {
			grades["lineitem"] = p.itemURL(h.course.ID, of[0].ID)
		}
	}
	m["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"] = grades
	b, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return b
}

// contextID is what tools know a course by.
func (p *Platform) contextID(c *Course) string {
	if p.conf.Mode.canvas() {
		return fmt.Sprintf("%x", "canvas "+c.ID) // opaque there
	}
	return c.ID
}

func (p *Platform) family() string {
	switch p.conf.Mode {
	case Moodle:
		return "moodle"
	case OpenEdX:
		return "openedx"
	case Brightspace:
		return "desire2learn"
	default:
		return "canvas"
	}
}

func (p *Platform) roles(u *User) []string {
	const m, inst = "http://purl.imsglobal.org/vocab/lis/v2/membership#", "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"
	switch u.Who {
	case Teacher:
		return []string{inst + "Instructor", m + "Instructor"}
	case Assistant:
		if p.conf.Mode == Brightspace {
			return []string{m + "Instructor", "http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant"}
		}
		return []string{m + "TeachingAssistant"}
	case TestStudent:
		return []string{m + "Learner", "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"}
	case Admin:
		return []string{inst + "Administrator", "http://purl.imsglobal.org/vocab/lis/v2/system/person#Administrator"}
	case Student:
	}
	return []string{m + "Learner"}
}

func (p *Platform) jwks(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	set := jose.JSONWebKeySet{}
	for _, k := range p.keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.pair.Public(), KeyID: k.id, Algorithm: "RS256", Use: "sig"})
	}
	answer(w, "application/json", http.StatusOK, set)
}

// chosen reads what a tool's teacher chose (deep linking 2.0, 4.5), and makes links of it.
func (p *Platform) chosen(course string, token string) (int, error) {
	p.mu.Lock()
	t := p.tools[p.client]
	p.mu.Unlock()
	body, err := p.fromTool(t, token)
	if err != nil {
		return 0, err
	}
	var m struct {
		Issuer     string          `json:"iss"`
		Audience   json.RawMessage `json:"aud"`
		Expires    int64           `json:"exp"`
		Nonce      string          `json:"nonce"`
		Type       string          `json:"https://purl.imsglobal.org/spec/lti/claim/message_type"`
		Version    string          `json:"https://purl.imsglobal.org/spec/lti/claim/version"`
		Deployment string          `json:"https://purl.imsglobal.org/spec/lti/claim/deployment_id"`
		Data       string          `json:"https://purl.imsglobal.org/spec/lti-dl/claim/data"`
		Items      []struct {
			Type   string            `json:"type"`
			Title  string            `json:"title"`
			URL    string            `json:"url"`
			Custom map[string]string `json:"custom"`
			Item   *struct {
				Label    string  `json:"label"`
				Max      float64 `json:"scoreMaximum"`
				Resource string  `json:"resourceId"`
			} `json:"lineItem"`
		} `json:"https://purl.imsglobal.org/spec/lti-dl/claim/content_items"`
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return 0, err
	}
	switch {
	case m.Issuer != t.client, !strings.Contains(string(m.Audience), p.Issuer()), m.Nonce == "", m.Expires < p.conf.Now().Unix():
		return 0, fmt.Errorf("deep linking response: iss %q, aud %s, nonce or exp is wrong", m.Issuer, m.Audience)
	case m.Type != "LtiDeepLinkingResponse", m.Version != "1.3.0", m.Deployment != t.deployment, m.Data != "op=321&v=44":
		return 0, fmt.Errorf("deep linking response: message %q, version %q, deployment %q or data %q is wrong", m.Type, m.Version, m.Deployment, m.Data)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, it := range m.Items {
		if it.Type != "ltiResourceLink" {
			return 0, fmt.Errorf("deep linking response: type %q", it.Type)
		}
		l := p.link(p.courses[course], t, it.Title, it.URL, it.Custom)
		// canvas-lms#1749: the line item is ignored unless flags are on.
		if it.Item != nil && it.Item.Max > 0 && p.conf.Mode != CanvasOld {
			p.couple(p.courses[course], l, &Item{Label: it.Item.Label, Max: it.Item.Max, Resource: it.Item.Resource})
		}
	}
	return len(m.Items), nil
}

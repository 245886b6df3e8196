package message

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"wireloom/internal/terminal"
)

// A Launch is what an id_token says (LTI 1.3 core, 5; deep linking 2.0, 4.4; AGS 2.0, 3.1; NRPS 2.0, 3.6.1). Texts are made safe to
// show and short by check; addresses are as they came. Its fields are the claims.
type Launch struct {
	Issuer    string   `json:"iss"`
	Subject   string   `json:"sub"`
	Audience  audience `json:"aud"`
	Party     string   `json:"azp"`
	Nonce     string   `json:"nonce"`
	Expires   seconds  `json:"exp"`
	Issued    seconds  `json:"iat"`
	NotBefore seconds  `json:"nbf"`

	Name   string `json:"name"`
	Given  string `json:"given_name"`
	Family string `json:"family_name"`
	Email  string `json:"email"`

	Type       string   `json:"https://purl.imsglobal.org/spec/lti/claim/message_type"`
	Version    string   `json:"https://purl.imsglobal.org/spec/lti/claim/version"`
	Deployment text     `json:"https://purl.imsglobal.org/spec/lti/claim/deployment_id"`
	Target     string   `json:"https://purl.imsglobal.org/spec/lti/claim/target_link_uri"`
	Roles      []string `json:"https://purl.imsglobal.org/spec/lti/claim/roles"`
	Context    struct {
		ID    text   `json:"id"`
		Label string `json:"label"`
		Title string `json:"title"`
	} `json:"https://purl.imsglobal.org/spec/lti/claim/context"`
	Resource struct {
		ID    text   `json:"id"`
		Title string `json:"title"`
	} `json:"https://purl.imsglobal.org/spec/lti/claim/resource_link"`
	Platform struct {
		URL    string `json:"url"`
		Family string `json:"product_family_code"`
		Name   string `json:"name"`
	} `json:"https://purl.imsglobal.org/spec/lti/claim/tool_platform"`
	Presentation struct {
		Target string `json:"document_target"`
		Return string `json:"return_url"`
	} `json:"https://purl.imsglobal.org/spec/lti/claim/launch_presentation"`
	Custom custom `json:"https://purl.imsglobal.org/spec/lti/claim/custom"`

	Grades struct {
		Scopes    []string `json:"scope"`
		LineItems string   `json:"lineitems"`
		LineItem  string   `json:"lineitem"`
	} `json:"https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"`
	Members struct {
		URL string `json:"context_memberships_url"`
	} `json:"https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"`
	Linking *Linking `json:"https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"`
}

// Linking says what a platform takes of a deep link (deep linking 2.0, 4.4.1).
type Linking struct {
	Return   string   `json:"deep_link_return_url"`
	Types    []string `json:"accept_types"`
	Targets  []string `json:"accept_presentation_document_targets"`
	Multiple bool     `json:"accept_multiple"`
	LineItem *bool    `json:"accept_lineitem"` // nil where the platform says nothing
	Data     string   `json:"data"`
}

// The messages that the tool knows.
const (
	ResourceLink = "LtiResourceLinkRequest"
	DeepLinking  = "LtiDeepLinkingRequest"
)

const (
	maxID   = 255 // of ids, by the specification
	maxText = 120 // of names and titles that are shown
)

// check looks at what every launch has to have, and makes what is shown short and harmless.
func (l *Launch) check() error {
	switch {
	case l.Version != "1.3.0":
		return Refuse(NotLTI, "version %q", l.Version)
	case l.Type != ResourceLink && l.Type != DeepLinking:
		return Refuse(NotLTI, "message %q", l.Type)
	case l.Subject == "":
		return Refuse(NoSubject, "no sub")
	case l.Deployment == "":
		return Refuse(NotLTI, "no deployment_id")
	case l.Type == DeepLinking && (l.Linking == nil || l.Linking.Return == ""):
		return Refuse(NotLTI, "no deep_linking_settings")
	case l.Context.ID == "":
		return Refuse(NoContext, "no context")
	case l.Type == ResourceLink && l.Resource.ID == "":
		return Refuse(NotLTI, "no resource_link")
	}
	for _, id := range []string{l.Subject, string(l.Deployment), string(l.Context.ID), string(l.Resource.ID)} {
		if len(id) > maxID {
			return Refuse(NotLTI, "an id of %d bytes", len(id))
		}
	}
	for _, s := range []*string{&l.Name, &l.Given, &l.Family, &l.Context.Label, &l.Context.Title, &l.Resource.Title, &l.Platform.Family, &l.Platform.Name} {
		*s = Shown(*s)
	}
	return nil
}

// Shown makes a stranger's text short, and harmless to show in a line.
func Shown(s string) string {
	return strings.TrimSpace(terminal.Cut(terminal.Line(strings.TrimSpace(s)), maxText))
}

// Who returns a person's name, as far as the platform says one: a platform may keep names to itself.
func (l *Launch) Who() string { return FullName(l.Name, l.Given, l.Family) }

// FullName joins what a platform tells of a name; "" is where it tells nothing.
func FullName(name, given, family string) string {
	if name != "" {
		return name
	}
	return strings.TrimSpace(given + " " + family)
}

// Course returns what the course is called.
func (l *Launch) Course() string {
	for _, s := range []string{l.Context.Title, l.Context.Label} {
		if s != "" {
			return s
		}
	}
	return "a course of " + l.Issuer
}

// Role is what somebody is in a class.
type Role int

const (
	Nobody Role = iota
	Student
	Assistant
	Teacher
)

const membership = "http://purl.imsglobal.org/vocab/lis/v2/membership"

// RoleIn returns the role in a course of a list of roles (core, A.2). Institution and system roles say nothing of
// a course: an administrator of the platform is no teacher here.
func RoleIn(roles []string) Role {
	role := Nobody
	assists := false
	for _, r := range roles {
		kind, principal, full := strings.Cut(r, "#")
		sub, isSub := strings.CutPrefix(kind, membership+"/")
		switch {
		case full && isSub: // .../membership/Instructor#TeachingAssistant
			if sub == "Instructor" && strings.HasPrefix(principal, "TeachingAssistant") {
				assists = true
				continue
			}
			principal = sub
		case full && kind != membership:
			continue
		case !full: // a simple name, which older platforms use
			principal = r
		}
		switch principal {
		case "Instructor", "ContentDeveloper", "Administrator":
			role = max(role, Teacher)
		case "TeachingAssistant":
			assists = true
		case "Learner", "Member", "Mentor":
			role = max(role, Student)
		}
	}
	// An assistant is an Instructor too where a platform sends the principal role beside the sub-role (core, A.2.3.1).
	if assists {
		return Assistant
	}
	return role
}

// TestStudent tells whether it is the made-up person by whom a teacher looks at a course as a student (Canvas).
func (l *Launch) TestStudent() bool {
	return slices.Contains(l.Roles, "http://purl.imsglobal.org/vocab/lti/system/person#TestUser")
}

// Canvas tells whether the platform is one, which has extensions of its own for scores.
func (l *Launch) Canvas() bool { return l.Platform.Family == "canvas" }

// Origin returns the origin of an address, or "".
func Origin(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.ContainsAny(u.Host, " ;,'\"<>*\\") {
		return ""
	}
	return u.Scheme + "://" + strings.ToLower(u.Host)
}

// An audience is a string or a list of them (RFC 7519, 4.1.3).
type audience []string

func (a *audience) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(a))
}

// A text is an id that some platforms write as a number.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*t = text(s)
		return nil
	}
	var n json.Number
	if err := json.Unmarshal(b, &n); err != nil {
		return fmt.Errorf("an id that is neither text nor number")
	}
	*t = text(n.String())
	return nil
}

// A custom has what the link's author set. Values that are not texts are left out: ours are texts.
type custom map[string]string

func (c *custom) UnmarshalJSON(b []byte) error {
	var all map[string]json.RawMessage
	if json.Unmarshal(b, &all) != nil { // Moodle's empty map is []
		return nil
	}
	*c = custom{}
	for k, v := range all {
		var s string
		if json.Unmarshal(v, &s) == nil {
			(*c)[k] = s
		}
	}
	return nil
}

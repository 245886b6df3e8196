package service

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"wireloom/internal/lti/message"
)

// A Tool is what a platform is told of this one.
type Tool struct {
	Name, Login, Launch, DeepLink, Keys string // addresses but for Name
	Description                         string
}

// A Registered is what came of a registration.
type Registered struct {
	Name, Product               string
	Issuer, Client, Deployment  string
	Auth, Token, Audience, JWKS string
	Origin                      string // of the platform, whose page waits for the end
}

const configTool = "https://purl.imsglobal.org/spec/lti-tool-configuration"

// Register registers the tool at a platform (LTI dynamic registration 1.0). token is "" where the platform gave none, as Brightspace: then
// there must be no header for it.
func (c *Client) Register(ctx context.Context, configuration, token string, t Tool) (Registered, error) {
	none := Registered{}
	a, err := c.fetch.Do(ctx, http.MethodGet, configuration, http.Header{"Accept": {"application/json"}}, "")
	if err != nil {
		return none, err
	}
	var m struct {
		Issuer       string   `json:"issuer"`
		Auth         string   `json:"authorization_endpoint"`
		Token        string   `json:"token_endpoint"`
		JWKS         string   `json:"jwks_uri"`
		Registration string   `json:"registration_endpoint"`
		Audience     string   `json:"authorization_server"`
		Scopes       []string `json:"scopes_supported"`
		Platform     struct {
			Family string `json:"product_family_code"`
		} `json:"https://purl.imsglobal.org/spec/lti-platform-configuration"`
	}
	if a.Status != http.StatusOK || json.Unmarshal(a.Body, &m) != nil {
		return none, &Refusal{a, "its configuration"}
	}
	for _, raw := range []string{m.Auth, m.Token, m.JWKS, m.Registration} {
		if _, err := c.fetch.URL(raw); err != nil {
			return none, fmt.Errorf("the platform's configuration: %w", err)
		}
	}
	at, err := url.Parse(configuration)
	if err != nil {
		return none, err
	}
	family := strings.ToLower(message.Shown(m.Platform.Family))
	issuer, err := url.Parse(m.Issuer)
	switch {
	case err != nil || m.Issuer == "" || len(m.Issuer) > 1024:
		return none, fmt.Errorf("the platform's configuration has no issuer")
	case issuer.Host != at.Host && family != "canvas":
		// Dynamic registration, 3.5.1. All Canvas servers are canvas.instructure.com, wherever they are.
		return none, fmt.Errorf("the platform says that it is %s, and its configuration is at %s", message.Shown(m.Issuer), at.Host)
	}
	scopes := slices.DeleteFunc(slices.Clone(Scopes), func(s string) bool { return len(m.Scopes) > 0 && !slices.Contains(m.Scopes, s) })
	body, err := json.Marshal(t.registration(family, scopes))
	if err != nil {
		return none, err
	}
	header := http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	if a, err = c.fetch.Do(ctx, http.MethodPost, m.Registration, header, string(body)); err != nil {
		return none, err
	}
	var back struct {
		Client string `json:"client_id"`
		Tool   struct {
			Deployment string `json:"deployment_id"`
		} `json:"https://purl.imsglobal.org/spec/lti-tool-configuration"`
	}
	if a.Status/100 != 2 || json.Unmarshal(a.Body, &back) != nil || back.Client == "" || len(back.Client) > 255 {
		return none, &Refusal{a, "a registration"}
	}
	if len(m.Audience) > 1024 || m.Audience == m.Token {
		m.Audience = ""
	}
	return Registered{
		Name: at.Host, Product: family, Issuer: m.Issuer, Client: back.Client, Deployment: back.Tool.Deployment,
		Auth: m.Auth, Token: m.Token, Audience: m.Audience, JWKS: m.JWKS, Origin: message.Origin(configuration),
	}, nil
}

// registration returns what is sent (dynamic registration, 3.5.2): no member that Canvas doesn't know, since it refuses all then.
func (t Tool) registration(family string, scopes []string) map[string]any {
	domain := ""
	if u, err := url.Parse(t.Launch); err == nil {
		domain = u.Host
	}
	link := map[string]any{"type": message.DeepLinking, "target_link_uri": t.Launch, "label": t.Name}
	if family == "canvas" {
		link["placements"] = []string{"assignment_selection", "link_selection"}
	}
	return map[string]any{
		"application_type": "web", "response_types": []string{"id_token"}, "grant_types": []string{"implicit", "client_credentials"},
		"initiate_login_uri": t.Login, "redirect_uris": []string{t.Launch}, "client_name": t.Name, "jwks_uri": t.Keys,
		"token_endpoint_auth_method": "private_key_jwt", "scope": strings.Join(scopes, " "),
		configTool: map[string]any{
			"domain": domain, "description": t.Description, "target_link_uri": t.Launch, "claims": []string{"iss", "sub", "name", "given_name", "family_name", "email"},
			"messages": []map[string]any{{"type": message.ResourceLink}, link},
		},
	}
}

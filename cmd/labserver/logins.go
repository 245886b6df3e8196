package main

import (
	"wireloom/internal/identity/oidc"
	"wireloom/internal/scenario/format"
	"wireloom/internal/settings"
)

// A campus is the logins that a file of settings names.
type campus struct {
	logins  []*oidc.Login
	secrets []settings.Secret
	names   []string
}

const maxListed = 64 // scopes, or groups, of a login

var loginShape = format.ListOf(format.Object(
	format.Field{Name: "name", Shape: format.Text("a short name"), Required: true, Doc: "In addresses: the provider's redirect address is `BASE/auth/oidc/NAME/callback`."},
	format.Field{Name: "title", Shape: format.Text("a few words"), Required: true, Doc: "On the button."},
	format.Field{Name: "issuer", Shape: format.Text("a URL"), Required: true, Doc: "The provider's URL, as it calls itself. Of Microsoft Entra the one of your tenant."},
	format.Field{Name: "client-id", Shape: format.Text("an id"), Required: true, Doc: "What the provider calls this server."},
	format.Field{Name: "client-secret", Shape: format.Text("a secret, or @FILE"), Doc: "The secret that it gave, or `@FILE`, whose first line it is."},
	format.Field{Name: "scopes", Shape: format.Many(format.Text("a scope"), maxListed), Doc: "What is asked for; openid, profile and email if it is not said."},
	format.Field{Name: "match-email", Shape: format.Boolean, Doc: "Take an e-mail address that the provider calls verified for the one on a class's list. Only for a provider that gives nobody an address that was another's."},
	format.Field{Name: "teachers", Shape: format.Many(format.Text("a group"), maxListed), Doc: "Groups (the claim `groups`) whose people may make classes."},
), oidc.MaxLogins)

const loginExample = `oidc:
  - name: campus
    title: Campus login
    issuer: https://login.example.org/
    client-id: wireloom
    client-secret: "@/etc/wireloom/campus-secret"
    teachers: [staff]
`

// block is the part of the file that names them.
func (c *campus) block() settings.Block {
	return settings.Block{
		Name: "oidc", Shape: loginShape, Example: loginExample, Read: c.read, Masked: c.masked,
		Doc: "Logins of a campus, by OpenID Connect. It is in the file only. Who somebody is, is the provider's `sub`: never an e-mail address.",
	}
}

func (c *campus) read(v *format.Value) error {
	texts := func(v *format.Value) (all []string) {
		for _, x := range v.Each() {
			all = append(all, x.String())
		}
		return all
	}
	for _, l := range v.List() {
		var secret settings.Secret
		if err := secret.Set(l.Get("client-secret").String()); err != nil {
			return err
		}
		login, err := oidc.New(oidc.Settings{
			Name: l.Get("name").String(), Title: l.Get("title").String(), Issuer: l.Get("issuer").String(), ClientID: l.Get("client-id").String(), ClientSecret: secret.Text(),
			Scopes: texts(l.Get("scopes")), MatchEmail: format.Or(l.Get("match-email"), false), Teachers: texts(l.Get("teachers")),
		})
		if err != nil {
			return err
		}
		c.logins, c.secrets, c.names = append(c.logins, login), append(c.secrets, secret), append(c.names, l.Get("name").String())
	}
	return nil
}

func (c *campus) masked() (lines []string) {
	for i, name := range c.names {
		lines = append(lines, "- name: "+name)
		if s := c.secrets[i].String(); s != "" {
			lines = append(lines, `  client-secret: "`+s+`"`)
		}
	}
	return lines
}

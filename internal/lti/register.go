package lti

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"wireloom/internal/identity"
	"wireloom/internal/lti/message"
	"wireloom/internal/lti/service"
	"wireloom/internal/store"
)

type serviceMember = service.Member

const (
	inviteTicket = "lti.invite"
	inviteLife   = 24 * time.Hour
)

// Invite makes the address by which one platform may register itself, once, within a day. Without one, anybody could have this
// server ask whatever address they like.
func Invite(tx *store.Tx, by string) (ticket string, err error) {
	return identity.NewTicket(tx, identity.Ticket{Purpose: inviteTicket, Person: by, For: inviteLife})
}

// Register answers a platform whose administrator has opened an invitation (dynamic registration 1.0, 3.3).
func (t *Tool) Register(w http.ResponseWriter, r *http.Request) {
	ctx, ticket := r.Context(), r.PathValue("invite")
	configuration := r.FormValue("openid_configuration")
	origin := message.Origin(configuration)
	frames := []string{}
	if origin != "" {
		frames = append(frames, origin)
	}
	sorry := func(status int, sentence string) { t.problem(w, r, status, "", sentence, frames) }
	var by string
	// The invitation is used before anything is asked: who has one may ask one address.
	err := t.conf.DB.Write(ctx, func(tx *store.Tx) error {
		row, err := identity.UseTicket(tx, inviteTicket, ticket)
		by = row.Person
		return err
	})
	switch {
	case errors.Is(err, store.ErrNone):
		frames = nil // a stranger's page
		sorry(http.StatusForbidden, "This address is for one registration and was used, or is more than a day old. Ask who runs this server for another one.")
		return
	case err != nil:
		t.fail(w, r, err, nil)
		return
	case configuration == "":
		sorry(http.StatusBadRequest, "This address is for a learning platform: give it to the platform's administrator, who enters it where a tool is registered (LTI 1.3 dynamic registration). It is used up now: make another one.")
		return
	}
	got, err := t.service.Register(ctx, configuration, r.FormValue("registration_token"), t.About(r))
	if err != nil {
		t.log.WarnContext(ctx, "a registration failed", "err", err)
		sorry(http.StatusBadGateway, "The registration did not work: "+strings.TrimSuffix(err.Error(), ".")+". Ask who runs this server for another address to try again.")
		return
	}
	next := "Its administrator has to switch the tool on there."
	err = t.conf.DB.Write(ctx, func(tx *store.Tx) error {
		p := store.PlatformRow{
			Name: got.Name, Product: got.Product, Issuer: got.Issuer, Client: got.Client, Auth: got.Auth, Token: got.Token, Audience: got.Audience, JWKS: got.JWKS, Frames: got.Origin,
		}
		deployment := got.Deployment
		if deployment == "" {
			deployment = AnyDeployment
		}
		return t.add(tx, &p, []string{deployment}, store.AuditRow{Who: by})
	})
	switch {
	case errors.Is(err, store.ErrTaken):
		sorry(http.StatusConflict, "The platform gave a client id that this server has already.")
	case err != nil:
		t.fail(w, r, err, frames)
	default:
		t.show(w, page{Name: "registered", Frames: frames}, map[string]string{"Name": got.Name, "Next": next, "Origin": got.Origin})
	}
}

// A Mistake is what is wrong with a platform that somebody typed in.
type Mistake string

func (m Mistake) Error() string { return string(m) }

// Add adds a platform that an operator typed in.
func (t *Tool) Add(tx *store.Tx, p *store.PlatformRow, deployments []string, note store.AuditRow) error {
	for _, a := range []struct{ what, url string }{{"login address", p.Auth}, {"token address", p.Token}, {"address of its keys", p.JWKS}} {
		if _, err := t.fetch.URL(a.url); err != nil {
			return Mistake(fmt.Sprintf("the platform's %s: %v", a.what, err))
		}
	}
	p.Name, p.Product = message.Shown(p.Name), strings.ToLower(message.Shown(p.Product))
	switch {
	case p.Issuer == "" || p.Client == "" || len(p.Issuer) > 1024 || len(p.Client) > 255 || len(p.Audience) > 1024:
		return Mistake("a platform needs an issuer and a client id, as it says them itself")
	case len(deployments) > maxPending:
		return Mistake("those are too many deployments: * stands for all")
	}
	if p.Name == "" {
		p.Name = p.Issuer
	}
	return t.add(tx, p, deployments, note)
}

func (t *Tool) add(tx *store.Tx, p *store.PlatformRow, deployments []string, note store.AuditRow) error {
	list, err := tx.Platforms("", maxPlatforms)
	if err != nil {
		return err
	}
	if len(list) == maxPlatforms {
		return Mistake(fmt.Sprintf("this server has %d platforms already", maxPlatforms))
	}
	if err := tx.AddPlatform(p); err != nil {
		return err
	}
	for _, d := range deployments {
		if err := tx.SetDeployment(store.DeploymentRow{Platform: p.ID, ID: d, Created: tx.Now()}); err != nil {
			return err
		}
	}
	note.What, note.About, note.Detail = "platform.add", p.ID, p.Issuer+" "+p.Client
	return tx.Audit(note)
}

// Public returns the tool's public keys, as JSON Web Keys.
func (t *Tool) Public(ctx context.Context) (any, error) {
	keys, err := t.own(ctx)
	if err != nil {
		return nil, err
	}
	return keys.Public()
}

package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"wireloom/internal/lti/fetch"
	"wireloom/internal/lti/message"
)

// A Member is somebody of a course. A platform may keep names and addresses to itself: then they are "".
type Member struct {
	Subject string
	Name    string
	Email   string
	SIS     string // lis_person_sourcedid
	Role    message.Role
	Active  bool
}

// maxMembers bounds a course. The largest that a platform lists at all has some 10,000.
const maxMembers = 20000

// Of a list that can't be right. To take it for the class would drop people from it.
var (
	ErrNoMembers = errors.New("the platform's list of members has no members in it")
	ErrEndless   = errors.New("the platform's list of members does not end")
)

// Members lists a course's people (NRPS 2.0). An error is never an empty course: a page without "members", a page that is missing, or a list
// that does not end is an error.
func (c *Client) Members(ctx context.Context, p Platform, address string) ([]Member, error) {
	var all []Member
	seen := map[string]int{}
	pages := map[string]bool{}
	for next := address; next != ""; {
		if pages[next] || len(pages) >= maxPages || len(all) > maxMembers {
			return nil, fmt.Errorf("%w: %d people on %d pages, and there is a next one", ErrEndless, len(all), len(pages))
		}
		pages[next] = true
		a, err := c.ask(ctx, p, []string{ScopeMembers}, []string{ScopeMembers}, http.MethodGet, next, http.Header{"Accept": {"application/vnd.ims.lti-nrps.v2.membershipcontainer+json"}}, "")
		if err != nil {
			return nil, err
		}
		page, err := readMembers(a)
		if err != nil {
			return nil, err
		}
		for _, m := range page {
			if i, twice := seen[m.Subject]; twice {
				all[i].Role = max(all[i].Role, m.Role)
				all[i].Active = all[i].Active || m.Active
				continue
			}
			seen[m.Subject] = len(all)
			all = append(all, m)
		}
		next = nextPage(next, a.Header)
	}
	if len(all) == 0 {
		return nil, ErrNoMembers
	}
	return all, nil
}

func readMembers(a fetch.Answer) ([]Member, error) {
	var page struct {
		Members *[]struct {
			User   string   `json:"user_id"`
			Status string   `json:"status"`
			Name   string   `json:"name"`
			Given  string   `json:"given_name"`
			Family string   `json:"family_name"`
			Email  string   `json:"email"`
			SIS    string   `json:"lis_person_sourcedid"`
			Roles  []string `json:"roles"`
		} `json:"members"`
	}
	if a.Status != http.StatusOK {
		return nil, &Refusal{a, "the members of a course"}
	}
	if err := json.Unmarshal(a.Body, &page); err != nil {
		return nil, fmt.Errorf("the platform's list of members is not one: %w", err)
	}
	if page.Members == nil { // CircuitVerse#7779
		return nil, ErrNoMembers
	}
	var list []Member
	for _, m := range *page.Members {
		if m.User == "" || len(m.User) > 255 {
			return nil, errors.New("the platform's list of members has somebody without an id")
		}
		list = append(list, Member{
			Subject: m.User, Name: message.FullName(message.Shown(m.Name), message.Shown(m.Given), message.Shown(m.Family)), Email: message.Shown(m.Email), SIS: message.Shown(m.SIS),
			Role: message.RoleIn(m.Roles), Active: m.Status == "" || strings.EqualFold(m.Status, "Active"),
		})
	}
	return list, nil
}

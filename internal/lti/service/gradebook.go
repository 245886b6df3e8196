package service

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"wireloom/internal/lti/fetch"
)

// A Column is a line item: where scores of a link go (AGS 2.0, 3.2).
type Column struct {
	ID       string  `json:"id,omitempty"` // its address
	Label    string  `json:"label"`
	Max      float64 `json:"scoreMaximum"`
	Resource string  `json:"resourceId,omitempty"` // the lesson
	Link     string  `json:"resourceLinkId,omitempty"`
	Tag      string  `json:"tag,omitempty"`
}

// A Score is a final one. It is always FullyGraded: anything else wipes the grade that is there (Moodle, Canvas).
type Score struct {
	User       string
	Given, Max float64
	Comment    string
	Stamp      time.Time
	Submitted  time.Time // zero where it is no new hand-in
	New        bool      // a new attempt
	Canvas     bool      // the platform is one: each post is a new attempt there unless it says that it is none
}

// stampForm is RFC 3339 with milliseconds and an offset, as Moodle and Canvas both read it.
const stampForm = "2006-01-02T15:04:05.000Z07:00"

// body returns what is posted.
func (s Score) body() string {
	m := map[string]any{
		"userId": s.User, "scoreGiven": s.Given, "scoreMaximum": s.Max, "timestamp": s.Stamp.UTC().Format(stampForm),
		"activityProgress": "Completed", "gradingProgress": "FullyGraded",
	}
	if s.Comment != "" {
		m["comment"] = s.Comment
	}
	var at string
	if s.New && !s.Submitted.IsZero() {
		at = s.Submitted.UTC().Format(stampForm)
		m["submission"] = map[string]string{"submittedAt": at}
	}
	if s.Canvas {
		ext := map[string]any{"new_submission": s.New}
		if at != "" {
			ext["submitted_at"] = at
		}
		m["https://canvas.instructure.com/lti/submission"] = ext
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // of texts and finite numbers
	}
	return string(b)
}

// below returns an address that is a step below another, whose query stays: Moodle's columns have one (LtiAdvantageTool#9).
func below(item, step string) (string, error) {
	u, err := url.Parse(item)
	if err != nil {
		return "", err
	}
	u = u.JoinPath(step)
	return u.String(), nil
}

// Post posts a score to a column. offered are the scopes of the launch.
func (c *Client) Post(ctx context.Context, p Platform, offered []string, item string, s Score) (fetch.Answer, error) {
	to, err := below(item, "scores")
	if err != nil {
		return fetch.Answer{}, fmt.Errorf("the column's address: %w", err)
	}
	return c.ask(ctx, p, ours(offered), []string{ScopeScore}, http.MethodPost, to, http.Header{"Content-Type": {"application/vnd.ims.lis.v1.score+json"}, "Accept": {"application/json"}}, s.body())
}

// ours are the scopes of a gradebook that a token is asked for: those that the launch offers.
func ours(offered []string) []string {
	var scopes []string
	for _, s := range []string{ScopeItem, ScopeReadItem, ScopeScore} {
		if slices.Contains(offered, s) {
			scopes = append(scopes, s)
		}
	}
	if len(scopes) == 0 {
		return []string{ScopeScore}
	}
	return scopes
}

// maxColumns bounds the columns that are read of a course, and maxPages the pages of anything.
const (
	maxColumns = 5000
	maxPages   = 200
)

// Column finds the column of a link, or makes it. A platform that has none for the link may have one for the lesson: the course's author took the
// link out and put another in. made says that it is new.
func (c *Client) Column(ctx context.Context, p Platform, offered []string, items string, want Column) (found Column, made bool, err error) {
	have, err := c.columns(ctx, p, offered, items, want.Link)
	if err != nil {
		return Column{}, false, err
	}
	of := func(f func(Column) bool) []Column {
		return slices.DeleteFunc(slices.Clone(have), func(x Column) bool { return !f(x) })
	}
	for _, some := range [][]Column{
		of(func(x Column) bool { return x.Link == want.Link && x.Resource == want.Resource }),
		of(func(x Column) bool { return x.Link == want.Link && want.Link != "" }),
	} {
		if len(some) > 0 {
			return some[0], false, nil
		}
	}
	b, err := json.Marshal(want)
	if err != nil {
		return Column{}, false, err
	}
	const kind = "application/vnd.ims.lis.v2.lineitem+json"
	a, err := c.ask(ctx, p, ours(offered), []string{ScopeItem}, http.MethodPost, items, http.Header{"Content-Type": {kind}, "Accept": {kind}}, string(b))
	if err != nil {
		return Column{}, false, err
	}
	if a.Status/100 != 2 || json.Unmarshal(a.Body, &found) != nil || found.ID == "" {
		return Column{}, false, &Refusal{a, "a column in its gradebook"}
	}
	return found, true, nil
}

func (c *Client) columns(ctx context.Context, p Platform, offered []string, items, link string) (all []Column, err error) {
	u, err := url.Parse(items)
	if err != nil {
		return nil, fmt.Errorf("the address of the columns: %w", err)
	}
	if link != "" {
		q := u.Query()
		q.Set("resource_link_id", link)
		u.RawQuery = q.Encode()
	}
	next := u.String()
	for range maxPages {
		a, err := c.ask(ctx, p, ours(offered), []string{ScopeItem, ScopeReadItem}, http.MethodGet, next, http.Header{"Accept": {"application/vnd.ims.lis.v2.lineitemcontainer+json"}}, "")
		if err != nil {
			return nil, err
		}
		var page []Column
		if a.Status != http.StatusOK || json.Unmarshal(a.Body, &page) != nil {
			return nil, &Refusal{a, "the columns of its gradebook"}
		}
		all = append(all, page...)
		if next = nextPage(next, a.Header); next == "" || len(all) > maxColumns {
			return all, nil
		}
	}
	return all, nil
}

// nextPage returns the address of rel="next" in Link headers (RFC 8288, 3), relative to the page's own; "" if there is none.
func nextPage(page string, h http.Header) string {
	base, err := url.Parse(page)
	if err != nil {
		return ""
	}
	rest := strings.Join(h.Values("Link"), ", ")
	for len(rest) <= maxLink {
		open := strings.IndexByte(rest, '<')
		if open < 0 {
			return ""
		}
		rest = rest[open+1:]
		end := strings.IndexByte(rest, '>')
		if end < 0 {
			return ""
		}
		target := rest[:end]
		rest = rest[end+1:]
		params := rest
		if before, _, ok := strings.Cut(rest, ",<"); ok {
			params = before
		}
		if i := strings.Index(params, ", <"); i >= 0 {
			params = params[:i]
		}
		for param := range strings.SplitSeq(params, ";") {
			name, value, _ := strings.Cut(strings.Trim(param, " \t,"), "=")
			rels := strings.Fields(strings.Trim(strings.TrimSpace(value), `"`))
			if strings.EqualFold(strings.TrimSpace(name), "rel") && slices.ContainsFunc(rels, func(s string) bool { return strings.EqualFold(s, "next") }) {
				u, err := base.Parse(target)
				if err != nil {
					return ""
				}
				return u.String()
			}
		}
	}
	return ""
}

const maxLink = 16 << 10

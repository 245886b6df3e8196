package platform

import (
	"encoding/json"
	"fmt"
	"math"
	"mime"
	"net/http"
	"time"
)

// An Item is a column of the gradebook.
type Item struct {
	ID, Label, Resource, Link string
	Max                       float64
	Cells                     map[string]*Cell // by the user's id
}

// A Cell is what a gradebook has of somebody. Score is nil where there is none.
type Cell struct {
	Score    *float64 `json:"score"`
	Posts    int      `json:"posts"`    // that were taken
	Attempts int      `json:"attempts"` // Canvas
	Comment  string   `json:"comment"`
	State    string   `json:"state"` // gradingProgress of the last
	Late     int      `json:"late"`  // posts that were refused for their timestamp

	stamp    time.Time // of the last score
	modified time.Time // of the grade, by whoever
	by       string    // "tool" or "teacher"
}

func (c *Course) item(id string) *Item {
	for _, i := range c.Items {
		if i.ID == id {
			return i
		}
	}
	return nil
}

func (c *Course) itemsOf(link string) (of []*Item) {
	for _, i := range c.Items {
		if i.Link == link {
			of = append(of, i)
		}
	}
	return of
}

// Grade returns a copy of a cell.
func (p *Platform) Grade(course, item, user string) Cell {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.courses[course].item(item).Cells[user]; c != nil {
		return *c
	}
	return Cell{}
}

// Items returns a course's columns.
func (p *Platform) Items(course string) (items []Item) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, i := range p.courses[course].Items {
		items = append(items, *i)
	}
	return items
}

// Links returns a course's links.
func (p *Platform) Links(course string) (links []Link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.courses[course].Links {
		links = append(links, *l)
	}
	return links
}

// TeacherGrades is a teacher who types a grade into the platform's own gradebook.
func (p *Platform) TeacherGrades(course, item, user string, score float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.courses[course].item(item).cell(user)
	c.Score, c.modified, c.by = &score, p.conf.Now(), "teacher"
}

// SecondItem gives a link another column, as an author may.
func (p *Platform) SecondItem(course, link, label string, limit float64) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := &Item{ID: fmt.Sprint(p.number()), Label: label, Max: limit, Link: link, Cells: map[string]*Cell{}}
	p.courses[course].Items = append(p.courses[course].Items, i)
	return i.ID
}

func (i *Item) cell(user string) *Cell {
	c := i.Cells[user]
	if c == nil {
		c = &Cell{}
		i.Cells[user] = c
	}
	return c
}

type itemJSON struct {
	ID       string  `json:"id,omitempty"`
	Label    string  `json:"label"`
	Max      float64 `json:"scoreMaximum"`
	Resource string  `json:"resourceId,omitempty"`
	Link     string  `json:"resourceLinkId,omitempty"`
	Tag      string  `json:"tag,omitempty"`
}

const (
	typeItem   = "application/vnd.ims.lis.v2.lineitem+json"
	typeItems  = "application/vnd.ims.lis.v2.lineitemcontainer+json"
	typeScore  = "application/vnd.ims.lis.v1.score+json"
	typeResult = "application/vnd.ims.lis.v2.resultcontainer+json"
)

func (p *Platform) asJSON(c *Course, i *Item) itemJSON {
	return itemJSON{ID: p.itemURL(c.ID, i.ID), Label: i.Label, Max: i.Max, Resource: i.Resource, Link: i.Link}
}

func (p *Platform) listItems(w http.ResponseWriter, r *http.Request, c *Course) {
	list := []itemJSON{}
	for _, i := range c.Items {
		if want := r.FormValue("resource_link_id"); want != "" && i.Link != want {
			continue
		}
		if want := r.FormValue("resource_id"); want != "" && i.Resource != want {
			continue
		}
		list = append(list, p.asJSON(c, i))
	}
	answer(w, typeItems, http.StatusOK, list)
}

func (p *Platform) showItem(w http.ResponseWriter, r *http.Request, c *Course) {
	if i := c.item(r.PathValue("item")); i != nil {
		answer(w, typeItem, http.StatusOK, p.asJSON(c, i))
		return
	}
	p.say(w, http.StatusNotFound, "no such line item")
}

func (p *Platform) makeItem(w http.ResponseWriter, r *http.Request, c *Course) {
	var m itemJSON
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != typeItem {
		p.say(w, http.StatusUnsupportedMediaType, "content type "+kind)
		return
	}
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil || m.Label == "" || m.Max <= 0 {
		p.say(w, http.StatusBadRequest, "label or scoreMaximum")
		return
	}
	if m.Link != "" && c.find(m.Link) == nil {
		p.say(w, http.StatusNotFound, "no such resource link")
		return
	}
	i := &Item{ID: fmt.Sprint(p.number()), Label: m.Label, Max: m.Max, Resource: m.Resource, Link: m.Link, Cells: map[string]*Cell{}}
	c.Items = append(c.Items, i)
	answer(w, typeItem, http.StatusCreated, p.asJSON(c, i))
}

// A post is a score (AGS 2.0, 3.4.9), with Canvas's extension.
type post struct {
	User     string   `json:"userId"`
	Given    *float64 `json:"scoreGiven"`
	Max      *float64 `json:"scoreMaximum"`
	Activity string   `json:"activityProgress"`
	Grading  string   `json:"gradingProgress"`
	Stamp    string   `json:"timestamp"`
	Comment  string   `json:"comment"`
	Sub      struct {
		At string `json:"submittedAt"`
	} `json:"submission"`
	Canvas struct {
		New      *bool  `json:"new_submission"`
		Preserve bool   `json:"preserve_score"`
		At       string `json:"submitted_at"`
	} `json:"https://canvas.instructure.com/lti/submission"`
}

// score takes a score as the product does.
func (p *Platform) score(w http.ResponseWriter, r *http.Request, c *Course) {
	item := c.item(r.PathValue("item"))
	if item == nil {
		p.say(w, http.StatusNotFound, "no such line item")
		return
	}
	if p.conf.Mode == Moodle && r.URL.Query().Get("type_id") != "1" {
		p.say(w, http.StatusForbidden, "No tool type")
		return
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != typeScore && !p.conf.Mode.canvas() {
		p.say(w, http.StatusBadRequest, "Content type "+kind)
		return
	}
	var m post
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
		p.say(w, http.StatusBadRequest, err.Error())
		return
	}
	at, err := time.Parse(time.RFC3339Nano, m.Stamp)
	if err != nil || m.Activity == "" || m.Grading == "" || m.User == "" {
		p.say(w, http.StatusBadRequest, "timestamp, activityProgress, gradingProgress or userId is missing or wrong")
		return
	}
	user := p.graded(c, m.User)
	var status int
	var why string
	switch p.conf.Mode {
	case CanvasOld, CanvasMid, CanvasNew:
		status, why = p.canvas(item, user, m, at)
	case Moodle:
		status, why = p.moodle(item, user, m, at)
	case OpenEdX:
		status, why = p.openedx(item, user, m, at)
	case Brightspace:
		status, why = p.brightspace(item, user, m, at)
	}
	if status/100 != 2 {
		p.say(w, status, why)
		return
	}
	cell := item.cell(user)
	cell.Posts++
	cell.Comment, cell.State, cell.stamp, cell.by = m.Comment, m.Grading, at, "tool"
	switch p.conf.Mode {
	case CanvasOld, CanvasMid, CanvasNew:
		answer(w, "application/json", status, map[string]string{"resultUrl": p.itemURL(c.ID, item.ID) + "/results/1"})
	default:
		w.WriteHeader(status)
	}
}

// graded returns who of the course has a place in its gradebook.
func (p *Platform) graded(c *Course, sub string) string {
	for _, id := range c.Members {
		if u := p.users[id]; u.Sub == sub && u.Who == Student {
			return id
		}
	}
	return ""
}

func (p *Platform) canvas(item *Item, user string, m post, at time.Time) (int, string) {
	if user == "" {
		return http.StatusUnprocessableEntity, "User not found in course or is not a student"
	}
	cell := item.cell(user)
	if at.Before(cell.stamp) {
		cell.Late++
		return http.StatusBadRequest, "Timestamp is older than the existing score's"
	}
	if m.Given != nil && m.Max == nil {
		return http.StatusUnprocessableEntity, "ScoreMaximum must be supplied when scoreGiven is present"
	}
	if m.Given != nil && (*m.Given < 0 || *m.Max < 0) {
		return http.StatusUnprocessableEntity, "scoreGiven and scoreMaximum must not be negative"
	}
	if p.conf.Mode == CanvasNew && m.Given != nil && *m.Max == 0 && item.Max != 0 {
		return http.StatusUnprocessableEntity, "ScoreMaximum cannot be zero"
	}
	for _, s := range []string{m.Canvas.At, m.Sub.At} {
		if t, err := time.Parse(time.RFC3339Nano, s); s != "" && (err != nil || t.After(p.conf.Now().Add(time.Minute))) {
			return http.StatusBadRequest, "Provided submitted_at date is in the future"
		}
	}
	if m.Canvas.New == nil || *m.Canvas.New {
		cell.Attempts++
	}
	final := m.Grading == "FullyGraded" || m.Grading == "PendingManual"
	switch {
	case final && m.Given != nil && (p.conf.Mode != CanvasNew || !m.Canvas.Preserve):
		v := *m.Given
		if *m.Max != 0 {
			v *= item.Max / *m.Max
		}
		cell.Score = &v
	case p.conf.Mode == CanvasOld, m.Canvas.Preserve && p.conf.Mode == CanvasNew:
	default:
		cell.Score = nil
	}
	return http.StatusOK, ""
}

func (p *Platform) moodle(item *Item, user string, m post, at time.Time) (int, string) {
	if user == "" {
		return http.StatusBadRequest, "Incorrect score received"
	}
	cell := item.cell(user)
	if !cell.modified.IsZero() && at.Unix() <= cell.modified.Unix() {
		cell.Late++
		return http.StatusConflict, "Refusing score with an earlier timestamp for item " + item.ID
	}
	cell.modified, cell.Score = at, nil
	if m.Grading == "FullyGraded" && m.Given != nil {
		limit := 1.0
		if m.Max != nil {
			limit = *m.Max
		}
		v := *m.Given * item.Max / limit
		cell.Score = &v
	}
	return http.StatusOK, ""
}

func (p *Platform) openedx(item *Item, user string, m post, at time.Time) (int, string) {
	if user == "" {
		return http.StatusBadRequest, "Invalid user"
	}
	cell := item.cell(user)
	if !cell.stamp.IsZero() && !at.After(cell.stamp) {
		cell.Late++
		return http.StatusBadRequest, "Score timestamp must be newer than the existing one"
	}
	if m.Given != nil && (m.Max == nil || *m.Max <= 0) {
		return http.StatusBadRequest, "scoreMaximum must be greater than 0"
	}
	if m.Given == nil {
		cell.Score = nil
		return http.StatusNoContent, ""
	}
	v := *m.Given * item.Max / *m.Max
	cell.Score = &v
	return http.StatusNoContent, ""
}

func (p *Platform) brightspace(item *Item, user string, m post, at time.Time) (int, string) {
	if user == "" {
		return http.StatusForbidden, "The user's role can not be graded"
	}
	cell := item.cell(user)
	if at.Before(cell.stamp) {
		cell.Late++
		return http.StatusConflict, "A newer score is there"
	}
	if m.Grading != "FullyGraded" || m.Given == nil || m.Max == nil || *m.Max <= 0 {
		cell.Score = nil
		return http.StatusOK, ""
	}
	v := math.RoundToEven(*m.Given*item.Max / *m.Max * 100) / 100
	v = min(v, item.Max) // unless "Can Exceed" is on
	cell.Score = &v
	return http.StatusOK, ""
}

// results lists the grades. Moodle leaves a grade of 0 out of its result.
func (p *Platform) results(w http.ResponseWriter, r *http.Request, c *Course) {
	item := c.item(r.PathValue("item"))
	if item == nil {
		p.say(w, http.StatusNotFound, "no such line item")
		return
	}
	list := []map[string]any{}
	for _, id := range c.Members {
		u, cell := p.users[id], item.Cells[id]
		if cell == nil || r.FormValue("user_id") != "" && r.FormValue("user_id") != u.Sub {
			continue
		}
		m := map[string]any{"id": p.itemURL(c.ID, item.ID) + "/results/" + id, "userId": u.Sub, "resultMaximum": item.Max, "scoreOf": p.itemURL(c.ID, item.ID)}
		if cell.Score != nil && (*cell.Score != 0 || p.conf.Mode != Moodle) {
			m["resultScore"] = *cell.Score
		}
		list = append(list, m)
	}
	answer(w, typeResult, http.StatusOK, list)
}

package classroom

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"nhooyr.io/websocket"

	"wireloom/internal/classroom/route"
	"wireloom/internal/httpapi"
	"wireloom/internal/identity"
	"wireloom/internal/keepalive"
	"wireloom/internal/protocol"
	wire "wireloom/internal/protocol/class"
	"wireloom/internal/respond"
	"wireloom/internal/store"
	"wireloom/internal/stream"
	"wireloom/internal/terminal"
	"wireloom/internal/visitor"
	"wireloom/internal/wall"
)

// Limits of what is said on a wall.
const (
	maxNotice    = 1000             // bytes of what a class is told
	maxHand      = 280              // bytes of what a raised hand asks
	noticesWait  = 25 * time.Second // for something new
	wallWrite    = 10 * time.Second // a page that takes no message for so long is gone
	rightsFresh  = 2 * time.Second  // how long it is known who may do what in a lab that is watched
	maxBroadcast = httpapi.MaxUpload + 64<<10
)

func (c *Classroom) wallRoutes() []route.Route {
	return []route.Route{
		{Method: http.MethodGet, Path: "/api/classes/{class}/wall", Needs: route.Staff, Do: c.wall},
		{Method: http.MethodPost, Path: "/api/classes/{class}/broadcast", Needs: route.Staff, Max: maxBroadcast, Takes: 5 * time.Minute, Do: c.broadcast},
		{Method: http.MethodGet, Path: "/api/classes/{class}/notices", Needs: route.MemberOf, Takes: noticesWait + 10*time.Second, Do: c.notices},
		{Method: http.MethodPost, Path: "/api/lessons/{lesson}/hand", Needs: route.MemberOf, Do: c.hand},
		{Method: http.MethodPost, Path: "/api/labs/{lab}/help", Needs: route.OwnerOrStaff, Do: c.help},
		{Method: http.MethodPost, Path: "/api/labs/{lab}/take/{notice}", Needs: route.OwnerOrStaff, Takes: 3 * time.Minute, Do: c.take},
	}
}

// benchPlace is what the id of a bench leads to. A visitor's lab belongs to no class, and so to
// nobody here.
func benchPlace(tx *store.Tx, id string) (route.Place, error) {
	l, err := tx.Lab(id)
	if err == nil && l.Kind != store.LabBench {
		err = store.ErrNone
	}
	return route.Place{Class: l.Class, Lesson: l.Lesson, Owner: l.Person}, err
}

// wall shows a class's wall over a WebSocket.
func (c *Classroom) wall(q *route.Request) (any, error) {
	if why := c.conf.Site.WebSocket(q.Request); why != nil {
		return nil, why
	}
	leave, why := c.conf.Wall.Enter(q.Class)
	if why != nil {
		return nil, why
	}
	class := q.Class
	may := func() error {
		return c.conf.DB.Read(context.Background(), func(tx *store.Tx) error {
			place, err := identity.PlaceIn(tx, c.conf.People.Who(q.Request), class)
			if err == nil && (!place.Active || place.Role < identity.Staff) {
				err = errors.New("you are signed out, or not of the staff of this class any more")
			}
			return err
		})
	}
	return route.Own(func(w http.ResponseWriter, r *http.Request) {
		defer leave()
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled, InsecureSkipVerify: true}) // Site has decided
		if err != nil {
			return // it has answered
		}
		defer func() { _ = conn.CloseNow() }() // closed already, or of no use
		ctx := conn.CloseRead(context.WithoutCancel(r.Context()))
		go keepalive.Run(ctx, conn, cmp.Or(c.conf.Ping, keepalive.Every))
		err = c.conf.Wall.Show(ctx, class, func(ctx context.Context, b []byte) error {
			ctx, cancel := context.WithTimeout(ctx, wallWrite)
			defer cancel()
			return conn.Write(ctx, websocket.MessageText, b)
		}, may)
		if err != nil && ctx.Err() == nil {
			_ = conn.Close(websocket.StatusPolicyViolation, terminal.Cut(err.Error(), 100)) // it is over either way
		}
	}), nil
}

// said is what somebody wrote for others: one text without what harms who reads it.
func said(text string, limit int, what string) (string, error) {
	text = strings.TrimSpace(terminal.Text(strings.ToValidUTF8(text, "")))
	if len(text) > limit {
		return "", route.Bad("%s has %d bytes, and may have at most %d: say it shorter", what, len(text), limit)
	}
	return text, nil
}

// broadcast tells a class something. A program that comes along is offered: nothing of what a
// student has is replaced unless they take it.
func (c *Classroom) broadcast(q *route.Request) (any, error) {
	if why := c.conf.Wall.MayTell(q.Class); why != nil {
		return nil, why
	}
	ask, n, err := c.broadcastAsk(q)
	if err != nil {
		return nil, err
	}
	if ask.Text, err = said(ask.Text, maxNotice, "what the class is told"); err != nil {
		return nil, err
	}
	if ask.Text == "" && n.Program == "" {
		return nil, route.Bad("there is nothing to tell: write what the class is to know")
	}
	n.Class, n.Who, n.Text, n.Lesson = q.Class, q.Who.Person, ask.Text, ask.Lesson
	err = q.Write(func(tx *store.Tx) error {
		if n.Lesson != "" {
			if l, err := tx.Lesson(n.Lesson); err != nil || l.Class != q.Class {
				return errors.Join(store.ErrNone, err)
			}
		}
		last, err := tx.LastNotice(q.Class)
		if err != nil {
			return err
		}
		n.N = c.conf.Wall.Number(q.Class, last)
		if err := tx.AddNotice(n); err != nil {
			return err
		}
		return q.Audit(tx, "class broadcast", n.Lesson, terminal.Cut(n.Text, 200)+" "+n.Name)
	})
	if err == nil {
		c.conf.Wall.Told(q.Class)
	}
	return nil, err
}

// broadcastAsk reads a text as JSON, or a form with a program.
func (c *Classroom) broadcastAsk(q *route.Request) (ask wire.BroadcastAsk, n store.NoticeRow, err error) {
	typ, _, _ := mime.ParseMediaType(q.Header.Get("Content-Type")) // what cannot be read is no form
	if typ != "multipart/form-data" {
		return ask, n, q.JSON(&ask)
	}
	form, err := q.MultipartReader()
	if err != nil {
		return ask, n, route.Bad("the form cannot be read: %v", err)
	}
	var node, proc string
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return ask, n, route.Bad("the form cannot be read: %v", err)
		}
		to := map[string]*string{"text": &ask.Text, "lesson": &ask.Lesson, "node": &node, "proc": &proc}[part.FormName()]
		switch {
		case to != nil:
			b, err := io.ReadAll(io.LimitReader(part, maxNotice+1))
			if err != nil {
				return ask, n, err
			}
			*to = string(b)
		case part.FormName() == "program" && n.Program == "":
			n.Name = terminal.Cut(terminal.Line(path.Base(strings.ReplaceAll(part.FileName(), `\`, "/"))), 100)
			head := make([]byte, 4)
			if _, err := io.ReadFull(part, head); err != nil || string(head) != "\x00asm" {
				return ask, n, route.Bad("%s is not a WebAssembly module", respond.Sentence("%s", n.Name))
			}
			if n.Program, _, err = c.conf.DB.Blobs.Put(io.MultiReader(bytes.NewReader(head), part), httpapi.MaxUpload); err != nil {
				return ask, n, err
			}
		default:
			return ask, n, route.Bad("the form has a part %.40q, which is not text, lesson, node, proc or one program", part.FormName())
		}
	}
	if n.Program != "" {
		if node == "" || proc == "" || len(node) > 64 || len(proc) > 64 {
			return ask, n, route.Bad("a program is for a slot: the form needs node and proc")
		}
		n.Slot = terminal.Line(node + "." + proc)
	}
	return ask, n, nil
}

// notices answers what a person was told after the last that they know, and waits for it.
func (c *Classroom) notices(q *route.Request) (any, error) {
	after, err := number(q.URL.Query().Get("after"))
	if err != nil {
		return nil, err
	}
	ctx, cancel := q.Waiting(noticesWait)
	defer cancel()
	var list wire.Notices
	helps, last, err := c.conf.Wall.Notices(ctx, wall.Asker{Class: q.Class, Person: q.Member, After: after}, func() (rows []store.NoticeRow, labs []string, err error) {
		err = q.Read(func(tx *store.Tx) (err error) {
			list = wire.Notices{Notices: []wire.Notice{}}
			if rows, err = tx.Notices(q.Class, q.Member, after); err != nil {
				return err
			}
			if labs, err = tx.BenchesOf(q.Class, q.Member); err != nil {
				return err
			}
			if list.Hands, err = tx.HandsOf(q.Class, q.Member); err != nil {
				return err
			}
			names := map[string]string{}
			for _, n := range rows {
				if _, known := names[n.Who]; !known {
					p, err := tx.Person(n.Who)
					if err != nil && !errors.Is(err, store.ErrNone) {
						return err
					}
					names[n.Who] = p.Name
				}
				kind := wire.NoticeText
				if n.Program != "" {
					kind = wire.NoticeProgram
				}
				list.Notices = append(list.Notices, wire.Notice{ID: n.N, At: n.At.UnixMilli(), Kind: kind, From: names[n.Who], Text: n.Text, Lesson: n.Lesson, Slot: n.Slot})
			}
			return nil
		})
		return rows, labs, err
	})
	if err != nil {
		return nil, err
	}
	list.Help, list.Last = helps, last
	return list, nil
}

// hand raises the asker's hand for a lesson, or takes it down.
func (c *Classroom) hand(q *route.Request) (any, error) {
	var ask wire.HandAsk
	if err := q.JSON(&ask); err != nil {
		return nil, err
	}
	if why := c.conf.Wall.MayRaise(q.Member); why != nil {
		return nil, why
	}
	text, err := said(ask.Text, maxHand, "what you ask")
	if err != nil {
		return nil, err
	}
	var at time.Time
	err = q.Write(func(tx *store.Tx) error {
		at = tx.Now()
		if !ask.Up {
			return tx.DropHand(q.Lesson, q.Member)
		}
		return tx.PutHand(store.HandRow{Lesson: q.Lesson, Person: q.Member, Text: text})
	})
	if err == nil {
		c.conf.Wall.Hand(q.Lesson, q.Member, ask.Up, text, at)
	}
	return nil, err
}

// help takes a step on the way to somebody helping on a bench.
func (c *Classroom) help(q *route.Request) (any, error) {
	var ask wire.HelpAsk
	if err := q.JSON(&ask); err != nil {
		return nil, err
	}
	switch ask.Do {
	case wire.AskToHelp, wire.AcceptHelp, wire.RefuseHelp, wire.EndHelp:
	default:
		return nil, route.Bad("do is ask, accept, refuse or end")
	}
	by := wall.Somebody{Person: q.Who.Person, Name: q.Who.Name, Staff: !q.Who.Is(q.Owner)}
	lab := q.PathValue("lab")
	// The row first: whatever lets somebody type is in the audit.
	if err := q.Write(func(tx *store.Tx) error { return q.Audit(tx, "help "+string(ask.Do), lab, "") }); err != nil {
		return nil, err
	}
	h, err := c.conf.Wall.Help(lab, by, ask.Do)
	if err != nil {
		return nil, route.Conflict("%v", err)
	}
	return h, nil
}

// number reads a number of a notice; "" is 0.
func number(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, route.Bad("%.40q is not the number of a notice", text)
	}
	return n, nil
}

// take puts a program that was offered to a class on a student's bench: they alone do that.
func (c *Classroom) take(q *route.Request) (any, error) {
	n, err := number(q.PathValue("notice"))
	if err != nil {
		return nil, err
	}
	if !q.Who.Is(q.Owner) {
		return nil, route.Forbidden("a program that is offered is taken by the student whose bench it is")
	}
	var row store.NoticeRow
	if err := q.Read(func(tx *store.Tx) (err error) { row, err = tx.Notice(q.Class, n); return err }); err != nil {
		return nil, err
	}
	node, proc, ok := strings.Cut(row.Slot, ".")
	if row.Program == "" || !ok || row.Lesson != "" && row.Lesson != q.Lesson || c.conf.Install == nil {
		return nil, route.Missing("no program was offered there for this lesson")
	}
	b, err := c.conf.DB.Blobs.Read(row.Program, httpapi.MaxUpload)
	if err != nil {
		return nil, err
	}
	return nil, c.conf.Install(q.Context(), q.PathValue("lab"), node, proc, row.Name, b)
}

// Access is what a request may do with a lab (httpapi.Config). A visitor's lab is its own key;
// a bench is its student's, the staff of its class may watch it, and type while they are let.
func (c *Classroom) Access(r *http.Request, lab string) httpapi.Access {
	a, _, _ := c.rights(r, lab)
	return a
}

func (c *Classroom) rights(r *http.Request, lab string) (httpapi.Access, store.LabRow, identity.Who) {
	var row store.LabRow
	var who identity.Who
	access := httpapi.None
	err := c.conf.DB.Read(r.Context(), func(tx *store.Tx) (err error) {
		if row, err = tx.Lab(lab); errors.Is(err, store.ErrNone) || err == nil && row.Kind != store.LabBench {
			access = httpapi.Full
			return nil
		}
		return err
	})
	if err != nil || access == httpapi.Full {
		return access, row, who
	}
	if who = c.conf.People.Who(r); who.Person == "" {
		return httpapi.None, row, who
	}
	err = c.conf.DB.Read(r.Context(), func(tx *store.Tx) error {
		place, err := identity.PlaceIn(tx, who, row.Class)
		switch {
		case err != nil:
			return err
		case who.Is(row.Person) && place.Active:
			access = httpapi.Full
		case who.Is(row.Person) && place.Person != "":
			access = httpapi.Watch // who was dropped sees what they did
		case place.Active && place.Role >= identity.Staff && c.conf.Wall.MayType(lab, who.Person):
			access = httpapi.Full
		case place.Active && place.Role >= identity.Staff:
			access = httpapi.Watch
		}
		if access == httpapi.None {
			return nil
		}
		return within(tx, row, place, &access)
	})
	if err != nil {
		return httpapi.None, row, who
	}
	return access, row, who
}

// within takes from an access to a bench what its lesson and its class don't let: a student has no
// lesson that is not published, and nothing changes in an archived class.
func within(tx *store.Tx, lab store.LabRow, place identity.Place, access *httpapi.Access) error {
	class, err := tx.Class(lab.Class)
	if err != nil {
		return err
	}
	if class.Archived {
		*access = min(*access, httpapi.Watch)
	}
	if place.Role >= identity.Staff {
		return nil
	}
	l, err := tx.Lesson(lab.Lesson)
	if errors.Is(err, store.ErrNone) || err == nil && !l.Published {
		*access = httpapi.None
		return nil
	}
	return err
}

// Visit makes the pass of who watches a lab (httpapi.Config).
func (c *Classroom) Visit(r *http.Request, lab string) *stream.Pass {
	_, row, who := c.rights(r, lab)
	if row.Kind != store.LabBench {
		return &stream.Pass{}
	}
	own := who.Is(row.Person)
	by := wall.Somebody{Person: who.Person, Name: who.Name, Staff: !own}
	// The request's context ends when its connection is taken over; its cookie is what counts.
	r = r.Clone(context.WithoutCancel(r.Context()))
	x := &rights{look: func() httpapi.Access { a, _, _ := c.rights(r, lab); return a }}
	p := &stream.Pass{People: func() (protocol.People, <-chan struct{}) {
		people, changed := c.conf.Wall.People(lab)
		people.May = protocol.Watch
		if own || c.conf.Wall.MayType(lab, by.Person) {
			people.May = protocol.Type
		}
		return people, changed
	}}
	p.May = func() stream.May {
		a := x.now(time.Now())
		// What was accepted can end at any moment: that is never remembered.
		if !own && a == httpapi.Full && !c.conf.Wall.MayType(lab, by.Person) {
			a = httpapi.Watch
		}
		switch a {
		case httpapi.None:
			c.conf.Wall.EndHelp(lab, by.Person)
			return stream.May{NotWatch: "you are signed out, or not of this class any more", NotType: "you are signed out, or not of this class any more"}
		case httpapi.Watch:
			x.forget() // it may be allowed the next time
			return stream.May{NotType: "you watch this lab: press Ask to type, and when the student has said yes you may"}
		case httpapi.Full:
		}
		return stream.May{}
	}
	if own {
		p.Leave = c.conf.Wall.Came(lab)
		return p
	}
	p.Leave = c.conf.Wall.Watches(lab, by)
	id := visitor.RequestID(r.Context())
	p.Did = func(words string) {
		ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
		defer cancel()
		err := c.conf.DB.Write(ctx, func(tx *store.Tx) error {
			return tx.Audit(store.AuditRow{Request: id, Who: by.Person, Class: row.Class, What: "help typed", About: lab, Detail: words})
		})
		if err != nil {
			c.conf.Logger.ErrorContext(r.Context(), "what a helper typed is not in the audit: the help has ended", "lab", lab[:min(len(lab), 8)], "error", err)
			c.conf.Wall.EndHelp(lab, by.Person)
		}
	}
	return p
}

// rights are what a request may do with a lab, looked up again when that is a while ago.
type rights struct {
	look func() httpapi.Access

	mu   sync.Mutex
	at   time.Time
	last httpapi.Access
}

func (x *rights) now(now time.Time) httpapi.Access {
	x.mu.Lock()
	defer x.mu.Unlock()
	if now.Sub(x.at) >= rightsFresh {
		x.last, x.at = x.look(), now
	}
	return x.last
}

func (x *rights) forget() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.at = time.Time{}
}

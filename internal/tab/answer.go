package tab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"wireloom/internal/labapi"
	"wireloom/internal/pcap"
	"wireloom/internal/session"
	"wireloom/internal/strictjson"
	"wireloom/internal/submission"
	"wireloom/internal/terminal"
)

// A Request is what the page would ask a server by HTTP.
type Request struct {
	Method string
	Path   string // from api/ on
	Query  string
	Body   []byte
}

// An Answer is what it would be answered. File is what the body is called where it is to be kept.
type Answer struct {
	Status int
	Type   string
	File   string
	Body   []byte
}

// The statuses of answers, as HTTP has them.
const (
	ok            = 200
	created       = 201
	noContent     = 204
	badRequest    = 400
	notFound      = 404
	conflict      = 409
	gone          = 410
	unprocessable = 422
	tooMany       = 429
)

// Answer answers a request as a server would that has the labs of this page and nothing else.
func (t *Tab) Answer(ctx context.Context, r Request) Answer {
	switch path := strings.TrimPrefix(r.Path, "api/"); {
	case path == "scenarios" && r.Method == "GET":
		list := []labapi.Scenario{}
		for _, o := range t.site.Scenarios {
			list = append(list, o.Scenario)
		}
		return reply(ok, list)
	case path == "labs" && r.Method == "POST":
		return t.openLab(ctx, r)
	case strings.HasPrefix(path, "labs/"):
		id, what, _ := strings.Cut(strings.TrimPrefix(path, "labs/"), "/")
		l, err := t.find(id)
		if err != nil {
			return fail(gone, "%v", err)
		}
		return t.ofLab(ctx, l, r.Method+" "+what, r)
	}
	return fail(notFound, "there is no %s %s here: this page has labs and no server", r.Method, r.Path)
}

func (t *Tab) ofLab(ctx context.Context, l *lab, what string, r Request) Answer {
	switch what {
	case "GET ":
		return reply(ok, labapi.Lab{ID: l.id, Scenario: l.scenario.Name})
	case "DELETE ":
		l.end()
		return Answer{Status: noContent}
	case "POST programs":
		return t.upload(ctx, l, r)
	case "POST check":
		return t.check(ctx, l)
	case "GET points":
		ends, err := l.Ends(ctx)
		if err != nil {
			return fail(conflict, "%v", err)
		}
		return reply(ok, pcap.Places(ends))
	case "GET capture.pcapng":
		return t.capture(ctx, l, r)
	case "GET recording":
		return download(l, "application/zip", ".wireloom.zip", func(w io.Writer) error { return l.Record(ctx, w) })
	}
	return fail(notFound, "there is no %s %s here: that needs a server", r.Method, r.Path)
}

func (t *Tab) openLab(ctx context.Context, r Request) Answer {
	var ask struct {
		Scenario string `json:"scenario"`
		Empty    bool   `json:"empty"`
	}
	if err := strictjson.Decode(r.Body, &ask); err != nil {
		return fail(badRequest, "no lab was opened: %v", err)
	}
	l, err := t.open(ctx, ask.Scenario)
	if err != nil {
		return fail(conflict, "no lab was opened: %v", err)
	}
	return reply(created, labapi.Lab{ID: l.id, Scenario: ask.Scenario})
}

func (t *Tab) upload(ctx context.Context, l *lab, r Request) Answer {
	to, err := labapi.ReadSlot(r.Query)
	if err != nil {
		return fail(badRequest, "nothing was uploaded: %v", err)
	}
	if err := l.Replaceable(to.Node, to.Proc); err != nil {
		return fail(notFound, "nothing was uploaded: %v", err)
	}
	if len(r.Body) == 0 || len(r.Body) > labapi.MaxUpload {
		return fail(badRequest, "%s has %d bytes, and a program has at most %d MiB", to.File, len(r.Body), labapi.MaxUpload>>20)
	}
	prog, err := t.engine.Compile(ctx, to.File, r.Body)
	if err != nil {
		return fail(unprocessable, "%v", err)
	}
	if err := l.Install(ctx, to.Node, to.Proc, prog, r.Body); err != nil {
		return fail(conflict, "%s was not installed: %v", to.File, err)
	}
	return reply(ok, labapi.Program{Program: prog.ID(), Size: len(r.Body), Name: to.File})
}

func (t *Tab) check(ctx context.Context, l *lab) Answer {
	select {
	case l.checking <- struct{}{}:
		defer func() { <-l.checking }()
	default:
		return fail(tooMany, "nothing was checked: this lab's programs are being checked already: wait for that")
	}
	ctx, cancel := context.WithTimeoutCause(ctx, checkTimeout, errors.New("the check took too long: the program computes without end, perhaps; look at what it does"))
	defer cancel()
	held, err := l.Programs(ctx)
	if err != nil {
		return fail(conflict, "nothing was checked: %v", err)
	}
	c := submission.Check{
		Scenario: l.scenario, Held: held, Compile: t.engine.Compile, Version: t.site.Version,
		Options: session.Options{Scheduler: t.sched},
	}
	found, err := c.Run(ctx)
	if err != nil {
		return fail(conflict, "nothing was checked: %v", err)
	}
	return reply(ok, found)
}

func (t *Tab) capture(ctx context.Context, l *lab, r Request) Answer {
	asked, err := labapi.ReadCapture(r.Query)
	if err != nil {
		return fail(badRequest, "there is nothing to capture: %v", err)
	}
	ends, err := l.Ends(ctx)
	if err != nil {
		return fail(conflict, "there is nothing to capture: %v", err)
	}
	conf, err := asked.Of(ends)
	if err != nil {
		return fail(badRequest, "there is nothing to capture: %v", err)
	}
	return download(l, "application/x-pcapng", ".pcapng", func(w io.Writer) error {
		frames, err := l.Frames(ctx)
		if err != nil {
			return err
		}
		defer frames.Close()
		return labapi.WriteCapture(w, conf, frames)
	})
}

// download answers with a file that is called as a server calls it.
func download(l *lab, typ, ending string, write func(io.Writer) error) Answer {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return fail(conflict, "there is no file to download: %v", err)
	}
	return Answer{Status: ok, Type: typ, File: l.scenario.Name + "-" + strings.ToLower(l.id[:8]) + ending, Body: b.Bytes()}
}

func reply(status int, v any) Answer {
	b, err := json.Marshal(v)
	if err != nil {
		panic("tab: an answer cannot be JSON: " + err.Error())
	}
	return Answer{Status: status, Type: "application/json", Body: b}
}

func fail(status int, format string, args ...any) Answer {
	const most = 4 << 10
	return reply(status, map[string]string{"error": terminal.Cut(terminal.Line(fmt.Sprintf(format, args...)), most)})
}

package run

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"wireloom/internal/decode"
	"wireloom/internal/scenario/format"
)

// told is what a step tells those after it.
type told struct {
	sent, met *Seen
	result    string
}

// tells is what the step that is being done tells; nil where it has no id.
func (r *Run) tells() *told {
	id := r.now.id
	if id == "" {
		return nil
	}
	t := r.told[id]
	if t == nil {
		t = &told{}
		r.told[id] = t
	}
	return t
}

// remember keeps what the step tells those after it.
func (r *Run) remember() {
	t := r.tells()
	if t == nil {
		return
	}
	if len(r.frames.sent) > 0 {
		t.sent = &r.frames.sent[0]
	}
	if len(r.frames.watches) > 0 {
		t.met = r.frames.watches[0].First()
	}
}

// Result keeps the result of a call that the step has made.
func (r *Run) Result(result string) {
	if t := r.tells(); t != nil {
		t.result = result
	}
}

// SentBy is the first frame that a step has sent; nil where there is none.
func (r *Run) SentBy(id string) *Seen {
	if id == r.now.id {
		r.remember()
	}
	if t := r.told[id]; t != nil {
		return t.sent
	}
	return nil
}

// Tell fills in what the run has told: ${step.field}.
func (r *Run) Tell(text string) (string, error) {
	if !strings.Contains(text, "${") {
		return text, nil
	}
	parts, err := format.Scan(text)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, pt := range parts {
		if pt.Expr == "" {
			b.WriteString(pt.Text)
			continue
		}
		ask, err := format.ParseTold(pt.Expr)
		if err != nil {
			return "", err
		}
		value, err := r.told[ask.Step].get(ask)
		if err != nil {
			return "", fmt.Errorf("it uses ${%s}, and step %s %w", pt.Expr, ask.Step, err)
		}
		b.WriteString(value)
	}
	if b.Len() > format.MaxText {
		return "", fmt.Errorf("with its values filled in the text has more than %d bytes", format.MaxText)
	}
	return b.String(), nil
}

// TellAll is Tell of several texts; false where one could not be told, which is noted.
func (r *Run) TellAll(texts []string) ([]string, bool) {
	out := make([]string, len(texts))
	for i, t := range texts {
		var err error
		if out[i], err = r.Tell(t); err != nil {
			r.Fail(err)
			return nil, false
		}
	}
	return out, true
}

func (t *told) get(ask format.Told) (string, error) {
	switch {
	case t == nil:
		return "", errors.New("was not done")
	case ask.Field == "result":
		return t.counted(ask)
	}
	s := t.met
	if s == nil {
		s = t.sent
	}
	if s == nil {
		return "", errors.New("saw no such frame")
	}
	v, ok := decode.Value(s.Link, s.Data, ask.Field)
	if !ok {
		return "", fmt.Errorf("saw a frame without it (%s)", s.Summary())
	}
	if ask.Add != "" {
		more, ok := decode.Value(s.Link, s.Data, ask.Add)
		n, err := strconv.ParseUint(more, 0, 32)
		if !ok || err != nil {
			return "", fmt.Errorf("saw a frame without a number %s (%s)", ask.Add, s.Summary())
		}
		ask.Plus += int64(n)
	}
	v, err := decode.Part{Slice: ask.Slice, At: ask.At, N: ask.N, Plus: ask.Plus, Form: ask.Form}.Of(ask.Field, v)
	if err != nil {
		return "", fmt.Errorf("saw a frame that %w (%s)", err, s.Summary())
	}
	return v, nil
}

// counted is the result of a call, with what is added to it, in the form asked for.
func (t *told) counted(ask format.Told) (string, error) {
	switch {
	case t.result == "":
		return "", errors.New("has no result")
	case ask.Plus == 0 && ask.Form == "":
		return t.result, nil
	}
	n, err := strconv.ParseInt(t.result, 10, 64)
	if err != nil {
		return "", fmt.Errorf("has the result %.40q, which is no number", t.result)
	}
	if ask.Form == "" {
		ask.Form = "%d"
	}
	return fmt.Sprintf(ask.Form, n+ask.Plus), nil
}

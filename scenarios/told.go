package scenarios

import (
	"errors"
	"fmt"
	"strings"

	"wireloom/internal/decode"
)

// told is what a step tells those after it.
type told struct {
	sent, met *seen
	result    string
}

// remember keeps what a step tells those after it.
func (g *grader) remember(s *Step) {
	if s.ID == "" {
		return
	}
	t := g.told[s.ID]
	if t == nil {
		t = &told{}
		g.told[s.ID] = t
	}
	if len(g.sent) > 0 {
		t.sent = &g.sent[0]
	}
	if len(g.watches) > 0 {
		t.met = g.watches[0].first
	}
}

// tell fills in what the run has told: ${step.field}.
func (g *grader) tell(text string) (string, error) {
	if !strings.Contains(text, "${") {
		return text, nil
	}
	parts, err := scan(text)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, pt := range parts {
		if pt.expr == "" {
			b.WriteString(pt.text)
			continue
		}
		id, field, _ := strings.Cut(pt.expr, ".")
		value, err := g.told[id].get(field)
		if err != nil {
			return "", fmt.Errorf("it uses ${%s}, and step %s %w", pt.expr, id, err)
		}
		b.WriteString(value)
	}
	if b.Len() > maxText {
		return "", fmt.Errorf("with its values filled in the text has more than %d bytes", maxText)
	}
	return b.String(), nil
}

// tellAll is tell of several texts; false where one could not be told, which is noted.
func (g *grader) tellAll(texts []string) ([]string, bool) {
	out := make([]string, len(texts))
	for i, t := range texts {
		var err error
		if out[i], err = g.tell(t); err != nil {
			g.fail(err.Error())
			return nil, false
		}
	}
	return out, true
}

func (t *told) get(field string) (string, error) {
	switch {
	case t == nil:
		return "", errors.New("was not done")
	case field == "result":
		if t.result == "" {
			return "", errors.New("has no result")
		}
		return t.result, nil
	}
	s := t.met
	if s == nil {
		s = t.sent
	}
	if s == nil {
		return "", errors.New("saw no such frame")
	}
	v, ok := decode.Value(s.link, s.data, field)
	if !ok {
		return "", fmt.Errorf("saw a frame without it (%s)", summary(s.link, s.data))
	}
	return v, nil
}

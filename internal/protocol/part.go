package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// A Part is events of a batch in short: [Plain] makes the events of them that the page and
// programs read, each an [Event]. A message may have several, behind its Events.
//
// A row is an event. It begins with the number of its shape, how far the event is from Seq,
// and how far from T. The shape is an object of the members that all its events have, and
// the names of those whose values follow in the row, in that order; of a name that begins
// with a minus the value is how far that lies before the event. One value more is the frame
// that the event is about: how far the event is from Seq that has it, or itself, a list of
// the data in hexadecimal; a list of its summary's proto, src, dst, info and bad; link; head; size. Lists
// end where only zeros and empty texts would follow. A row may also be a whole event.
type Part struct {
	Seq    uint64              `json:"seq"`
	T      int64               `json:"t"`
	Shapes [][]json.RawMessage `json:"shapes"`
	Rows   []json.RawMessage   `json:"rows"`
}

// ErrPart is why parts of a message are not understood.
var ErrPart = errors.New("events are not as the protocol has them")

// Plain returns a message with all its events as objects. Other messages come back as they
// are. It is for programs: the page has its own (web/src/protocol/part.ts).
func Plain(message []byte) ([]byte, error) {
	var of struct {
		Type  string `json:"type"`
		Parts []Part `json:"parts"`
	}
	if err := json.Unmarshal(message, &of); err != nil {
		return nil, err
	}
	if of.Type != "events" || of.Parts == nil {
		return message, nil
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(message, &all); err != nil {
		return nil, err
	}
	var events []json.RawMessage
	if err := json.Unmarshal(all["events"], &events); err != nil {
		return nil, err
	}
	for i := range of.Parts {
		p := &of.Parts[i]
		for j, row := range p.Rows {
			e, err := p.event(row)
			if err != nil {
				return nil, fmt.Errorf("%w: parts[%d].rows[%d]: %w", ErrPart, i, j, err)
			}
			events = append(events, e)
		}
	}
	b, err := json.Marshal(events)
	if err != nil {
		return nil, err
	}
	delete(all, "parts")
	all["events"] = b
	return json.Marshal(all)
}

// event is a row as an object.
func (p *Part) event(row json.RawMessage) (json.RawMessage, error) {
	if len(row) > 0 && row[0] == '{' {
		return row, nil
	}
	var values []json.RawMessage
	if err := json.Unmarshal(row, &values); err != nil {
		return nil, err
	}
	var head [3]int64
	for i := range head {
		if i >= len(values) {
			return nil, errors.New("it ends early")
		}
		if err := json.Unmarshal(values[i], &head[i]); err != nil {
			return nil, err
		}
	}
	if head[0] < 0 || head[0] >= int64(len(p.Shapes)) || len(p.Shapes[head[0]]) == 0 {
		return nil, fmt.Errorf("there is no shape %d", head[0])
	}
	shape, at := p.Shapes[head[0]], p.T+head[2]
	e := fmt.Appendf(nil, `{"seq":%d,"t":%d`, p.Seq+uint64(head[1]), at)
	if same := bytes.Trim(shape[0], "{}"); len(same) > 0 {
		e = append(append(e, ','), same...)
	}
	values = values[len(head):]
	for _, raw := range shape[1:] {
		var name string
		if err := json.Unmarshal(raw, &name); err != nil || len(values) == 0 {
			return nil, errors.New("it ends early")
		}
		if before, ok := strings.CutPrefix(name, "-"); ok {
			var n int64
			if err := json.Unmarshal(values[0], &n); err != nil {
				return nil, err
			}
			e = fmt.Appendf(e, `,%q:%d`, before, at-n)
		} else {
			e = fmt.Appendf(e, `,%q:%s`, name, values[0])
		}
		values = values[1:]
	}
	var err error
	if len(values) > 0 {
		e, err = p.frame(e, values[0])
	}
	return append(e, '}'), err
}

// frame appends what is said of the frame that an event is about.
func (p *Part) frame(e []byte, raw json.RawMessage) ([]byte, error) {
	if raw[0] != '[' {
		var as int64
		err := json.Unmarshal(raw, &as)
		return fmt.Appendf(e, `,"as":%d`, p.Seq+uint64(as)), err
	}
	var values []json.RawMessage
	if err := json.Unmarshal(raw, &values); err != nil || len(values) < 2 {
		return nil, errors.New("a frame that is not whole")
	}
	e = p.members(e, []string{"data", "", "link", "head", "size"}, values)
	var sum []json.RawMessage
	if err := json.Unmarshal(values[1], &sum); err != nil || len(sum) == 0 {
		return nil, errors.New("a frame without a summary")
	}
	e = fmt.Appendf(e, `,"sum":{"proto":%s`, sum[0])
	return append(p.members(e, []string{"", "src", "dst", "info", "bad"}, sum), '}'), nil
}

// members appends those values that are not zero or empty and have a name.
func (p *Part) members(e []byte, names []string, values []json.RawMessage) []byte {
	for i, name := range names {
		if i < len(values) && name != "" && string(values[i]) != `""` && string(values[i]) != "0" {
			e = fmt.Appendf(e, `,%q:%s`, name, values[i])
		}
	}
	return e
}

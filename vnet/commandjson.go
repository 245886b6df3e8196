package vnet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The JSON of a command is an object with its op and the fields of its type, and no
// others: {"op":"stop","node":"bob","proc":"pingd"}.

// decoders are the whole set, by op.
var decoders = map[string]func(b []byte, decode func([]byte, any) error) (Command, error){
	"start":         decodeAs[Start],
	"stop":          decodeAs[Stop],
	"kill":          decodeAs[Kill],
	"install":       decodeAs[Install],
	"exec":          decodeAs[Exec],
	"stdin":         decodeAs[Stdin],
	"inject":        decodeAs[Inject],
	"arrive":        decodeAs[Arrive],
	"output":        decodeAs[Output],
	"traffic":       decodeAs[Traffic],
	"fault":         decodeAs[Fault],
	"link":          decodeAs[SetLink],
	"impair":        decodeAs[Impair],
	"plug":          decodeAs[Plug],
	"unplug":        decodeAs[Unplug],
	"vlan":          decodeAs[SetVLAN],
	"port":          decodeAs[SetPort],
	"entry":         decodeAs[SetEntry],
	"switch":        decodeAs[SetSwitch],
	"add-node":      decodeAs[AddNode],
	"remove-node":   decodeAs[RemoveNode],
	"add-switch":    decodeAs[AddSwitch],
	"remove-switch": decodeAs[RemoveSwitch],
	"open-door":     decodeAs[OpenDoor],
	"close-door":    decodeAs[CloseDoor],
	"enter":         decodeAs[Enter],
}

func decodeAs[T Command](b []byte, decode func([]byte, any) error) (Command, error) {
	var c T
	err := decode(b, &c)
	return c, err
}

// decodeFields reads a JSON object into a struct.
func decodeFields(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// EncodeCommand is a command's JSON.
func EncodeCommand(c Command) ([]byte, error) {
	fields, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("command %q: %w", c.op(), err)
	}
	out := fmt.Appendf(nil, `{"op":%q`, c.op())
	if len(fields) > 2 { // more than {}
		out = append(out, ',')
	}
	return append(out, fields[1:]...), nil
}

// DecodeCommand reads a command's JSON. A field that its type has not is an error. decode
// reads the fields into the type; nil does it with encoding/json.
func DecodeCommand(b []byte, decode func(b []byte, into any) error) (Command, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(b, &fields); err != nil {
		return nil, fmt.Errorf("this is no command: %w", err)
	}
	var op string
	if err := json.Unmarshal(fields["op"], &op); fields["op"] == nil || err != nil {
		return nil, fmt.Errorf("this is no command: it lacks an op, which is one of %s", strings.Join(slices.Sorted(maps.Keys(decoders)), ", "))
	}
	as := decoders[op]
	if as == nil {
		return nil, fmt.Errorf("there is no command %.40q: there are %s", op, strings.Join(slices.Sorted(maps.Keys(decoders)), ", "))
	}
	if decode == nil {
		decode = decodeFields
	}
	delete(fields, "op")
	rest, err := json.Marshal(fields)
	if err != nil {
		return nil, fmt.Errorf("command %q: %w", op, err)
	}
	c, err := as(rest, decode)
	if err != nil {
		return nil, fmt.Errorf("command %q: %w", op, err)
	}
	return c, nil
}

// OpOf is the name of a command's kind: "start".
func OpOf(c Command) string { return c.op() }

package scenarios

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"wireloom/internal/decode"
	"wireloom/vnet/wire"
)

// The format is one table of shapes. The parser checks a file against it, and the
// JSON Schema is written from it, so that the two cannot say different things.

// A shape says what a value must look like.
type shape struct {
	kind    shapeKind
	fields  []field        // of an object
	of      *shape         // of each value of a map or item of a list
	key     *regexp.Regexp // of a map
	keyDoc  string
	pattern *regexp.Regexp // of a text
	enum    []string
	min     int64
	max     int64 // of a number; items of a list or map
	want    string
	check   func(string) error
}

type shapeKind uint8

const (
	shapeText shapeKind = iota
	shapeInt
	shapeBool
	shapeDuration
	shapeObject
	shapeMap
	shapeList
	shapePacket
)

type field struct {
	name     string
	shape    *shape
	required bool
	doc      string
}

var (
	nameKey  = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)
	ifaceKey = regexp.MustCompile(`^[a-z]{1,12}(0|[1-9][0-9]{0,4})$`)
	endForm  = regexp.MustCompile(`^([a-z][a-z0-9_-]{0,31}\.[1-9][0-9]{0,3}|[a-z][a-z0-9_-]{0,31}:[a-z]{1,12}[0-9]{1,5})$`)
	procForm = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}\.[a-z][a-z0-9_-]{0,31}$`)
)

func text(want string) *shape { return &shape{kind: shapeText, want: want, max: 4096} }

func number(lo, hi int64) *shape {
	return &shape{kind: shapeInt, min: lo, max: hi, want: fmt.Sprintf("a whole number from %d to %d", lo, hi)}
}

func duration(most time.Duration) *shape {
	return &shape{kind: shapeDuration, max: int64(most), want: fmt.Sprintf("a time such as 200ms or 1.5s, at most %v", most)}
}

func object(fields ...field) *shape {
	return &shape{kind: shapeObject, fields: fields, want: "a mapping"}
}

func mapOf(key *regexp.Regexp, keyDoc string, of *shape, most int64) *shape {
	return &shape{kind: shapeMap, key: key, keyDoc: keyDoc, of: of, max: most, want: "a mapping"}
}

func listOf(of *shape, most int64) *shape {
	return &shape{kind: shapeList, of: of, max: most, want: "a list"}
}

var (
	boolean = &shape{kind: shapeBool, want: "true or false"}
	macAddr = &shape{kind: shapeText, want: `a MAC address in quotes, such as "02:00:00:00:00:0b"`, max: 17, check: func(s string) error {
		_, err := wire.ParseMAC(s)
		return err
	}}
	prefix = &shape{kind: shapeText, want: "an address with its prefix length, such as 10.0.0.1/24", max: 64, check: func(s string) error {
		_, err := netip.ParsePrefix(s)
		return err
	}}
	address = &shape{kind: shapeText, want: "an IP address, such as 10.0.0.2", max: 64, check: func(s string) error {
		_, err := netip.ParseAddr(s)
		return err
	}}
	end   = &shape{kind: shapeText, want: "an end of a link: SWITCH.PORT such as s1.1, or NODE:INTERFACE such as bob:tap0", pattern: endForm, max: 64}
	proc  = &shape{kind: shapeText, want: "NODE.PROGRAM, such as bob.pingd", pattern: procForm, max: 65}
	ident = &shape{kind: shapeText, want: "a short name: a lower-case letter, then letters, digits, - or _", pattern: nameKey, max: 32}
	strs  = listOf(text("a text"), 64)
	hexa  = &shape{kind: shapeText, want: "bytes in hexadecimal, such as ffffffffffff0203", max: 2 * 65553, check: func(s string) error {
		_, err := hex.DecodeString(strings.Map(dropSpace, s))
		return err
	}}
	packet = &shape{kind: shapePacket, want: "a mapping of packet fields by Wireshark's names, such as {arp.opcode: 1}", max: 64}
)

func dropSpace(r rune) rune {
	if r == ' ' || r == '\n' || r == ':' {
		return -1
	}
	return r
}

// Limits of a scenario's parts.
const (
	MaxSteps  = 500
	MaxWithin = 10 * time.Minute // of a step's own time
	MaxPoints = 1000
)

// The shape of scenario.yaml.
var format = object(
	field{"scenario", ident, true, "Its name, which is that of its folder."},
	field{"title", text("a line of text"), false, "What it is about, in a line."},
	field{"seed", number(0, 1<<53), false, "Of everything that is random in it; 1 where it is not given."},
	field{"nodes", mapOf(nameKey, "a node's name", nodeShape, 256), true, "The emulated machines, by name."},
	field{"switches", mapOf(nameKey, "a switch's name", object(
		field{"ports", number(1, 1024), true, "How many ports it has; they are named NAME.1, NAME.2 and so on."},
	), 64), false, "The learning Ethernet switches, by name."},
	field{"links", mapOf(endForm, "an end of the link: SWITCH.PORT or NODE:INTERFACE", object(
		field{"delay", duration(10 * time.Second), false, "How long a frame takes from end to end; 0 where it is not given."},
		field{"to", end, false, "The other end, where the link is not that of a NIC or device whose port is this key."},
	), 1024), false, "What is to be said of links. A NIC or device with a port has one already."},
	field{"steps", listOf(stepShape, MaxSteps), false, "What is done and checked when the scenario is graded, in this order."},
)

var nodeShape = object(
	field{"dialect", &shape{kind: shapeText, enum: []string{"freebsd", "dragonfly", "netbsd"}, want: "freebsd, dragonfly or netbsd"}, false, "Which kernel it behaves as; freebsd where it is not given."},
	field{"nics", mapOf(ifaceKey, "an interface's name, such as em0", object(
		field{"port", end, false, "The end of a link that it is plugged into."},
		field{"address", prefix, false, "Its IP address."},
		field{"addresses", listOf(prefix, 16), false, "Its IP addresses, where it has several."},
		field{"mac", macAddr, false, "Its Ethernet address; one is made up where it is not given."},
	), 32), false, "Ordinary Ethernet interfaces, held by the node's own IP stack."},
	field{"devices", mapOf(ifaceKey, "a device's name, such as tap0", object(
		field{"port", end, false, "The switch port that it is a member of."},
		field{"mac", macAddr, false, "Its Ethernet address; as the driver chooses it where it is not given."},
		field{"down", boolean, false, "Leave it down: the program has to bring it up."},
	), 32), false, "tun and tap devices that exist when the lab starts."},
	field{"programs", mapOf(nameKey, "the program's name", object(
		field{"slot", ident, false, "What the student supplies; the word is for the brief, such as submission."},
		field{"command", &shape{kind: shapeText, want: "a command that is part of every node, such as ping", pattern: nameKey, max: 32}, false, "A built-in command instead of a program."},
		field{"argv", strs, false, "Its arguments, the program's own name first."},
		field{"env", strs, false, "Its environment, each KEY=value."},
		field{"memory", number(1, 512), false, "How many MiB of memory it may use; 64 where it is not given."},
		field{"start", boolean, false, "Start it with the lab; true where it is not given."},
	), 32), false, "The programs that run on it, by name."},
)

var stepShape = object(
	field{"id", ident, false, "A name for the step, needed where it gives points or another one needs it."},
	field{"title", text("a line of text"), false, "What is checked, in a line for people."},
	field{"points", number(0, MaxPoints), false, "What it is worth if it passes."},
	field{"why", text("a sentence"), false, "Why it matters; shown with the result."},
	field{"hint", text("a sentence"), false, "What to look at; shown when it fails."},
	field{"needs", listOf(ident, 64), false, "Steps that must have passed; else this one is skipped and fails."},
	field{"start", proc, false, "Start a program."},
	field{"stop", proc, false, "Stop a program, with SIGTERM."},
	field{"kill", proc, false, "Kill a program."},
	field{"wait", duration(MaxWithin), false, "Let time pass."},
	field{"send", object(
		field{"port", end, true, "Where the frame comes in: it enters the switch by this port, or arrives at this interface."},
		field{"packet", packet, false, "The frame by its fields; lengths and checksums are right unless they are given."},
		field{"hex", hexa, false, "The frame by its bytes, instead."},
	), false, "Send a frame."},
	field{"expect", object(
		field{"port", end, true, "Where to look."},
		field{"direction", &shape{kind: shapeText, enum: []string{"in", "out", "both"}, want: "in, out or both"}, false, "Frames that come in by the port to the switch or interface, go out of it, or both, which is meant where it is not given."},
		field{"within", duration(MaxWithin), false, "For how long, from the step's beginning; 1s where it is not given."},
		field{"count", number(0, 100000), false, "Exactly how many must be seen; at least one where it is not given. 0 means none."},
		field{"packet", packet, true, "The fields that the frame must have."},
	), false, "Expect a frame."},
	field{"ping", object(
		field{"node", ident, true, "Who pings."},
		field{"to", address, true, "Whom."},
		field{"count", number(1, 1000), false, "How many requests, one a second; 3 where it is not given."},
		field{"replies", number(0, 1000), false, "How many must be answered; all where it is not given."},
		field{"size", number(0, 65507), false, "Bytes of data; 56 where it is not given."},
	), false, "Ping from a node, as its ping command does."},
)

// conform checks v against a shape; what is the place in words.
func (s *shape) conform(v *value, what string, p *problems) {
	switch s.kind {
	case shapeObject, shapeMap, shapePacket:
		if v.kind != kindMap {
			if v.kind == kindNull && s.kind != shapePacket {
				return // an empty mapping
			}
			p.at(v, "%s is %v, want %s", what, v.kind, s.want)
			return
		}
	case shapeList:
		if v.kind != kindList {
			p.at(v, "%s is %v, want %s", what, v.kind, s.want)
			return
		}
	case shapeText, shapeInt, shapeBool, shapeDuration:
		if v.kind != kindScalar {
			p.at(v, "%s is %v, want %s", what, v.kind, s.want)
			return
		}
	}
	switch s.kind {
	case shapeObject:
		s.object(v, what, p)
	case shapeMap:
		s.limit(v, len(v.keys), what, p)
		for _, e := range v.keys {
			if !s.key.MatchString(e.key.text) {
				p.at(e.key, "%q is not %s", e.key.text, s.keyDoc)
				continue
			}
			s.of.conform(e.val, e.key.text, p)
		}
	case shapeList:
		s.limit(v, len(v.items), what, p)
		for i, item := range v.items {
			s.of.conform(item, fmt.Sprintf("item %d of %s", i+1, what), p)
		}
	case shapePacket:
		s.limit(v, len(v.keys), what, p)
		for _, e := range v.keys {
			if e.val.kind != kindScalar {
				p.at(e.val, "field %s is %v, want a single value", e.key.text, e.val.kind)
				continue
			}
			if err := decode.ValidField(e.key.text, e.val.text); err != nil {
				p.at(e.key, "%s", trimPackage(err))
			}
		}
	case shapeText:
		s.scalar(v, what, p)
	case shapeInt:
		n, err := strconv.ParseInt(v.text, 0, 64)
		if err != nil || v.quoted || n < s.min || n > s.max {
			p.at(v, "%s is %s, want %s", what, shown(v), s.want)
		}
	case shapeBool:
		if v.quoted || v.text != "true" && v.text != "false" {
			p.at(v, "%s is %s, want %s", what, shown(v), s.want)
		}
	case shapeDuration:
		d, err := time.ParseDuration(v.text)
		if err != nil || d < 0 || int64(d) > s.max {
			p.at(v, "%s is %s, want %s", what, shown(v), s.want)
		}
	}
}

func trimPackage(err error) string { return strings.TrimPrefix(err.Error(), "decode: ") }

func shown(v *value) string {
	s := v.text
	if len(s) > 40 {
		s = s[:40] + "..."
	}
	return strconv.Quote(s)
}

func (s *shape) limit(v *value, n int, what string, p *problems) {
	if int64(n) > s.max {
		p.at(v, "%s has %d entries, at most %d are allowed", what, n, s.max)
	}
}

func (s *shape) scalar(v *value, what string, p *problems) {
	bad := s.max > 0 && int64(len(v.text)) > s.max
	bad = bad || s.pattern != nil && !s.pattern.MatchString(v.text)
	bad = bad || s.enum != nil && !slices.Contains(s.enum, v.text)
	bad = bad || s.check != nil && s.check(v.text) != nil
	if !bad {
		return
	}
	also := ""
	if near := nearest(v.text, s.enum); near != "" {
		also = fmt.Sprintf("; did you mean %s?", near)
	}
	p.at(v, "%s is %s, want %s%s", what, shown(v), s.want, also)
}

func (s *shape) object(v *value, what string, p *problems) {
	for _, e := range v.keys {
		i := slices.IndexFunc(s.fields, func(f field) bool { return f.name == e.key.text })
		if i < 0 {
			var names []string
			for _, f := range s.fields {
				names = append(names, f.name)
			}
			hint := "it has " + strings.Join(names, ", ")
			if near := nearest(e.key.text, names); near != "" {
				hint = "did you mean " + near + "?"
			}
			p.at(e.key, "%s has no key %q; %s", what, e.key.text, hint)
			continue
		}
		if e.val.kind == kindNull && s.fields[i].shape.kind != shapeObject && s.fields[i].shape.kind != shapeMap {
			p.at(e.key, "%s has nothing behind it, want %s", e.key.text, s.fields[i].shape.want)
			continue
		}
		s.fields[i].shape.conform(e.val, e.key.text, p)
	}
	for _, f := range s.fields {
		if f.required && v.get(f.name) == nil {
			p.at(v, "%s lacks %q: %s", what, f.name, f.doc)
		}
	}
}

// Schema is the JSON Schema (draft 2020-12) of scenario.yaml, for editors.
func Schema() []byte {
	m := format.schema()
	m["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	m["title"] = "Wireloom scenario"
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		panic("scenarios: the schema is not JSON: " + err.Error())
	}
	return append(b, '\n')
}

func (s *shape) schema() map[string]any {
	m := map[string]any{}
	switch s.kind {
	case shapeText:
		m["type"] = "string"
		if s.enum != nil {
			m["enum"] = s.enum
		}
		if s.pattern != nil {
			m["pattern"] = s.pattern.String()
		}
		if s.max > 0 {
			m["maxLength"] = s.max
		}
	case shapeInt:
		m["type"], m["minimum"], m["maximum"] = "integer", s.min, s.max
	case shapeBool:
		m["type"] = "boolean"
	case shapeDuration:
		m["type"], m["pattern"] = "string", `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$|^0$`
	case shapeList:
		m["type"], m["items"], m["maxItems"] = "array", s.of.schema(), s.max
	case shapeMap:
		m["type"] = []string{"object", "null"}
		m["patternProperties"] = map[string]any{s.key.String(): s.of.schema()}
		m["additionalProperties"], m["maxProperties"] = false, s.max
	case shapePacket:
		props := map[string]any{}
		for _, f := range decode.FieldNames() {
			props[f.Name] = map[string]any{"description": f.Doc, "type": []string{"string", "integer", "boolean"}}
		}
		m["type"], m["properties"], m["additionalProperties"] = "object", props, false
	case shapeObject:
		props, required := map[string]any{}, []string{}
		for _, f := range s.fields {
			sub := f.shape.schema()
			sub["description"] = f.doc
			props[f.name] = sub
			if f.required {
				required = append(required, f.name)
			}
		}
		m["type"], m["properties"], m["additionalProperties"] = "object", props, false
		if len(required) > 0 {
			m["required"] = required
		}
	}
	return m
}

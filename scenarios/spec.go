package scenarios

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"wireloom/internal/decode"
	"wireloom/vnet"
	"wireloom/vnet/inet"
	"wireloom/vnet/memory"
	"wireloom/vnet/packet"
	"wireloom/vnet/sys"
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
	late    bool   // ${step.field} may stand in it
	ref     string // the schema's definition of it
}

type shapeKind uint8

const (
	shapeText shapeKind = iota
	shapeInt
	shapeBool
	shapeDuration
	shapeSize // of memory
	shapeObject
	shapeMap
	shapeList
	shapePacket // of a send
	shapeFields // of an expect
	shapeMany   // one, or a list of them
	shapeEither // a text, or the mapping of
	shapeAny    // whatever it is: it is looked at elsewhere
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

// size is an amount of memory; a number alone counts MiB.
func size(lo, hi int64) *shape {
	return &shape{kind: shapeSize, min: lo, max: hi, want: fmt.Sprintf("a size such as 64MiB or 1GiB, from %dMiB to %dMiB", lo>>20, hi>>20)}
}

// parseSize reads an amount of memory.
func parseSize(s string) (int64, error) {
	n := strings.TrimRight(s, "KMGiB")
	unit, ok := map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "": 1 << 20}[s[len(n):]]
	v, err := strconv.ParseInt(n, 10, 32)
	if err != nil || !ok {
		return 0, fmt.Errorf("%.40q is no size", s)
	}
	return v * unit, nil
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

// many is one value of a shape, or a list of them.
func many(of *shape, most int64) *shape {
	return &shape{kind: shapeMany, of: of, max: most, want: of.want + ", or a list"}
}

// late lets ${step.field} stand in a shape's values.
func late(s *shape) *shape {
	c := *s
	c.late = true
	return &c
}

func one(want string, of ...string) *shape { return &shape{kind: shapeText, enum: of, want: want} }

var (
	boolean = &shape{kind: shapeBool, want: "true or false"}
	macAddr = &shape{kind: shapeText, want: `a MAC address in quotes, such as "02:00:00:00:00:0b"`, max: 17, check: func(s string) error {
		_, err := packet.ParseMAC(s)
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
	host = &shape{kind: shapeText, want: "an address, such as 10.8.0.1, or with its prefix length 10.0.0.1/24", max: 64, check: func(s string) error {
		_, err := parseHost(s)
		return err
	}}
	network = &shape{kind: shapeText, want: "a network, such as 10.1.0.0/16, or default", max: 64, check: func(s string) error {
		_, err := parseNetwork(s)
		return err
	}}
	end   = &shape{kind: shapeText, want: "an end of a link: SWITCH.PORT such as s1.1, or NODE:INTERFACE such as bob:tap0", pattern: endForm, max: 64}
	proc  = &shape{kind: shapeText, want: "NODE.PROGRAM, such as bob.pingd", pattern: procForm, max: 65}
	ident = &shape{kind: shapeText, want: "a short name: a lower-case letter, then letters, digits, - or _", pattern: nameKey, max: 32}
	strs  = listOf(text("a text"), 64)
	hexa  = &shape{kind: shapeText, want: "bytes in hexadecimal, such as ffffffffffff0203", max: 4 * vnet.MaxFrame, check: func(s string) error {
		_, err := hex.DecodeString(strings.Map(dropSpace, s))
		return err
	}}
	given  = &shape{kind: shapePacket, want: "a mapping of packet fields by Wireshark's names, such as {arp.opcode: 1}", max: 64}
	wanted = &shape{kind: shapeFields, want: "a mapping of packet fields by Wireshark's names, such as {arp.opcode: 2}", max: 64}
)

// parseHost reads an address, which without a prefix length has that of a host.
func parseHost(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	return netip.ParsePrefix(s)
}

// parseNetwork reads where a route leads.
func parseNetwork(s string) (netip.Prefix, error) {
	if s == "default" {
		return netip.PrefixFrom(netip.IPv4Unspecified(), 0), nil
	}
	return netip.ParsePrefix(s)
}

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
	field{"course", number(1, 100), false, "Its position in the course, from 1; not there where it is not part of it."},
	field{"seed", number(0, 1<<53), false, "Of everything that is random in it; 1 where it is not given."},
	field{"memory", size(memory.MinLab, memory.MaxLab), false, fmt.Sprintf("How much memory all programs of the lab may use together; %dMiB where it is not given.", memory.DefaultLab>>20)},
	field{"params", paramsShape, false, "Values that differ from student to student; ${name} stands for them in any text."},
	field{"nodes", mapOf(nameKey, "a node's name", nodeShape, 256), true, "The emulated machines, by name."},
	field{"switches", mapOf(nameKey, "a switch's name", object(
		field{"ports", number(1, 1024), true, "How many ports it has; they are named NAME.1, NAME.2 and so on."},
	), 64), false, "The learning Ethernet switches, by name."},
	field{"links", mapOf(endForm, "an end of the link: SWITCH.PORT or NODE:INTERFACE", object(
		field{"delay", duration(10 * time.Second), false, "How long a frame takes from end to end; 0 where it is not given."},
		field{"to", end, false, "The other end, where the link is not that of a NIC or device whose port is this key."},
	), 1024), false, "What is to be said of links. A NIC or device with a port has one already."},
	field{"stages", mapOf(nameKey, "a stage's name", stageShape, 32), false, "Parts that can be graded alone, by name."},
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
		field{"address", host, false, "Its IP address on the node's own stack: of a tun with its peer, of a tap that has no port with its prefix length."},
		field{"addresses", listOf(prefix, 16), false, "The IP addresses of a tap, where it has several."},
		field{"peer", address, false, "Of a tun: the address of the other side."},
		field{"down", boolean, false, "Leave it down: the program has to bring it up."},
	), 32), false, "tun and tap devices that exist when the lab starts."},
	field{"routes", listOf(object(
		field{"to", network, true, "The network, such as 10.1.0.0/16, or default."},
		field{"via", address, false, "The gateway, on a network of one of the node's addresses."},
		field{"dev", &shape{kind: shapeText, want: "an interface of the node, such as tun0", pattern: ifaceKey, max: 32}, false, "The interface, where there is no gateway."},
	), inet.MaxRoutes), false, "Static routes of the node's IP stack."},
	field{"forward", boolean, false, "The node is a router: it passes on packets for others (net.inet.ip.forwarding)."},
	field{"programs", mapOf(nameKey, "the program's name", object(
		field{"slot", ident, false, "What the student supplies; the word is for the brief, such as submission."},
		field{"command", &shape{kind: shapeText, want: "a command that is part of every node, such as ping", pattern: nameKey, max: 32}, false, "A built-in command instead of a program."},
		field{"argv", strs, false, "Its arguments, the program's own name first."},
		field{"env", strs, false, "Its environment, each KEY=value."},
		field{"memory", size(1<<20, sys.MaxMemory), false, fmt.Sprintf("How much memory it may use; %dMiB where it is not given.", sys.DefaultMemory>>20)},
		field{"fuel", number(1, 1<<40), false, "How many units of fuel it may use in all (about one an instruction, 10 ns of its node's time each), until SIGXCPU ends it; no limit where it is not given."},
		field{"start", boolean, false, "Start it with the lab; true where it is not given."},
	), 32), false, "The programs that run on it, by name."},
	field{"files", filesShape, false, "Read-only files that programs find on it, by path. What ends in a slash is an empty directory."},
)

// conform checks v against a shape; what is the place in words.
func (s *shape) conform(v *value, what string, p *problems) {
	if v.late {
		if !s.late && s.kind != shapeMany && s.kind != shapeEither && s.kind != shapeAny {
			p.at(v, "%s cannot hold ${step.field}, which only the run tells: the values of packets and the texts of stdin, run and do can", what)
			return
		}
		if s.late {
			return // it is looked at when the run has told
		}
	}
	switch s.kind {
	case shapeAny:
		return
	case shapeMany:
		if v.kind != kindList {
			s.of.conform(v, what, p)
			return
		}
		s.limit(v, len(v.items), what, p)
		for i, item := range v.items {
			s.of.conform(item, fmt.Sprintf("item %d of %s", i+1, what), p)
		}
		return
	case shapeEither:
		if v.kind == kindScalar {
			late(text(s.want)).conform(v, what, p)
			return
		}
		s.of.conform(v, what, p)
		return
	case shapeObject, shapeMap, shapePacket, shapeFields:
		if v.kind != kindMap {
			if v.kind == kindNull && s.kind != shapePacket && s.kind != shapeFields {
				return // an empty mapping
			}
			p.at(v, "%s is %v, want %s", what, v.kind, s.want)
			return
		}
	case shapeList:
		if v.kind != kindList {
			also := ""
			if v.kind == kindScalar && !strings.Contains(s.want, "[") {
				also = fmt.Sprintf(", such as [%.40s]", v.text)
			}
			p.at(v, "%s is %v, want %s%s", what, v.kind, s.want, also)
			return
		}
	case shapeText, shapeInt, shapeBool, shapeDuration, shapeSize:
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
			err := decode.ValidBuild(e.key.text, e.val.text)
			if e.val.late {
				err = decode.KnownField(e.key.text)
			}
			if err != nil {
				p.at(e.key, "%s", trimPackage(err))
			}
		}
	case shapeFields:
		s.limit(v, len(v.keys), what, p)
		for _, e := range v.keys {
			checkWanted(e, p)
		}
	case shapeText:
		s.scalar(v, what, p)
	case shapeInt:
		n, err := strconv.ParseInt(v.text, 0, 64)
		if err != nil || v.quoted && !v.filled || n < s.min || n > s.max {
			p.at(v, "%s is %s, want %s", what, shown(v), s.want)
		}
	case shapeBool:
		if v.quoted && !v.filled || v.text != "true" && v.text != "false" {
			p.at(v, "%s is %s, want %s", what, shown(v), s.want)
		}
	case shapeDuration:
		d, err := time.ParseDuration(v.text)
		if err != nil || d < 0 || int64(d) > s.max {
			p.at(v, "%s is %s, want %s", what, shown(v), s.want)
		}
	case shapeSize:
		n, err := parseSize(v.text)
		if err != nil || n < s.min || n > s.max {
			p.at(v, "%s is %s, want %s", what, shown(v), s.want)
		}
	case shapeMany, shapeEither, shapeAny:
	}
}

// fits reports whether a value has the shape.
func (s *shape) fits(v *value) bool {
	var p problems
	s.conform(v, "", &p)
	return p.total() == 0
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

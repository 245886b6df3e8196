package decode

import (
	"fmt"
	"slices"
	"strings"
)

func find(s *spec, ls []layer, b []byte) (value, bool) {
	switch s.name {
	case "frame.len":
		return value{u: uint64(len(b))}, true
	case "frame.pad":
		return value{}, false
	}
	if s.found || s.proto == pSTag {
		ls = whole(ls, b)
	}
	i := slices.IndexFunc(ls, func(l layer) bool { return l.proto == s.proto })
	switch {
	case i < 0:
		return value{}, false
	case s.found:
		j := slices.IndexFunc(ls[i].places, func(p place) bool { return p.spec == s })
		if j < 0 {
			return value{}, false
		}
		return ls[i].places[j].read(b), true
	}
	v, _, _, ok := ls[i].value(s, b)
	return v, ok
}

// ValidBuild reports why a name or the value given to it is not valid for [Build].
func ValidBuild(name, value string) error {
	s, err := lookup(name)
	switch {
	case err != nil:
		return err
	case s.readOnly:
		return fmt.Errorf("%s: can be matched, not built", name)
	case s.spoils(value):
		return nil
	}
	_, err = s.parse(value)
	return err
}

// A FieldInfo describes a field for completion and for schemas.
type FieldInfo struct {
	Name   string   `json:"name"`
	Type   string   `json:"type"` // uint, hex, bool, mac, ipv4, ipv6, bytes, status, text
	Doc    string   `json:"doc"`
	Values []string `json:"values,omitempty"` // names its values have, which may be used for them
	Match  bool     `json:"match"`            // may be matched
	Build  bool     `json:"build"`            // may be built
}

// FieldNames is all fields, in the order of the layers and headers, aliases last.
func FieldNames() []FieldInfo {
	out := make([]FieldInfo, 0, len(specs)+len(aliases))
	for i := range specs {
		out = append(out, specs[i].info(specs[i].name))
	}
	for _, alias := range aliasNames() {
		out = append(out, byName[alias].info(alias))
	}
	return out
}

func (s *spec) info(name string) FieldInfo {
	f := FieldInfo{Name: name, Type: kindNames[s.kind], Doc: s.doc, Match: name != "frame.pad", Build: !s.readOnly}
	ks := keys(s.names)
	slices.Sort(ks)
	for _, k := range ks {
		f.Values = append(f.Values, s.names[k])
	}
	return f
}

func aliasNames() []string {
	out := make([]string, 0, len(aliases))
	for a := range aliases {
		out = append(out, a)
	}
	slices.Sort(out)
	return out
}

// lookup finds a field, or says which known name is nearest.
func lookup(name string) (*spec, error) {
	if s, ok := byName[name]; ok {
		return s, nil
	}
	best, dist := "", 4
	if low := strings.ToLower(name); len(name) <= 64 {
		for i := range specs {
			if d := distance(low, specs[i].name); d < dist {
				best, dist = specs[i].name, d
			}
		}
		for _, a := range aliasNames() {
			if d := distance(low, a); d < dist {
				best, dist = a, d
			}
		}
	} else {
		name = name[:64] + "..."
	}
	if best == "" && name != "" {
		for i := range specs {
			if strings.HasPrefix(specs[i].name, strings.ToLower(name)) {
				best = specs[i].name
				break
			}
		}
	}
	if best != "" {
		return nil, fmt.Errorf("unknown field %q: did you mean %s?", name, best)
	}
	if those := siblings(name); len(those) > 0 {
		return nil, fmt.Errorf("unknown field %q: there are %s", name, strings.Join(those, ", "))
	}
	return nil, fmt.Errorf("unknown field %q: names are Wireshark's, such as eth.dst, arp.opcode or ip.ttl", name)
}

// siblings are the fields of the protocol that a name begins with.
func siblings(name string) []string {
	const most = 24
	proto, _, ok := strings.Cut(strings.ToLower(name), ".")
	var out []string
	for i := range specs {
		if ok && strings.HasPrefix(specs[i].name, proto+".") && len(out) <= most {
			out = append(out, specs[i].name)
		}
	}
	if len(out) > most {
		out = append(out[:most], "and more")
	}
	return out
}

// distance is how many letters have to be put in, left out or changed.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diag := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diag
			if a[i-1] != b[j-1] {
				cost++
			}
			diag = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}

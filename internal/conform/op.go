package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

// An op is one operation of a recording: its fields are those of the format, of which
// each operation uses a few.
type op struct {
	Op       string          `json:"op"`
	Unit     int             `json:"unit"`
	FD       int             `json:"fd"`
	PID      *int            `json:"pid"`
	Root     *bool           `json:"root"`
	Inject   map[string]int  `json:"inject"`
	Name     string          `json:"name"`
	Path     string          `json:"path"`
	Len      *int            `json:"len"`
	Nonblock bool            `json:"nonblock"`
	Hex      string          `json:"hex"`
	Gen      *gen            `json:"gen"`
	Resid    *int            `json:"resid"`
	Family   string          `json:"family"`
	Dst      string          `json:"dst"`
	AF       int             `json:"af"`
	Chain    []int           `json:"chain"`
	Mcast    bool            `json:"mcast"`
	Ether    bool            `json:"ether"`
	Arg      json.RawMessage `json:"arg"`
	Events   []string        `json:"events"`
	Filter   string          `json:"filter"`
	Kn       int             `json:"kn"`
	Set      any             `json:"set"`
	Line     int             `json:"line"`
	On       *bool           `json:"on"`
	Next     int             `json:"next"`
	Value    uint32          `json:"value"`
	VMnet    any             `json:"vmnet"`
	Noproc   any             `json:"noproc"`
	Refcnt   *int            `json:"refcnt"`
}

// gen is a payload that is computed: byte i is seed + 7 i.
type gen struct {
	N    int `json:"n"`
	Seed int `json:"seed"`
}

// maxPayload is the longest packet or buffer of a recording, in bytes.
const maxPayload = 1 << 20

func (o *op) check() error {
	if o.Gen != nil && (o.Gen.N < 0 || o.Gen.N > maxPayload) {
		return fmt.Errorf("a payload of %d bytes: it must be between 0 and %d", o.Gen.N, maxPayload)
	}
	if o.Len != nil && (*o.Len < 0 || *o.Len > maxPayload) {
		return fmt.Errorf("a read of %d bytes: it must be between 0 and %d", *o.Len, maxPayload)
	}
	if _, err := hex.DecodeString(o.Hex); err != nil {
		return fmt.Errorf("hex %q: %w", o.Hex, err)
	}
	if o.Resid != nil && *o.Resid > maxPayload {
		return fmt.Errorf("a residual count of %d: it must not be above %d", *o.Resid, maxPayload)
	}
	return nil
}

func (o *op) String() string {
	parts := []string{o.Op}
	for _, s := range []string{o.Name, o.Path, o.Filter, o.Family} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if o.Unit != 0 {
		parts = append(parts, fmt.Sprintf("unit %d", o.Unit))
	}
	if o.FD != 0 {
		parts = append(parts, fmt.Sprintf("fd %d", o.FD))
	}
	if len(o.Arg) > 0 {
		parts = append(parts, string(o.Arg))
	}
	if o.Set != nil {
		parts = append(parts, fmt.Sprintf("= %v", o.Set))
	}
	return strings.Join(parts, " ")
}

// payload is the bytes of a write or an output.
func (o *op) payload() []byte {
	if o.Gen != nil {
		p := make([]byte, o.Gen.N)
		for i := range p {
			p[i] = byte(o.Gen.Seed + 7*i)
		}
		return p
	}
	p, _ := hex.DecodeString(o.Hex) // check has looked at it
	return p
}

func (o *op) length() int {
	if o.Len == nil {
		return 2048
	}
	return *o.Len
}

func (o *op) on() bool { return o.On == nil || *o.On }

// truth is a flag that is written as true or as 1.
func truth(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case json.Number:
		return v != "0"
	}
	return false
}

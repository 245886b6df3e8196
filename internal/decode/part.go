package decode

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"strings"
)

// A Part is what is made of the value of a field before it is used: some of its bytes, a
// number added, another form. The zero value leaves it as it is.
type Part struct {
	Slice bool // only N bytes from At on, in hex
	At, N int
	Plus  int64
	Form  string // %d, %x, %04x and the like; "" for that of Value
}

// Check reports why the part can be made of no value of a field.
func (p Part) Check(name string) error {
	s, _, err := fieldOf(name)
	switch {
	case err != nil:
		return err
	case p.Slice && s.isNumber():
		return fmt.Errorf("%s is a number, and has no bytes to choose from: write %%04x or the like behind it", name)
	case p.Slice && (p.N < 1 || p.N > MaxFrame || p.At > MaxFrame):
		return fmt.Errorf("%s[%d:%d]: want [first byte:number of bytes]", name, p.At, p.N)
	case p.Plus != 0 && !p.Slice && s.kind != kUint && s.kind != kHex:
		return fmt.Errorf("%s is no number, to which something can be added", name)
	case p.Form != "" && !p.Slice && !s.isNumber() && strings.Trim(p.Form, "%xX") != "":
		return fmt.Errorf("%s is no number: only %%x, its bytes in hex, is a form of it", name)
	}
	return nil
}

// Of makes the part of a value as Value tells it. What is added goes round at the width of
// the field, or of the bytes that are taken: sequence numbers do.
func (p Part) Of(name, val string) (string, error) {
	s, _, err := fieldOf(name)
	if err == nil {
		err = p.Check(name)
	}
	switch {
	case err != nil:
		return "", err
	case p == Part{}:
		return val, nil
	case !s.isNumber():
		return p.ofBytes(s, val)
	}
	u, err := parseUint(val)
	if err != nil {
		return "", err
	}
	u += uint64(p.Plus) // modulo 2 to the 64, of which every width is a part
	if limit := s.limit(); s.n > 0 && s.scale <= 1 && s.kind != kStatus {
		u &= limit // all of its bits
	} else if u > limit {
		return "", fmt.Errorf("%s cannot be %d", name, int64(u))
	}
	if p.Form != "" {
		return fmt.Sprintf(p.Form, u), nil
	}
	text, _ := s.format(value{u: u})
	return text, nil
}

// ofBytes makes the part of what is no number.
func (p Part) ofBytes(s *spec, val string) (string, error) {
	var b []byte
	var err error
	switch s.kind {
	case kIPv4, kIPv6:
		var a netip.Addr
		a, err = netip.ParseAddr(val)
		b = a.AsSlice()
	case kText:
		b = []byte(val)
	default:
		b, err = hexBytes(val)
	}
	if err != nil {
		return "", err
	}
	if p.Slice {
		if p.At+p.N > len(b) {
			return "", fmt.Errorf("has %d bytes of %s, and not the bytes [%d:%d]", len(b), s.name, p.At, p.N)
		}
		b = b[p.At : p.At+p.N]
	}
	if p.Plus != 0 {
		n := new(big.Int).SetBytes(b)
		n.Add(n, big.NewInt(p.Plus))
		n.Mod(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
		b = n.FillBytes(make([]byte, len(b)))
	}
	switch {
	case p.Form == "" || strings.Trim(p.Form, "%x") == "":
		return hex.EncodeToString(b), nil
	case strings.Trim(p.Form, "%X") == "":
		return strings.ToUpper(hex.EncodeToString(b)), nil
	case len(b) > 8:
		return "", errors.New("is too long for a number")
	}
	return fmt.Sprintf(p.Form, new(big.Int).SetBytes(b).Uint64()), nil
}

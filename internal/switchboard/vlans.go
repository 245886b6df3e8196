package switchboard

import (
	"fmt"
	"strconv"
	"strings"

	"wireloom/internal/terminal"
	"wireloom/vnet/config"
	"wireloom/vnet/fabric/bridge"
)

// Membership is which VLANs a port shall be a member of, as a person says it: access and
// native are 0 for none, trunk is 10,20-30.
func Membership(access, native int, trunk string) (v config.PortVLAN, err error) {
	for _, vid := range []int{access, native} {
		if vid < 0 || vid > bridge.MaxVLANs {
			return v, fmt.Errorf("VLAN %d: a VLAN is 1 to %d", vid, bridge.MaxVLANs)
		}
	}
	tagged, err := vlans(trunk)
	return config.PortVLAN{Access: uint16(access), Native: uint16(native), Trunk: tagged}, err
}

// vlans reads numbers as people write them. They may be there twice: who looks at the
// whole says so.
func vlans(text string) (out []uint16, err error) {
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		first, last, both := strings.Cut(word, "-")
		from, err := strconv.ParseUint(first, 10, 16)
		to := from
		if err == nil && both {
			to, err = strconv.ParseUint(last, 10, 16)
		}
		if err != nil || from < 1 || to < from || to > bridge.MaxVLANs {
			return nil, fmt.Errorf("%q are no VLANs: they are numbers from 1 to %d, as 10,20-30", terminal.Cut(word, 40), bridge.MaxVLANs)
		}
		if len(out)+int(to-from) >= bridge.MaxVLANs {
			return nil, fmt.Errorf("there are %d VLANs at most", bridge.MaxVLANs)
		}
		for ; from <= to; from++ {
			out = append(out, uint16(from))
		}
	}
	return out, nil
}

// ranges writes numbers that are in order as people do: 10,20-30.
func ranges(n []uint16) string {
	var b []byte
	for i := 0; i < len(n); {
		j := i
		for j+1 < len(n) && n[j+1] == n[j]+1 {
			j++
		}
		if b != nil {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(n[i]), 10)
		if j > i {
			b = strconv.AppendUint(append(b, '-'), uint64(n[j]), 10)
		}
		i = j + 1
	}
	return string(b)
}

package option

import (
	"encoding/hex"
	"net/netip"
	"testing"
)

func bin(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func TestWhatIsTakenOver(t *testing.T) {
	src := netip.MustParseAddr("10.0.0.1")
	for _, c := range []struct {
		name, opts                    string
		answer, copied, linux, echoed string
	}{
		{"record route", "0707040000000000", "0707040000000000", "", "0101010101010100", "0707080a00000100"},
		{"router alert", "94040000", "", "94040000", "94040000", ""},
		{"no-operations", "01019404000001" + "00", "", "0101940400000100", "0101940400000100", ""},
		{"a security label", "82040000", "82040000", "82040000", "82040000", "82040000"},
		{"a timestamp", "4408050000000000", "4408050000000000", "", "0101010101010101", "4408090000001234"},
		{"a timestamp with address", "440c05010000000000000000", "440c05010000000000000000", "", "010101010101010101010101", "440c0d010a00000100001234"},
		{"a timestamp of given hosts", "440c05030a00000500000000", "440c05030a00000500000000", "", "010101010101010101010101", "440c05030a00000500000000"},
		{"a wrong length ends the walk", "9404000007ff0000", "", "94040000", "9404000007ff0000", ""},
		{"nothing", "", "", "", "", ""},
	} {
		opts := bin(c.opts)
		echoed := Answer(nil, opts)
		LinuxEcho(echoed, src, 0x1234)
		for name, got := range map[string][2]string{
			"Answer": {hex.EncodeToString(Answer(nil, opts)), c.answer}, "Copied": {hex.EncodeToString(Copied(nil, opts)), c.copied},
			"LinuxCopied": {hex.EncodeToString(LinuxCopied(nil, opts)), c.linux}, "LinuxEcho": {hex.EncodeToString(echoed), c.echoed},
		} {
			if got[0] != got[1] {
				t.Errorf("%s, %s: got %s, want %s", c.name, name, got[0], got[1])
			}
		}
	}
}

func TestWayBack(t *testing.T) {
	src := netip.MustParseAddr("10.9.0.2")
	for _, c := range []struct{ opt, want string }{
		{"830304", ""},
		{"8307080a000001", "0a00000101830704" + "0a090002"},
		{"830b0c0a0000010a000002", "0a00000201830b04" + "0a000001" + "0a090002"},
	} {
		if got := hex.EncodeToString(WayBack(nil, bin(c.opt), src)); got != c.want {
			t.Errorf("back from %s: got %s, want %s", c.opt, got, c.want)
		}
	}
}

func FuzzOptions(f *testing.F) {
	f.Add([]byte{7, 7, 4, 0, 0, 0, 0, 0})
	f.Add([]byte{1, 68, 12, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		src := netip.AddrFrom4([4]byte{10, 0, 0, 1})
		for _, out := range [][]byte{Answer(nil, b), Copied(nil, b)} {
			if len(out)%4 != 0 || len(out) > len(b)+3 {
				t.Errorf("%x becomes %x", b, out)
			}
			LinuxEcho(out, src, 1)
		}
		if out := LinuxCopied(nil, b); len(out) != len(b) {
			t.Errorf("%x becomes %x", b, out)
		}
		for len(b) > 0 {
			n, ok := Next(b)
			if !ok || n == 0 {
				break
			}
			if len(b[:n]) >= 3 {
				WayBack(nil, b[:n], src)
			}
			b = b[n:]
		}
	})
}

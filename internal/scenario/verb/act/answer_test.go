package act

import (
	"testing"

	"wireloom/vnet/userland/byhand"
)

func TestAnswers(t *testing.T) {
	for _, tc := range []struct {
		want, got string
		ok        bool
	}{
		{"", "0", true},
		{"ok", "12", true},
		{"ok", "-1 EWOULDBLOCK (Resource temporarily unavailable)", false},
		{"any", "-1 EIO (Input/output error)", true},
		{"EWOULDBLOCK", "-1 EWOULDBLOCK (Resource temporarily unavailable)", true},
		{"EAGAIN", "-1 EWOULDBLOCK (Resource temporarily unavailable)", true},
		{"EIO", "-1 EWOULDBLOCK (Resource temporarily unavailable)", false},
		{"EIO", "4", false},
		{"42", "42", true},
		{"42", "41", false},
		{"1..60", "60", true},
		{"1..60", "61", false},
		{"1..", "0", false},
		{"..5", "5", true},
		{"0 [tap1]", "0 [tap1]", true},
		{"0 [tap1]", "0 [tap2]", false},
		{"-1", "-1 EIO (Input/output error)", false},
	} {
		a, err := parseAnswer(tc.want)
		if err != nil {
			if tc.want != "-1" {
				t.Errorf("%q: %v", tc.want, err)
			}
			continue
		}
		if got := a.is(byhand.ReadAnswer("= " + tc.got + "\n")); got != tc.ok {
			t.Errorf("%q for %q: %t, want %t", tc.got, tc.want, got, tc.ok)
		}
	}
}

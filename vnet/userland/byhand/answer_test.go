package byhand

import (
	"testing"

	"wireloom/vnet/errno"
)

// What the syscall command prints of a call is read back as what the call answered.
func TestAnswersAreReadBack(t *testing.T) {
	for _, c := range []struct {
		name string
		n    int
		e    errno.Errno
		more string
		want Answer
	}{
		{"a number", 42, errno.OK, "", Answer{Line: "42", N: 42}},
		{"nothing to say", 0, errno.OK, "", Answer{Line: "0"}},
		{"a number and a name", 0, errno.OK, `["tap1"]`, Answer{Line: `0 ["tap1"]`, More: `["tap1"]`}},
		{"an error", -1, errno.EWOULDBLOCK, "", Answer{Line: "-1 EWOULDBLOCK (Resource temporarily unavailable)", N: -1, Errno: errno.EWOULDBLOCK}},
		{"an error, whatever else came out", -1, errno.EIO, "more", Answer{Line: "-1 EIO (Input/output error)", N: -1, Errno: errno.EIO}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := ReadAnswer(answerText(c.n, c.e, c.more) + "    0000  00 01\n"); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
	for text, want := range map[string]Answer{
		"syscall: there is no call \"x\"; help lists them\n": {Refused: `there is no call "x"; help lists them`},
		"":                            {},
		"net.inet.ip.forwarding: 1\n": {},
		"SIGIO\n= 3\n= 4\n":           {Line: "3", N: 3},
	} {
		if got := ReadAnswer(text); got != want {
			t.Errorf("%q: got %+v, want %+v", text, got, want)
		}
	}
}

package errno

import "testing"

func TestNamesAndMessages(t *testing.T) {
	for _, tc := range []struct {
		e             Errno
		name, message string
	}{
		{OK, "OK", "No error"},
		{EPERM, "EPERM", "Operation not permitted"},
		{ENXIO, "ENXIO", "Device not configured"},
		{EAGAIN, "EWOULDBLOCK", "Resource temporarily unavailable"},
		{EWOULDBLOCK, "EWOULDBLOCK", "Resource temporarily unavailable"},
		{ENOTSUP, "EOPNOTSUPP", "Operation not supported"},
		{EHOSTDOWN, "EHOSTDOWN", "Host is down"},
		{ECAPMODE, "ECAPMODE", "Not permitted in capability mode"},
		{95, "errno 95", "Unknown error: 95"},
		{65535, "errno 65535", "Unknown error: 65535"},
	} {
		if got := tc.e.String(); got != tc.name {
			t.Errorf("Errno(%d).String() = %q, want %q", uint16(tc.e), got, tc.name)
		}
		if got := tc.e.Message(); got != tc.message {
			t.Errorf("%v.Message() = %q, want %q", tc.e, got, tc.message)
		}
	}
}

func TestEveryNumberHasAUniqueNameThatParses(t *testing.T) {
	seen := map[string]Errno{}
	for i := range names {
		e := Errno(i)
		if e.String() == "" || e.Message() == "" {
			t.Errorf("number %d has no name or message: %q, %q", i, e.String(), e.Message())
		}
		if was, dup := seen[e.String()]; dup {
			t.Errorf("%d and %d are both called %s", was, e, e)
		}
		seen[e.String()] = e
		if got, ok := Parse(e.String()); got != e || !ok {
			t.Errorf("Parse(%q) = %d, %v, want %d, true", e.String(), got, ok, e)
		}
	}
}

func TestParseOtherNames(t *testing.T) {
	for _, tc := range []struct {
		name string
		want Errno
		ok   bool
	}{
		{"EAGAIN", EWOULDBLOCK, true},
		{"ENOTSUP", EOPNOTSUPP, true},
		{"EHOSTDOWN", 64, true},
		{"ehostdown", 0, false},
		{"", 0, false},
	} {
		if got, ok := Parse(tc.name); got != tc.want || ok != tc.ok {
			t.Errorf("Parse(%q) = %d, %v, want %d, %v", tc.name, got, ok, tc.want, tc.ok)
		}
	}
}

// The numbers that the drivers return are the same on all three systems.
func TestNumbersThatTheDialectsShare(t *testing.T) {
	for e, want := range map[Errno]uint16{
		EINTR: 4, ENXIO: 6, EFAULT: 14, EBUSY: 16, EINVAL: 22, ENOTTY: 25, EWOULDBLOCK: 35, EOPNOTSUPP: 45,
		EAFNOSUPPORT: 47, EADDRNOTAVAIL: 49, ENETDOWN: 50, ENETRESET: 52, ENOBUFS: 55, ENAMETOOLONG: 63, EHOSTDOWN: 64,
	} {
		if uint16(e) != want || e.NetBSD() != want {
			t.Errorf("%v is %d and %d on NetBSD, want %d on both", e, uint16(e), e.NetBSD(), want)
		}
	}
}

func TestNetBSDNumbersDiffer(t *testing.T) {
	for e, want := range map[Errno]uint16{
		EOVERFLOW: 84, EILSEQ: 85, ECANCELED: 87, EBADMSG: 88, ENOATTR: 93, EMULTIHOP: 94, ENOLINK: 95, EPROTO: 96,
	} {
		if got := e.NetBSD(); got != want {
			t.Errorf("%v.NetBSD() = %d, want %d", e, got, want)
		}
	}
	seen := map[uint16]Errno{}
	for i := range names {
		e := Errno(i)
		if was, dup := seen[e.NetBSD()]; dup {
			t.Errorf("%v and %v are both %d on NetBSD", was, e, e.NetBSD())
		}
		seen[e.NetBSD()] = e
	}
}

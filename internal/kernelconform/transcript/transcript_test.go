package transcript

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func recorded(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "testdata", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Every transcript is as itself, and each of its frames is one that can be read.
func TestARecordingIsAsItself(t *testing.T) {
	all, err := filepath.Glob("../testdata/*.txt")
	if err != nil || len(all) < 50 {
		t.Fatalf("%d transcripts, %v", len(all), err)
	}
	for _, file := range all {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		x := Parse(name, recorded(t, name))
		for _, d := range Compare(x, Parse(name, recorded(t, name))) {
			t.Errorf("%s: %v", name, d)
		}
		for _, s := range x.Steps {
			for _, f := range s.Frames {
				if len(f.fields) < 4 {
					t.Errorf("%s:%d: only %d fields in %q", name, f.Line, len(f.fields), f.Text)
				}
			}
		}
	}
}

// What a comparison does not look at could change unseen.
func TestChangesAreSeen(t *testing.T) {
	for _, tc := range []struct{ name, file, old, by, want string }{
		{"a time by more than the tolerance", "fbsd.synretx", "+6.212 TCP", "+6.500 TCP", "time"},
		{"a window", "fbsd.synretx", "win65535 id2", "win65534 id2", "win"},
		{"the order of options", "fbsd.synretx", "ws=6,sackOK,ts=000014dc", "sackOK,ws=6,ts=000014dc", "options"},
		{"a time stamp that runs at another rate", "fbsd.synretx", "ts=0000216600000000", "ts=0000336600000000", "options"},
		{"an identification", "fbsd.synretx", "id3 ", "id4 ", "id"},
		{"a sequence number within its connection", "fbsd.data", "seq3697831966", "seq3697831967", "seq"},
		{"an acknowledgement", "fbsd.delack", "ack1011", "ack1010", "ack"},
		{"a TTL", "nbsd.echo", "ttl255 df0 tos40", "ttl64 df0 tos40", "ttl"},
		{"DF", "fbsd.echo", "id2 ttl64 df1", "id2 ttl64 df0", "df"},
		{"TOS", "fbsd.echo", "tos40", "tos0", "tos"},
		{"what an error quotes", "fbsd.fwd", "data36 ckTrue len78 quotes 36", "data36 ckTrue len78 quotes 28", "quotes"},
		{"the MTU in an error", "fbsd.fwd", "rest=000003e8", "rest=000003e9", "rest"},
		{"a fragment's offset", "fbsd.frag", "mf1 off1480", "mf1 off1472", "frame"},
		{"a MAC that is asked for", "fbsd.arpage", ">ff:ff:ff:ff:ff:ff", ">02:00:00:00:00:99", "eth"},
		{"an errno", "fbsd.connref", "connect answered by ttl : e=65", "connect answered by ttl : e=61", "title"},
		{"a system call's time", "fbsd.tcpabsent", "after=75.005", "after=74.005", "title"},
		{"which neighbours there are", "fbsd.arpq", "0a000032 flags=2008", "0a000033 flags=2008", "note"},
		{"a sysctl", "fbsd.keepalive", "('msl', 'e=0 v=30000')", "('msl', 'e=0 v=15000')", "msl"},
		{"the bytes of an ICMPv6 message", "nbsd.v6", "t136 fd00::1>fd00::2 hl255 pl=40", "t136 fd00::1>fd00::2 hl255 pl=60", "pl"},
		{"a frame that is not sent", "fbsd.rst", "   +0.001 TCP 10.0.0.1:80>10.0.0.2:1000 R seq5000 ack0 win0 id12 ttl64 df1 tos0 data0 [] len54\n", "", "frame"},
		{"an answer of nobody's", "fbsd.udpq", "to 10.0.0.0 -> nothing (4d41524b)", "to 10.0.0.0 -> e=0 n=4 from=10.0.0.2:5 61626364", "title"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := recorded(t, tc.file)
			changed := strings.Replace(text, tc.old, tc.by, 1)
			if changed == text {
				t.Fatalf("nothing in the transcript is %q", tc.old)
			}
			diffs := Compare(Parse(tc.file, changed), Parse(tc.file, text))
			if len(diffs) == 0 || diffs[0].Field != tc.want {
				t.Errorf("differences %v, want one of %s", diffs, tc.want)
			}
		})
	}
}

// What no run can repeat is no difference.
func TestChanceIsNotCompared(t *testing.T) {
	for _, tc := range []struct{ name, file, old, by string }{
		{"a first sequence number", "fbsd.synretx", "seq3714211979", "seq1234567890"},
		{"the port that the kernel chose", "fbsd.synretx", "10.0.0.1:58988", "10.0.0.1:11111"},
		{"the kernel's MAC", "fbsd.arpq", "02:00:00:00:91:30", "02:00:00:00:01:01"},
		{"the address that is made of it", "nbsd.v6", "9e:3a58", "9e:3a59"},
		{"a time within the tolerance", "fbsd.synretx", "+6.212", "+6.111"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := recorded(t, tc.file)
			changed := strings.ReplaceAll(text, tc.old, tc.by)
			if tc.file == "nbsd.v6" {
				for _, x := range [][2]string{{"ff9e3a58", "ff9e3a59"}, {"fffe9e3a58", "fffe9e3a59"}, {"a49e3a58", "a49e3a59"}} {
					changed = strings.ReplaceAll(changed, x[0], x[1])
				}
			}
			if changed == text {
				t.Fatalf("nothing in the transcript is %q", tc.old)
			}
			for _, d := range Compare(Parse(tc.file, changed), Parse(tc.file, text)) {
				t.Error(d)
			}
		})
	}
}

// What is written can be read again.
func FuzzDescribe(f *testing.F) {
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x01\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01\x02\x00\x00\x00\x00\x01\x0a\x00\x00\x01\x00\x00\x00\x00\x00\x00\x0a\x00\x00\x02"))
	f.Add([]byte("\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x08\x00E\x00\x00\x1c\x00\x01\x00\x00\x40\x01\x66\xdd\x0a\x00\x00\x01\x0a\x00\x00\x02\x08\x00\xf7\xff\x00\x00\x00\x00"))
	f.Add([]byte("\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x86\xdd\x60\x00\x00\x00\x00\x04\x3a\x40 0123456789abcdef0123456789abcde\x80\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, frame []byte) {
		text := Describe(frame)
		x := Parse("x", "step\n   +0.000 "+text+"\n")
		if len(x.Steps) != 1 || len(x.Steps[0].Frames)+len(x.Steps[0].Notes) != 1 {
			t.Errorf("%q is read as %+v", text, x)
		}
		if len(frame) > 0 && len(x.Steps[0].Frames) == 1 {
			if d := Compare(x, x); len(d) > 0 {
				t.Errorf("%q is not as itself: %v", text, d)
			}
		}
	})
}

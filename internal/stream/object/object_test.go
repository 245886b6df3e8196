package object

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzString(f *testing.F) {
	f.Add("plain")
	f.Add("\x00\x1f\"\\\u2028\xe9\xe9\xed\xa0\x80")
	f.Fuzz(func(t *testing.T, s string) {
		var got string
		if err := json.Unmarshal(AppendString(nil, s), &got); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if want := strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\x00"), "\ufffd"); len([]rune(want)) > len([]rune(got)) || utf8.ValidString(s) && got != s {
			t.Errorf("%q came back as %q", s, got)
		}
	})
}

func TestObject(t *testing.T) {
	o := Open([]byte("["))
	o.Str("empty", "")
	o.Num("zero", 0)
	o.Str("text", "a\n\"\x01é")
	o.Int("none", 0)
	o.Bool("no", false)
	o.Float("half", 0.5)
	o.List("list", []string{"a", "b"})
	o.List("nothing", nil)
	o.Hex("bytes", []byte{0, 255})
	o.Hex("no bytes", nil)
	const want = `[{"text":"a\n\"\u0001é","none":0,"no":false,"half":0.5000,"list":["a","b"],"nothing":[],"bytes":"00ff"}`
	if got := string(o.Close()); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	in := Inside([]byte(`{"a":1`))
	in.Num("b", 2)
	if got := string(in.Close()); got != `{"a":1,"b":2}` {
		t.Error(got)
	}
}

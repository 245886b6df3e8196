package protocol

import (
	"encoding/json"
	"errors"
	"testing"
)

func TestPlain(t *testing.T) {
	cases := []struct{ name, message, want string }{
		{"another message", `{"type":"state","parts":7e0}`, ""},
		{"one without parts", `{"type":"events","events":[{"k":"log"}]}`, `{"type":"events","events":[{"k":"log"}]}`},
		{
			"rows of a shape", `{"type":"events","events":[],"parts":[{"seq":10,"t":100,"shapes":[[{"k":"call"},"n","-began"]],"rows":[[0,1,5,-1,3]]}]}`,
			`{"events":[{"seq":11,"t":105,"k":"call","n":-1,"began":102}],"type":"events"}`,
		},
		{
			"whole events, behind those that are no rows", `{"type":"events","events":[{"k":"left"}],"parts":[{"seq":1,"t":0,"shapes":[],"rows":[{"k":"log"}]}]}`,
			`{"events":[{"k":"left"},{"k":"log"}],"type":"events"}`,
		},
		{
			"a frame, and another event of it",
			`{"type":"events","events":[],"parts":[{"seq":1,"t":0,"shapes":[[{"k":"drop"}]],"rows":[[0,0,0,["00",["ARP","","","x"],"",4]],[0,1,0,0]]}]}`,
			`{"events":[{"seq":1,"t":0,"k":"drop","data":"00","head":4,"sum":{"proto":"ARP","info":"x"}},{"seq":2,"t":0,"k":"drop","as":1}],"type":"events"}`,
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := Plain([]byte(c.message))
			if c.want == "" { // what parts are is not known of other messages
				return
			}
			if err != nil || string(got) != c.want {
				t.Errorf("%s, %v\nwant %s", got, err, c.want)
			}
		})
	}
}

// FuzzPlain: whatever a server says, what comes back is JSON, or an error does.
func FuzzPlain(f *testing.F) {
	for _, rows := range []string{`[0,1,5,-1,3,["00",["ARP"]]]`, `[0]`, `[9,0,0]`, `[0,1,5,-1,3,[]]`, `[0,1,5,1,3,1e9]`, `{}`, `7`, `null`} {
		f.Add([]byte(`{"type":"events","events":[],"parts":[{"seq":10,"t":100,"shapes":[[{"k":"call"},"n","-began"],[]],"rows":[` + rows + `]}]}`))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		got, err := Plain(message)
		if err == nil && !json.Valid(got) {
			t.Errorf("%q became %q", message, got)
		}
		if err != nil && errors.Is(err, ErrPart) && got != nil {
			t.Errorf("%q: both %q and %v", message, got, err)
		}
	})
}

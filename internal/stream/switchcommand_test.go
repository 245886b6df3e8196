package stream

import (
	"strings"
	"testing"

	"wireloom/internal/session"
)

// What the page may do to switches and links, and why it may not.
func TestCommandsOfSwitchesAndLinks(t *testing.T) {
	s := newSession(t, echo, 0, session.Options{})
	openSite(t, s)
	for _, tc := range []struct{ say, want string }{
		{`"op":"table","switch":"s1","vlan":-1`, `{"entries":[],"total":0}`},
		{`"op":"table","switch":"s9","vlan":0`, `there is no switch "s9"`},
		{`"op":"port","port":"s1.1","link":"down"`, `{}`},
		{`"op":"port","port":"s1.1","link":"up"`, `{}`},
		{`"op":"port","port":"s1.1","link":""`, `say what is to change`},
		{`"op":"port","port":"s1.1","link":"off"`, `down or up`},
		{`"op":"port","port":"a:em0","link":"up"`, `no port`},
		{`"op":"port","port":"s1.1"`, `port needs link`},
		{`"op":"vlan","port":"s1.1","access":10,"native":0,"trunk":""`, `knows no VLANs`},
		{`"op":"vlan","port":"s1.1","access":0,"native":0,"trunk":""`, `in no VLAN`},
		{`"op":"vlan","port":"s1.1","access":65546,"native":0,"trunk":""`, `a VLAN is 1 to 4094`},
		{`"op":"vlan","port":"s1.1","access":0,"native":0,"trunk":"x"`, `are no VLANs`},
		{`"op":"impair","port":"s1.1","way":"","words":["delay 10ms"]`, `{}`},
		{`"op":"impair","port":"s1.1","way":"out","words":[""," "]`, `{}`},
		{`"op":"impair","port":"s1.1","way":"up","words":[]`, `go out or come in`},
		{`"op":"impair","port":"s1.1","way":"in","words":["dely 10ms"]`, `dely`},
		{`"op":"impair","port":"s1.1","way":"in"`, `impair needs words`},
		{`"op":"unplug","port":"s1.1"`, `{}`},
		{`"op":"unplug","port":"s1.1"`, `no link`},
		{`"op":"impair","port":"s1.1","way":"","words":[]`, `no link`},
		{`"op":"plug","a":"s1.1","b":"s1.1","delay":0`, `its ends are one`},
		{`"op":"plug","a":"s1.1","b":"nowhere","delay":0`, `there is no \"nowhere\"`},
		{`"op":"plug","a":"s1.1","b":"s1.2","delay":-1`, `not between`},
		{`"op":"plug","a":"` + strings.Repeat("x", 300) + `","b":"s1.1","delay":0`, `a name of 300 bytes`},
	} {
		c, err := parse([]byte(`{"type":"cmd","id":1,` + tc.say + `}`))
		if err != nil {
			t.Fatal(err)
		}
		b, err := c.answer(t.Context(), s, &Pass{})
		if err != nil || !strings.Contains(strings.ReplaceAll(string(b), `\"`, `"`), strings.ReplaceAll(tc.want, `\"`, `"`)) {
			t.Errorf("%s is answered %s, %v, want %s", tc.say, b, err, tc.want)
		}
	}
}

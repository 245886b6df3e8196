package product

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"wireloom/internal/open"
	"wireloom/internal/strictjson"
	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/kern"
)

// What a recording holds of a lab is its configuration as JSON: it must be read back
// to the same configuration, whatever is in it.
func TestConfigurationsAreReadBackExactly(t *testing.T) {
	configs := map[string]config.Lab{"nothing": {}}
	for _, name := range open.Builtin() {
		configs[name] = find(t, name).Config(nil)
	}
	seed := ^uint64(0)
	configs["the largest seed"] = find(t, "ping").Config(&seed)
	odd := find(t, "nat").Config(nil)
	odd.Nodes[0].Files = map[string][]byte{"/etc/\u202e<&>\u2028": {0, 1, 0xff}, "/var/empty/": nil, "/etc/nothing": {}}
	odd.Nodes[0].Programs = []config.Program{{Name: "p", Argv: []string{"\t\x01\"\\", "é\ufffd"}, Env: []string{}}}
	configs["odd texts"] = odd
	for name, want := range configs {
		t.Run(name, func(t *testing.T) {
			text, err := json.Marshal(want)
			if err != nil {
				t.Fatal(err)
			}
			var got config.Lab
			if err := strictjson.Decode(text, &got); err != nil {
				t.Fatal(err)
			}
			if again, err := json.Marshal(got); err != nil || string(again) != string(text) {
				t.Errorf("%v; got\n%s\nwant\n%s", err, again, text)
			}
			want.Window = 0
			if name != "odd texts" && !reflect.DeepEqual(got, want) { // which has an empty file that comes back as nil
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
	for name, spoil := range map[string]func(c *config.Lab){
		"an argument": func(c *config.Lab) { c.Nodes[0].Programs = []config.Program{{Name: "p", Argv: []string{"\xff"}}} },
		"a variable":  func(c *config.Lab) { c.Nodes[0].Programs = []config.Program{{Name: "p", Env: []string{"A=\xff"}}} },
		"a path":      func(c *config.Lab) { c.Nodes[0].Files = map[string][]byte{"/a\xff": nil} },
		"a dialect":   func(c *config.Lab) { c.Nodes[0].Dialect = kern.Linux + 1 },
	} {
		c := find(t, "ping").Config(nil)
		c.Nodes = append([]config.Node{}, c.Nodes...)
		spoil(&c)
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), "UTF-8") && !strings.Contains(err.Error(), "no dialect") {
			t.Errorf("%s that cannot be written down, or means nothing, was taken: %v", name, err)
		}
	}
}

// A configuration that comes from a stranger's recording either is refused or gives a
// lab that runs.
func FuzzConfigOfARecording(f *testing.F) {
	for _, name := range []string{"ping", "router", "vpn", "two-kernels"} {
		src, err := open.Scenario(name)
		if err != nil {
			f.Fatal(err)
		}
		c := src.Config(nil)
		for i := range c.Nodes {
			c.Nodes[i].Files = nil // they are the most of it
		}
		text, err := json.Marshal(c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var c config.Lab
		if strictjson.Decode(text, &c) != nil {
			return
		}
		nodes, ports := len(c.Nodes), 0
		for _, s := range c.Switches {
			ports += s.Ports
		}
		if nodes > 16 || ports > 1024 {
			return // they take long, and are nothing new
		}
		c.Window = -1
		lab, err := vnet.New(c, Runtime())
		if err != nil {
			return
		}
		defer lab.Close()
		lab.Start()
		lab.Run(100*time.Millisecond, 2000)
	})
}

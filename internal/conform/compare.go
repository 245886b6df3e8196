package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A row is one behaviour in which two drivers of the same device are put side
// by side. What the table says is what they do when it is written: the
// operations run, in the form of a recording, and the cells are taken from
// the result of the last.
type row struct {
	text      string
	functions [2]string // of each driver's source
	setup     string    // the name of a setup
	ops       []string
	show      []string // places in the result: "errno", "state.ifs.0.qlen", ...
}

// A comparison is a device and its two drivers.
type comparison struct {
	device  string
	drivers [2]string
	setups  [2]map[string][]string // operations that rows begin with, by driver
	rows    []row
}

const (
	load   = `{"op":"load"}`
	out20  = `{"op":"output","family":"inet","gen":{"n":20,"seed":1}}`
	write  = `{"op":"write","gen":{"n":60,"seed":2}}`
	ifup   = `{"op":"ifup"}`
	read   = `{"op":"read"}`
	closes = `{"op":"close"}`
)

var (
	openTun  = []string{load, `{"op":"open","path":"tun0"}`}
	readyTun = append(openTun[:2:2], `{"op":"ifioctl","name":"SIOCSIFADDR","arg":{"family":"inet","addr":"10.0.0.1","dst":"10.0.0.2"}}`)
	tunSetup = map[string][]string{"loaded": {load}, "open": openTun, "ready": readyTun}

	dfOpen  = []string{load, `{"op":"open","path":"tap0"}`}
	nbOpen  = []string{load, `{"op":"create","name":"tap0"}`, `{"op":"open","path":"tap0"}`}
	dfSetup = map[string][]string{
		"loaded": {load}, "made": {load, `{"op":"create","name":"tap0"}`, ifup}, "open": dfOpen, "ready": append(dfOpen[:2:2], ifup),
	}
	nbSetup = map[string][]string{
		"loaded": {load}, "made": {load, nbOpen[1], ifup}, "open": nbOpen, "ready": append(nbOpen[:3:3], ifup),
	}
)

func repeat(op string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = op
	}
	return out
}

func both(function string) [2]string { return [2]string{function, function} }

var comparisons = []comparison{
	{
		device: "tun", drivers: [2]string{"freebsd-tun", "dragonfly-tun"}, setups: [2]map[string][]string{tunSetup, tunSetup},
		rows: []row{
			{"open by somebody who is not root, nobody has made the interface", [2]string{"tunclone", "tunopen"}, "loaded", []string{`{"op":"open","path":"tun0","root":false}`}, []string{"errno"}},
			{"link state once it is open", both("tunopen"), "open", nil, []string{"state.ifs.0.link"}},
			{"a second open by the same process", both("tunopen"), "open", []string{`{"op":"open","path":"tun0"}`}, []string{"errno"}},
			{"a second open by another process", both("tunopen"), "open", []string{`{"op":"open","path":"tun0","pid":200}`}, []string{"errno"}},
			{"output while the interface is down", both("tunoutput"), "open", []string{out20}, []string{"errno", "state.ifs.0.qlen"}},
			{"output of IPv6 without TUNSIFHEAD", both("tunoutput"), "ready", []string{`{"op":"output","family":"inet6","hex":"60"}`}, []string{"errno"}},
			{"who is told of a packet", [2]string{"tunstart", "tunoutput"}, "ready", []string{out20}, []string{"events"}},
			{"the 51st packet that nobody reads", both("tunoutput"), "ready", repeat(out20, 51), []string{"errno", "state.ifs.0.cnt"}},
			{"write while the interface is down", both("tunwrite"), "open", []string{write}, []string{"errno", "resid", "state.ifs.0.cnt"}},
			{"write of a family that is none, with TUNSIFHEAD", both("tunwrite"), "ready", []string{`{"op":"ioctl","name":"TUNSIFHEAD","arg":1}`, `{"op":"write","hex":"0000006345"}`}, []string{"errno", "state.ifs.0.cnt"}},
			{"write of 3 bytes, with TUNSIFHEAD", both("tunwrite"), "ready", []string{`{"op":"ioctl","name":"TUNSIFHEAD","arg":1}`, `{"op":"write","hex":"000000"}`}, []string{"errno", "state.ifs.0.cnt"}},
			{"write from an address that is none", both("tunwrite"), "ready", []string{`{"op":"write","hex":"45","inject":{"uiomove":0}}`}, []string{"errno", "state.ifs.0.cnt"}},
			{"read of no bytes with a packet queued", both("tunread"), "ready", []string{out20, `{"op":"read","len":0}`}, []string{"errno", "state.ifs.0.qlen"}},
			{"read with nothing queued", both("tunread"), "ready", []string{read}, []string{"sleep"}},
			{"TUNSIFINFO with another MTU, not by root", both("tunioctl"), "open", []string{`{"op":"ioctl","name":"TUNSIFINFO","arg":{"mtu":1400,"type":23,"baudrate":0},"root":false}`}, []string{"errno"}},
			{"flags after TUNSIFMODE BROADCAST", both("tunioctl"), "open", []string{`{"op":"ioctl","name":"TUNSIFMODE","arg":["BROADCAST"]}`}, []string{"state.ifs.0.flags"}},
			{"kqueue, EVFILT_READ", [2]string{"tunkqfilter", "tun_cdevsw"}, "open", []string{`{"op":"kqfilter","filter":"read"}`}, []string{"errno"}},
			{"close: what happens", both("tunclose"), "ready", []string{closes}, []string{"events"}},
			{"addresses after the close", both("tunclose"), "ready", []string{closes}, []string{"state.ifs.0.addrs"}},
			{"flags after the close", both("tunclose"), "ready", []string{closes}, []string{"state.ifs.0.flags"}},
			{"unload while it is open", [2]string{"tunmodevent", "tunattach"}, "open", []string{`{"op":"unload"}`}, []string{"errno", "sleep"}},
		},
	},
	{
		device: "tap", drivers: [2]string{"dragonfly-tap", "netbsd-tap"}, setups: [2]map[string][]string{dfSetup, nbSetup},
		rows: []row{
			{"open of /dev/tap", [2]string{"tapclone", "tap_dev_cloner"}, "loaded", []string{`{"op":"open","path":"tap"}`}, []string{"errno", "unit", "fd"}},
			{"open of /dev/tap by somebody who is not root", [2]string{"tapopen", "tap_dev_cloner"}, "loaded", []string{`{"op":"open","path":"tap","root":false}`}, []string{"errno", "state.ifs.0.name"}},
			{"open of /dev/tap0, not made by ifconfig", [2]string{"tapopen", "tap_cdev_open"}, "loaded", []string{`{"op":"open","path":"tap0"}`}, []string{"errno"}},
			{"a second open of the same unit", [2]string{"tapopen", "tap_cdev_open"}, "open", []string{`{"op":"open","path":"tap0"}`}, []string{"errno"}},
			{"write while the interface is down", [2]string{"tapwrite", "tap_dev_write"}, "open", []string{write}, []string{"errno", "state.ifs.0.cnt", "events"}},
			{"write by nobody who has it open", [2]string{"tapwrite", "tap_dev_write"}, "made", []string{write}, []string{"errno"}},
			{"write of 10 bytes", [2]string{"tapwrite", "tap_dev_write"}, "ready", []string{`{"op":"write","gen":{"n":10,"seed":1}}`}, []string{"errno", "state.ifs.0.cnt", "events"}},
			{"write of nothing", [2]string{"tapwrite", "tap_dev_write"}, "ready", []string{`{"op":"write"}`}, []string{"errno", "state.ifs.0.cnt", "events"}},
			{"write of 16385 bytes", [2]string{"tapwrite", "tap_dev_write"}, "ready", []string{`{"op":"write","gen":{"n":16385,"seed":1}}`}, []string{"errno"}},
			{"output while nobody has it open", [2]string{"tapifstart", "tap_start"}, "made", []string{out20}, []string{"errno", "state.ifs.0.cnt"}},
			{"who is told of a frame", [2]string{"tapifstart", "tap_start"}, "ready", []string{out20}, []string{"events"}},
			{"who is told of the next", [2]string{"tapifstart", "tap_start"}, "ready", repeat(out20, 2), []string{"events"}},
			{"counters after a frame has been read", [2]string{"tapread", "tap_dev_read"}, "ready", []string{out20, read}, []string{"state.ifs.0.cnt"}},
			{"read of 20 bytes in mbufs of 14, 0 and 6", [2]string{"tapread", "tap_dev_read"}, "ready", []string{`{"op":"output","gen":{"n":20,"seed":1},"chain":[14,0]}`, read}, []string{"data.len"}},
			{"read with nothing queued, the file has O_NONBLOCK", [2]string{"tapread", "tap_dev_read"}, "ready", []string{`{"op":"read","nonblock":true}`}, []string{"errno", "sleep"}},
			{"read while the interface is down", [2]string{"tapread", "tap_dev_read"}, "open", []string{read}, []string{"errno", "sleep"}},
			{"two readers and one frame: the second", [2]string{"tapread", "tap_dev_read"}, "ready", []string{read, read, out20}, []string{"completed.1.sleep", "completed.1.errno", "completed.1.data.len"}},
			{"FIONBIO", [2]string{"tapioctl", "tap_dev_ioctl"}, "ready", []string{`{"op":"ioctl","name":"FIONBIO","arg":1}`}, []string{"errno"}},
			{"kqueue, EVFILT_WRITE (a result of 1 is a refusal)", [2]string{"tapkqfilter", "tap_dev_kqfilter"}, "ready", []string{`{"op":"kqfilter","filter":"write"}`}, []string{"errno", "result", "kn"}},
			{"poll of a device that is not there", [2]string{"devfs", "tap_dev_poll"}, "loaded", []string{`{"op":"poll","events":["IN"],"unit":9}`}, []string{"errno", "revents"}},
			{"SIOCSIFMTU 9000", [2]string{"ether_ioctl", "ether_ioctl"}, "ready", []string{`{"op":"ifioctl","name":"SIOCSIFMTU","arg":{"mtu":9000}}`}, []string{"errno"}},
			{"a frame queued, then the first ifconfig up", [2]string{"tapifinit", "tap_init"}, "open", []string{out20, ifup}, []string{"state.ifs.0.qlen", "state.ifs.0.devqlen", "state.ifs.0.devqdrops"}},
			{"a reader sleeps, then ifconfig down", [2]string{"tapifstop", "tap_stop"}, "ready", []string{read, `{"op":"ifdown"}`}, []string{"completed.0.errno"}},
			{"flags after the close", [2]string{"tapclose", "tap_dev_close"}, "ready", []string{closes}, []string{"state.ifs.0.flags"}},
			{"ifconfig destroy while it is open", [2]string{"tap_clone_destroy", "tap_clone_destroy"}, "ready", []string{`{"op":"destroy","name":"tap0"}`}, []string{"errno", "state.ifs"}},
			{"unload while it is open", [2]string{"tapmodevent", "tapdetach"}, "ready", []string{`{"op":"unload"}`}, []string{"errno"}},
		},
	},
}

// cell runs a row against a driver.
func (r row) cell(name string, setup []string) (string, error) {
	m := newMachine(drivers[name])
	defer m.close()
	var last result
	for i, text := range append(setup[:len(setup):len(setup)], r.ops...) {
		var o op
		if err := decode([]byte(text), &o); err != nil {
			return "", fmt.Errorf("%s: %s: %w", r.text, text, err)
		}
		last = m.step(i+1, &o)
	}
	data, err := json.Marshal(last)
	if err != nil {
		return "", err
	}
	var res any
	if err := decode(data, &res); err != nil {
		return "", err
	}
	var parts []string
	for _, place := range r.show {
		v, ok := lookup(res, strings.Split(place, "."))
		if !ok {
			continue
		}
		label := place[strings.LastIndexByte(place, '.')+1:]
		parts = append(parts, cellText(label, v))
	}
	if len(parts) == 0 {
		return "–", nil
	}
	return strings.Join(parts, ", "), nil
}

func lookup(v any, path []string) (any, bool) {
	for _, key := range path {
		switch x := v.(type) {
		case map[string]any:
			w, ok := x[key]
			if !ok {
				return nil, false
			}
			v = w
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(x) {
				return nil, false
			}
			v = x[i]
		default:
			return nil, false
		}
	}
	return v, true
}

// cellText is a value in a few words.
func cellText(label string, v any) string {
	switch x := v.(type) {
	case string:
		if label == "sleep" {
			return "sleeps in " + x
		}
		return x
	case map[string]any:
		var parts []string
		for _, k := range sortedKeys(x) {
			parts = append(parts, fmt.Sprintf("%s %v", k, x[k]))
		}
		return orNone(label, parts)
	case []any:
		var parts []string
		for _, e := range x {
			parts = append(parts, element(e))
		}
		return orNone(label, parts)
	}
	return fmt.Sprintf("%s %v", label, v)
}

func orNone(label string, parts []string) string {
	if len(parts) == 0 {
		return map[string]string{
			"cnt": "nothing counted", "events": "nothing happens", "addrs": "none", "flags": "none", "ifs": "the interface is gone",
		}[label]
	}
	return strings.Join(parts, ", ")
}

// element is what a list shows of one of its objects.
func element(e any) string {
	m, ok := e.(map[string]any)
	if !ok {
		return fmt.Sprint(e)
	}
	for _, key := range []string{"ev", "addr", "name"} {
		if s, ok := m[key].(string); ok {
			if why, ok := m["why"].(string); ok {
				s += " (" + why + ")"
			}
			return s
		}
	}
	return fmt.Sprint(m)
}

// writeComparison writes the tables as Markdown.
func writeComparison(out io.Writer) error {
	fmt.Fprint(out, "# The drivers side by side\n\n"+
		"Written by `go run ./internal/conform -compare`, which runs what each row says against both drivers.\n"+
		"In parentheses: the function of the original's source.\n")
	for _, c := range comparisons {
		fmt.Fprintf(out, "\n## %s\n\n| behaviour | %s | %s |\n|---|---|---|\n", c.device, sources[c.drivers[0]], sources[c.drivers[1]])
		for _, r := range c.rows {
			fmt.Fprintf(out, "| %s |", r.text)
			for i, name := range c.drivers {
				text, err := r.cell(name, c.setups[i][r.setup])
				if err != nil {
					return err
				}
				fmt.Fprintf(out, " %s (`%s`) |", text, r.functions[i])
			}
			fmt.Fprintln(out)
		}
	}
	return nil
}

package product

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"wireloom/internal/open"
	"wireloom/internal/strictjson"
	"wireloom/vnet"
)

// The commands of a stranger's recording are done to a lab with drivers and stacks:
// each is refused, or the lab goes on.
func FuzzCommandsOfARecording(f *testing.F) {
	src, err := open.Scenario("ping")
	if err != nil {
		f.Fatal(err)
	}
	conf := src.Config(nil)
	conf.Window = -1
	for _, text := range []string{
		`{"op":"exec","node":"alice","line":"ifconfig em0 | cat"}`,
		`{"op":"arrive","port":"s1.1","hex":"ffffffffffff0200000000aa08060001080006040001020000000000aa0a00000700000000000a000002"}` + "\n" + `{"op":"inject","port":"alice:em0","hex":"000000"}`,
		`{"op":"fault","port":"s1.1","drop":[1,2],"delay":[3],"by":1000000}` + "\n" + `{"op":"link","port":"s1.2","link":"down"}`,
		`{"op":"add-node","node":{"Name":"c","Dialect":2,"NICs":[{"Name":"em0","MAC":"00:00:00:00:00:00","Addresses":["10.0.0.9/24"]}],"Devices":[{"Name":"tap0","MAC":"00:00:00:00:00:00","Addresses":null,"Down":false}],"Programs":null}}` +
			"\n" + `{"op":"unplug","port":"s1.1"}` + "\n" + `{"op":"plug","a":"c:em0","b":"s1.1"}` + "\n" + `{"op":"remove-node","node":"c"}`,
		`{"op":"add-switch","switch":{"Name":"s9","Ports":4}}` + "\n" + `{"op":"remove-switch","switch":"s9"}`,
		`{"op":"start","node":"bob","proc":"pingd"}` + "\n" + `{"op":"kill","node":"alice","proc":"ping"}` + "\n" + `{"op":"output","port":"alice:em0","hex":"000000"}`,
	} {
		for line := range strings.Lines(text) {
			if _, err := vnet.DecodeCommand([]byte(line), strictjson.Decode); err != nil {
				f.Fatalf("%s: %v", line, err)
			}
		}
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		const few = 8
		lines := bytes.SplitN(text, []byte("\n"), few+1)
		var commands []vnet.Command
		for _, line := range lines[:min(len(lines), few)] {
			if c, err := vnet.DecodeCommand(line, strictjson.Decode); err == nil {
				commands = append(commands, c)
			}
		}
		if len(commands) == 0 {
			return
		}
		lab, err := vnet.New(conf, Runtime())
		if err != nil {
			t.Fatal(err)
		}
		defer lab.Close()
		lab.Start()
		for _, c := range commands {
			_, _ = lab.Do(c) // one that is refused changes nothing
			lab.Run(lab.Now()+50*time.Millisecond, lab.Steps()+1000)
		}
	})
}

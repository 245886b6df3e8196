package vnet_test

import (
	"testing"
	"time"

	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/event"
)

// A port's frames are logged by a site, which a cable that is plugged elsewhere makes anew:
// the log says where each frame goes, also to who reads it later.
func TestFramesGoWhereTheCableIsPluggedNow(t *testing.T) {
	lab, err := vnet.New(config.Lab{Name: "replug", Switches: []config.Switch{{Name: "s1", Ports: 2}, {Name: "s2", Ports: 1}, {Name: "s3", Ports: 1}}}, vnet.Runtime{})
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	for _, to := range []string{"s2.1", "s3.1", "s2.1"} {
		for _, c := range []vnet.Command{
			vnet.Plug{A: "s1.2", B: to},
			vnet.Arrive{Port: "s1.1", Hex: []byte("\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x01\x88\xb5")},
		} {
			if _, err := lab.Do(c); err != nil {
				t.Fatal(err)
			}
		}
		lab.Run(lab.Now()+time.Millisecond, vnet.NoLimit)
		sent := ""
		lab.Log().Each(0, func(e *event.Event) bool {
			if e.Kind == event.Frame {
				sent = e.Port + " -> " + e.Peer
			}
			return true
		})
		if want := "s1.2 -> " + to; sent != want {
			t.Errorf("the log says %s, want %s", sent, want)
		}
		if _, err := lab.Do(vnet.Unplug{Port: "s1.2"}); err != nil {
			t.Fatal(err)
		}
	}
}

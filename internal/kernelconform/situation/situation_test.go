package situation

import (
	"strings"
	"testing"

	"wireloom/internal/kernelconform/transcript"
	"wireloom/vnet/kern"
)

// A NetBSD node answers by a network card as by its tap, which takes frames for any
// unicast address besides.
func TestNetBSDAnswersByACardAsByItsTap(t *testing.T) {
	for _, s := range All {
		if !s.Recorded(kern.NetBSD) {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			tap, err := s.Run(kern.NetBSD)
			if err != nil {
				t.Fatal(err)
			}
			s.conf.Card = true
			card, err := s.Run(kern.NetBSD)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range transcript.Compare(card, tap) {
				anyMAC := strings.Contains(d.Step, "another") || strings.Contains(d.Step, "foreign MAC")
				report := s.Name == "v6" && strings.HasSuffix(d.Step, ":") // at times of chance
				if !anyMAC && !report {
					t.Error(d)
				}
			}
		})
	}
}

// The same situation has the same transcript.
func TestRunsRepeat(t *testing.T) {
	for _, s := range All {
		for _, d := range []kern.Dialect{kern.FreeBSD, kern.DragonFly, kern.NetBSD} {
			first, err := s.Text(d)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := s.Text(d); err != nil || again != first {
				t.Errorf("%s.%s is not the same when it is run again: %v", Prefix(d), s.Name, err)
			}
		}
	}
}

package scenario

import (
	"strings"
	"testing"
)

// What two interfaces share by mistake is remarked on, and so is a tun in a switch.
func TestWhatIsThereTwiceIsRemarkedOn(t *testing.T) {
	for _, tc := range []struct{ name, nodes, want string }{
		{"an IP address", `a: {nics: {em0: {port: s1.1, address: 10.0.0.1/24}}}, b: {nics: {em0: {port: s1.2, address: 10.0.0.1/16}}}`, "a:em0 and b:em0 have one IP address, 10.0.0.1"},
		{"an Ethernet address", `a: {nics: {em0: {port: s1.1, mac: "02:00:00:00:00:01"}}}, b: {dialect: netbsd, devices: {tap0: {port: s1.2, mac: "02:00:00:00:00:01"}}}`, "a:em0 and b:tap0 have one Ethernet address, 02:00:00:00:00:01"},
		{"nothing", `a: {nics: {em0: {port: s1.1, address: 10.0.0.1/24}}}, b: {nics: {em0: {port: s1.2, address: 10.0.0.2/24}}}`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sc, err := Parse("f", []byte("scenario: x\nnodes: {"+tc.nodes+"}\nswitches: {s1: {ports: 2}}\n"))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range sc.Remarks {
				got = append(got, r.Message)
			}
			if text := strings.Join(got, "\n"); tc.want == "" && text != "" || !strings.Contains(text, tc.want) {
				t.Errorf("remarks %q, want %q", got, tc.want)
			}
		})
	}
}

package main

import (
	"fmt"
	"strings"

	"wireloom/internal/kernelconform/transcript"
	"wireloom/vnet/kern"
)

// The rows of IPv6, which was recorded of NetBSD alone, and of DragonFly, whose kernel was
// read and not run.
var ip6Rows = []row{
	{
		part: "IPv6", what: "the interface comes up", matters: hurts, only: onlyNetBSD,
		shows: func(r *runs) string {
			all := in(r.step("v6", "interface up:"), proto("ICMP6"))
			first, second, probes := 0, 0, 0
			for _, f := range all {
				switch {
				case f.Get("t") == "135":
					probes++
				case f.At < 1.5:
					first++
				default:
					second++
				}
			}
			own := "no address"
			if len(all) > 0 {
				own = "fe80 by itself"
			}
			return fmt.Sprintf("%s; %d reports, and %d again; %d probe", own, first, second, probes)
		},
		nbsd: "fe80 by itself; 2 reports, and 2 again; 1 probe", // the transcript begins after the probe
	},
	{
		part: "IPv6", what: "fd00::1/64 is set", matters: hurts, only: onlyNetBSD,
		shows: func(r *runs) string { return fields(in(r.step("v6", "fd00::1/64 set:"), proto("ICMP6")), "t") },
	},
	{
		part: "IPv6", what: "NA to a unicast NS; to a probe of another's", matters: polish, only: onlyNetBSD,
		shows: func(r *runs) string {
			uni, dad := in(r.step("v6", "NS unicast"), proto("ICMP6")), in(r.step("v6", "DAD NS"), proto("ICMP6"))
			if len(uni) == 0 || len(dad) == 0 {
				return "silence"
			}
			from, _, _ := strings.Cut(dad[0].Get("addresses"), ">")
			return fmt.Sprintf("%d bytes; from %.4s", len(uni[0].Get("pl"))/2, from)
		},
	},
	{
		part: "IPv6", what: "NS for an absent host; then", matters: none, only: onlyNetBSD,
		shows: func(r *runs) string {
			s := r.step("v6", "one datagram to absent")
			var about []transcript.Frame
			for _, f := range in(s, proto("ICMP6")) {
				if strings.Contains(f.Get("pl"), "fd000000000000000000000000000009") {
					about = append(about, f)
				}
			}
			var then []string
			for _, n := range s.Notes {
				then = append(then, errnoOf(n))
			}
			return times(about) + "; " + strings.Join(then, ", ")
		},
	},
	{
		part: "IPv6", what: "no route", matters: polish, only: onlyNetBSD,
		shows: func(r *runs) string { return errnoOf(r.title("v6", "no route:")) },
	},
	{
		part: "IPv6", what: "SYN", matters: polish, only: onlyNetBSD,
		shows: func(r *runs) string {
			n := note(r.step("v6", "no route:"), "SYN")
			_, rest, _ := strings.Cut(n, " ")
			head, flow, _ := strings.Cut(rest, " flow ")
			label := "a flow label"
			if strings.Trim(strings.TrimPrefix(flow, "60"), "0") == "" {
				label = "no flow label"
			}
			return plainOptions(head) + "; " + label
		},
	},
	{
		part: "DragonFly", what: "absent host, a datagram each 0.2 s", matters: polish, only: []kern.Dialect{kern.DragonFly},
		shows: func(r *runs) string {
			s := r.step("arpabsent2", "a datagram each 0.2 s")
			var at []string
			for _, f := range in(s, arp) {
				at = append(at, fmt.Sprintf("%.1f", f.At))
			}
			return strings.Join(at, " ") + "; " + failsFrom(s)
		},
		dfly: "0.0 0.8 1.8 2.8 3.8 24.8 25.8 26.8 27.8; e=64 from 5.0 s",
	},
}

package main

import (
	"fmt"
	"strings"

	"wireloom/internal/kernelconform/transcript"
	"wireloom/vnet/kern"
)

// The rows of ARP, Ethernet and ICMP.
var linkRows = []row{
	{
		part: "ARP", what: "an address is set", matters: hurts,
		shows: func(r *runs) string { return announced(r.step("addr", "address set:")) },
		nbsd:  "gratuitous at 0.0",
	},
	{
		part: "ARP", what: "an address is set, and the interface was up", matters: hurts,
		shows: func(r *runs) string { return announced(r.step("addrup", "address set:")) },
		fbsd:  "gratuitous at 0.0", nbsd: "3 probes from 0.0.0.0 at 0..1 s, 1..2 s apart, 2 announcements at 2 s, 4 s after",
	},
	{
		part: "ARP", what: "absent host, one datagram", matters: hurts,
		shows: func(r *runs) string { return requests(in(r.step("arpabsent", "one datagram"), arp)) },
	},
	{
		part: "ARP", what: "absent host, a datagram each 0.5 s", matters: polish,
		shows: func(r *runs) string {
			s := r.step("arpabsent", "then a datagram")
			return pace(in(s, arp)) + "; " + failsFrom(s)
		},
		dfly: "4 requests 1.0 s apart, 21 s without one, again; e=64 from 4.5 s", // the 5th of all was 9 s before,
	},
	{
		part: "ARP", what: "connect() to an absent host", matters: hurts,
		shows: func(r *runs) string {
			s := r.step("tcpabsent", "connect to absent")
			var at []string
			for _, f := range in(s, arp) {
				at = append(at, fmt.Sprintf("%.0f", f.At))
			}
			_, after, _ := strings.Cut(s.Title, "after=")
			return fmt.Sprintf("%s after %s s; requests at %s", errnoOf(s.Title), cutWords(after, 1), strings.Join(at, " "))
		},
		dfly: "e=60 after 75.0 s; requests at 0 3 6 9 13 58", // the 6th begins the pause of 20 s
	},
	{
		part: "ARP", what: "packets held for an unknown neighbour", matters: hurts,
		shows: func(r *runs) string {
			var out []string
			for _, title := range []string{"5 datagrams", "20 datagrams", "60 datagrams"} {
				_, arrived, _ := strings.Cut(r.step("held", title).Title, "arrived: ")
				out = append(out, arrived)
			}
			late := "lost"
			if strings.Contains(r.title("held", "reply after 12 s: arrived"), "UDP") {
				late = "sent"
			}
			return strings.Join(out, " ") + "; after 12 s: " + late
		},
	},
	{
		part: "ARP", what: "an entry in use, 40 s; then the neighbour is silent, 30 s", matters: blocks,
		shows: func(r *runs) string {
			return requests(in(r.step("arpage", "a datagram each second"), arp)) + "; sent " + note(r.step("arpage", "neighbour silent"), "datagrams still sent:")
		},
	},
	{
		part: "ARP", what: "a known neighbour's MAC changes: gratuitous request, gratuitous reply, unsolicited unicast reply, request for a third host", matters: blocks,
		shows: func(r *runs) string { return note(r.step("moves", "moves"), "takes effect:") },
		fbsd:  "yes yes yes yes", nbsd: "yes yes yes yes",
	},
	{
		part: "ARP", what: "unsolicited unicast reply of an unknown neighbour", matters: hurts,
		shows: func(r *runs) string { return note(r.step("moves", "moves"), "unknown:") },
		fbsd:  "entry made", nbsd: "entry made",
	},
	{
		part: "ARP", what: "request from off-net 192.168.1.1; probe from 0.0.0.0", matters: polish,
		shows: func(r *runs) string { return note(r.step("moves", "moves"), "off-net, probe:") },
		fbsd:  "answered, answered; no entry", nbsd: "answered, answered; no entry",
	},
	{
		part: "ARP", what: "somebody uses our address, for another target, for itself", matters: polish,
		shows: func(r *runs) string { return note(r.step("moves", "moves"), "conflict:") },
		fbsd:  "answered, answered; kernel message", nbsd: "answered, answered; kernel message",
	},
	{
		part: "ARP", what: "sender MAC ff:ff:ff:ff:ff:ff", matters: polish,
		shows: func(r *runs) string {
			return yes(in(r.step("arpq", "sender MAC broadcast"), arp), "answered", "dropped")
		},
	},
	{
		part: "ARP", what: "hardware type 6 (IEEE 802)", matters: polish,
		shows: func(r *runs) string { return yes(in(r.step("arpq", "hardware type 6"), arp), "answered", "dropped") },
	},
	{
		part: "Ethernet", what: "our IP, broadcast MAC: echo / SYN / closed UDP port / open port", matters: blocks,
		shows: func(r *runs) string {
			return strings.Join([]string{
				yes(in(r.step("echo", "echo to us by broadcast MAC"), ip4), "answered", "silence"),
				yes(in(r.step("rst", "closed: SYN by broadcast MAC"), ip4), "answered", "silence"),
				yes(in(r.step("icmperr", "udp closed, broadcast MAC"), ip4), "answered", "silence"),
				errnoOf(r.title("udpq", "to us by broadcast MAC ->")),
			}, " / ")
		},
	},
	{
		part: "Ethernet", what: "our IP, another unicast MAC: ARP / echo / UDP", matters: hurts,
		shows: func(r *runs) string {
			return strings.Join([]string{
				yes(in(r.step("arpq", "request to another MAC"), arp), "accepted", "dropped"),
				yes(in(r.step("echo", "echo to us by another unicast MAC"), ip4), "accepted", "dropped"),
				map[bool]string{true: "dropped", false: "accepted"}[strings.HasPrefix(r.title("udpq", "to us by foreign MAC ->"), "nothing")],
			}, " / ")
		},
	},
	{
		part: "ICMP", what: "echo reply: TTL, id, DF, TOS", matters: hurts,
		shows: func(r *runs) string {
			first, again, short := in(r.step("echo", "echo 56"), icmp), in(r.step("echo", "echo 56 again"), icmp), in(r.step("echo", "echo 0"), icmp)
			if len(first) == 0 || len(again) == 0 || len(short) == 0 {
				return "silence"
			}
			ids := steps([]int{first[0].Int("id"), again[0].Int("id"), short[0].Int("id")})
			return fmt.Sprintf("TTL %s; ids %s, the last of a short one; DF %s %s; TOS %s", first[0].Get("ttl"), ids, first[0].Get("df"), again[0].Get("df"), first[0].Get("tos"))
		},
		dfly: "TTL 64; ids random, the last of a short one; DF 0 1; TOS 40", // ip_id.c: net.inet.ip.random_id is 1
	},
	{
		part: "ICMP", what: "echo to 10.0.0.255, 255.255.255.255, 224.0.0.1", matters: hurts,
		shows: func(r *runs) string {
			var out []string
			for _, title := range []string{"echo to 10.0.0.255", "echo to 255.255.255.255", "echo to 224.0.0.1"} {
				out = append(out, yes(in(r.step("echo", title), icmp), "answered", "silence"))
			}
			return strings.Join(out, ", ")
		},
	},
	{
		part: "ICMP", what: "timestamp request / address mask request", matters: polish,
		shows: func(r *runs) string {
			return yes(in(r.step("echo", "timestamp request"), icmp), "answered", "silence") + " / " + yes(in(r.step("echo", "mask request"), icmp), "answered", "silence")
		},
	},
	{
		part: "ICMP", what: "UDP to a closed port, without DF and with it", matters: hurts,
		shows: func(r *runs) string {
			all := append(in(r.step("icmperr", "udp to closed port, 4 bytes"), icmp), in(r.step("icmperr", "udp to closed port, 100 bytes"), icmp)...)
			return fields(all, "t", "c", "quotes", "ttl", "df")
		},
	},
	{
		part: "ICMP", what: "unknown protocol", matters: polish,
		shows: func(r *runs) string { return fields(in(r.step("icmperr", "protocol 200"), icmp), "t", "c") },
	},
	{
		part: "ICMP", what: "limits: unreachables of 600, echo replies of 400, RSTs of 600, at once", matters: hurts,
		shows: func(r *runs) string {
			s := r.step("icmperr", "bursts")
			return about(note(s, "errors")) + ", " + about(r.title("echo", "400 echo requests in a burst: replies")) + ", " + about(note(s, "600 SYNs to a closed port: RSTs"))
		},
		fbsd: "200, 200, 200", // the suite saw no RST there; another run 199 of 600
	},
	{
		part: "ICMP", what: "router: TTL 1; errors of 500 at once", matters: polish,
		shows: func(r *runs) string {
			s := r.step("fwd", "ttl 1")
			name := "fwd"
			if r.dialect == kern.NetBSD {
				name = "fwd2"
			}
			return fields(in(s, icmp), "t", "c", "quotes", "ttl") + "; " + about(r.title(name, "500 ttl-1 packets at once: errors"))
		},
	},
	{
		part: "ICMP", what: "router: no route", matters: polish,
		shows: func(r *runs) string { return fields(in(r.step("fwd", "no route"), icmp), "t", "c") },
	},
	{
		part: "ICMP", what: "router: absent host, one packet", matters: hurts,
		shows: func(r *runs) string {
			s := r.step("fwd", "absent host")
			return requests(in(s, arp)) + "; " + fields(in(s, icmp), "t", "c")
		},
	},
	{
		part: "ICMP", what: "router: the next hop is on the wire that it came from: by a gateway, to a host", matters: hurts,
		shows: func(r *runs) string {
			var out []string
			for _, title := range []string{"redirect case: to 10.5", "redirect case, host"} {
				s := r.step("fwd", title)
				out = append(out, yes(in(s, proto("UDP")), "forwarded", "dropped")+" "+fields(in(s, icmp), "t", "c", "rest"))
			}
			return strings.Join(out, "; ")
		},
	},
	{
		part: "ICMP", what: "host: receives a redirect of its gateway's, of another's", matters: hurts,
		shows: func(r *runs) string {
			by := func(title, new string) string {
				if strings.Contains(r.title("redir", title), "to "+new) {
					return "obeys"
				}
				return "ignores"
			}
			return by("after a redirect to 10.0.0.3:", "02:00:00:00:00:03") + ", " + by("after a redirect not from the gateway:", "02:00:00:00:00:03")
		},
		fbsd: "obeys, ignores",
	},
	{
		part: "ICMP", what: "router: bad option", matters: polish,
		shows: func(r *runs) string { return fields(in(r.step("fwd", "bad option length"), icmp), "t", "c", "rest") },
	},
	{
		part: "ICMP", what: "router: DF, too big", matters: none,
		shows: func(r *runs) string {
			name := "fwd"
			if r.dialect == kern.NetBSD {
				name = "fwd2"
			}
			return fields(in(r.step(name, "1400 bytes DF"), icmp), "t", "c", "rest")
		},
		nbsd: "t3 c4 rest000003e8", // the transcript's second run lacks it
	},
}

// announced says how a host tells of its address.
func announced(s *transcript.Step) string {
	var probes, grats []transcript.Frame
	for _, f := range in(s, arp) {
		sender, _, _ := strings.Cut(f.Get("sender"), "(")
		target, _, _ := strings.Cut(f.Get("target"), "(")
		switch sender {
		case "0.0.0.0":
			probes = append(probes, f)
		case target:
			grats = append(grats, f)
		}
	}
	if len(probes) == 3 && len(grats) == 2 {
		between := func(a, low, high float64) bool { return low-transcript.Tolerance < a && a < high+transcript.Tolerance }
		p, g := probes, grats
		if between(p[0].At, 0, 1) && between(p[1].At-p[0].At, 1, 2) && between(p[2].At-p[1].At, 1, 2) && between(g[0].At-p[2].At, 2, 2) && between(g[1].At-g[0].At, 2, 2) {
			return "3 probes from 0.0.0.0 at 0..1 s, 1..2 s apart, 2 announcements at 2 s, 4 s after"
		}
	}
	switch {
	case len(probes) > 0:
		return fmt.Sprintf("probes at %s, announcements at %s", times(probes), times(grats))
	case len(grats) > 0:
		return "gratuitous at " + times(grats)
	}
	return "nothing"
}

// pace says how far requests are apart, and where there is a pause.
func pace(all []transcript.Frame) string {
	if len(all) < 2 {
		return requests(all)
	}
	run, sum, gaps := 1, 0.0, 0
	for i := 1; i < len(all); i++ {
		gap := all[i].At - all[i-1].At
		if gap > 10 {
			return fmt.Sprintf("%d requests %.1f s apart, %.0f s without one, again", run, sum/float64(max(gaps, 1)), gap)
		}
		run, sum, gaps = run+1, sum+gap, gaps+1
	}
	return fmt.Sprintf("requests %.1f s apart, to the end", sum/float64(gaps))
}

// failsFrom is when sending first fails.
func failsFrom(s *transcript.Step) string {
	for _, n := range s.Notes {
		if at, e, ok := strings.Cut(n, " send -> "); ok && !strings.HasPrefix(e, "e=0") {
			return errnoOf(e) + " from " + strings.TrimPrefix(at, "+") + " s"
		}
	}
	return "never fails"
}

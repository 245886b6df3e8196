package main

import (
	"fmt"
	"strings"

	"wireloom/vnet/kern"
)

// The rows of IP and UDP.
var ipRows = []row{
	{
		part: "IP", what: "id of UDP datagrams of 32 bytes (NetBSD: then of 128)", matters: hurts,
		shows: func(r *runs) string {
			name := "isn"
			if r.dialect == kern.NetBSD {
				name = "t9"
			}
			return relative(r.title(name, "UDP ip ids:"))
		},
		dfly: "random", // ip_id.c
	},
	{
		part: "IP", what: "DF of UDP", matters: hurts,
		shows: func(r *runs) string { return fields(in(r.step("src", "e=0 sent=4"), proto("UDP"))[:1], "df") },
	},
	{
		part: "IP", what: "UDP of 4000 bytes: fragments", matters: blocks,
		shows: func(r *runs) string {
			all := in(r.step("frag", "send 4000"), ip4)
			id := "an id of its own"
			for _, f := range all {
				if f.Get("id") != all[0].Get("id") || f.Int("id") == 0 {
					id = "ids " + fields(all, "id")
				}
			}
			return fields(all, "df", "mf", "off") + "; " + id
		},
	},
	{
		part: "IP", what: "overlapping fragments: at the tail, from the front, inside, covered whole", matters: polish,
		shows: func(r *runs) string { return note(r.step("overlap", "overlaps"), "merged:") },
		fbsd:  "earlier data wins, later wins, dropped, replaced", nbsd: "earlier data wins, later wins, dropped, replaced",
	},
	{
		part: "IP", what: "first fragment below 68 bytes", matters: polish,
		shows: func(r *runs) string { return delivered(r.title("frag", "in order ->")) },
	},
	{
		part: "IP", what: "40, 16, 17 fragments of 8 bytes", matters: polish,
		shows: func(r *runs) string {
			s := r.step("frag", "tiny fragments")
			return delivered(note(s, "40 fragments ->")) + ", " + delivered(note(s, "16 fragments ->")) + ", " + delivered(note(s, "17 fragments ->"))
		},
	},
	{
		part: "IP", what: "reassembly gives up: ICMP in 75 s", matters: polish,
		shows: func(r *runs) string {
			all := append(in(r.step("frag", "first fragment only"), icmp), in(r.step("frag", "last fragment only"), icmp)...)
			return fields(all, "t", "c")
		},
	},
	{
		part: "IP", what: "UDP checksum 0, wrong", matters: none,
		shows: func(r *runs) string {
			return delivered(r.title("udpq", "checksum 0 ->")) + ", " + delivered(r.title("udpq", "bad checksum ->"))
		},
	},
	{
		part: "IP", what: "options to us: loose source route, record route, timestamp, unknown", matters: polish,
		shows: func(r *runs) string {
			var out []string
			for _, title := range []string{"loose source route", "record route option", "timestamp option", "unknown option"} {
				s := r.step("echo", title)
				what := "refused"
				switch {
				case len(in(s, arp)) > 0:
					what = "obeyed"
				case len(in(s, icmp)) > 0:
					what = "answered with " + fmt.Sprint(in(s, icmp)[0].Int("len")-42-in(s, icmp)[0].Int("data")) + " bytes of options"
				}
				out = append(out, what)
			}
			return strings.Join(out, ", ")
		},
	},
	{
		part: "IP", what: "datagrams of 65508, 9217, 9216 bytes", matters: hurts,
		shows: func(r *runs) string {
			var out []string
			for _, part := range strings.Split("0"+r.title("connref", "udp 65508:"), "e=")[1:] {
				out = append(out, errnoOf("e="+part))
			}
			return strings.Join(out, ", ")
		},
	},
	{
		part: "IP", what: "send without a route: UDP, TCP", matters: polish,
		shows: func(r *runs) string {
			return errnoOf(r.title("connref", "no route:")) + ", " + errnoOf(r.title("connref", "tcp no route:"))
		},
	},
	{
		part: "IP", what: "ICMP 3/0, 3/1, 3/2, 3/3, 3/4, 3/13 to a connected UDP socket", matters: polish,
		shows: func(r *runs) string {
			name := "connref"
			if r.dialect == kern.NetBSD {
				name = "t9" // in connref 3/3 came late
			}
			var out []string
			for _, code := range []string{"0", "1", "2", "3", "4", "13"} {
				found := "nothing"
				for _, s := range r.get(name).Steps {
					if n := note(&s, "icmp 3/"+code+" then send:"); n != "" && found == "nothing" {
						found = errnoOf(n)
					}
				}
				out = append(out, found)
			}
			return strings.Join(out, " ")
		},
	},
	{
		part: "IP", what: "UDP to 255.255.255.255 goes to", matters: polish,
		shows: func(r *runs) string {
			all := in(r.step("connref", "with SO_BROADCAST"), proto("UDP"))
			if len(all) < 2 {
				return "nobody"
			}
			_, to, _ := strings.Cut(all[1].Get("addresses"), ">")
			return to
		},
	},
	{
		part: "IP", what: "UDP from 224.x, from our own broadcast", matters: polish,
		shows: func(r *runs) string {
			return delivered(r.title("udpq", "source multicast ->")) + ", " + delivered(r.title("udpq", "source broadcast 10.0.0.255 ->"))
		},
	},
	{
		part: "IP", what: "unread datagrams of 100 bytes that are kept", matters: polish,
		shows: func(r *runs) string { return r.title("udpq", "700 datagrams of 100 bytes, unread: kept") },
		dfly:  "103", // kern.ipc.maxsockbuf is 256 KiB
	},
}

// delivered says whether a socket got it.
func delivered(s string) string {
	if strings.HasPrefix(s, "e=0") {
		return "delivered"
	}
	return "dropped"
}

// relative is a list of (id, DF, TTL) as the steps of its ids.
func relative(s string) string {
	var ids []int
	for _, part := range strings.Split(s, "(")[1:] {
		var id int
		_, _ = fmt.Sscan(strings.ReplaceAll(part, ",", " "), &id) // 0 where there is none
		ids = append(ids, id)
	}
	return steps(ids)
}

// steps are identifications counted from the first that is not 0.
func steps(ids []int) string {
	var out []string
	first := 0
	for _, id := range ids {
		switch {
		case id == 0:
			out = append(out, "0")
			continue
		case first == 0:
			first = id
		}
		if id < first || id > first+len(ids) {
			return "random"
		}
		out = append(out, fmt.Sprintf("+%d", id-first))
	}
	return strings.Join(out, " ")
}

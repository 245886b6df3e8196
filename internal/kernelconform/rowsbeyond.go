package main

import (
	"fmt"
	"strings"

	"wireloom/internal/kernelconform/transcript"
)

// Rows of situations that no kernel was put to: what is right is derived from the sources.
var beyondRows = []row{
	{
		part: "By the sources", what: "data never acknowledged: sent again, given up", matters: hurts,
		shows: func(r *runs) string {
			s := r.step("givenup", "100 bytes")
			all := in(s, tcp)
			last := ""
			if len(all) > 0 {
				last = all[len(all)-1].Get("flags")
			}
			return fmt.Sprintf("%d times, %s %s", len(all)-2, last, note(s, "recv"))
		},
		// tcp_timer.c, TCP_MAXRXTSHIFT is 12, and the longest wait 64 s.
		fbsd: "12 times, RA e=60 after 605.9 s", nbsd: "12 times, RA e=60 after 666.0 s",
	},
	{
		part: "By the sources", what: "SO_KEEPALIVE and a silent peer", matters: polish,
		shows: func(r *runs) string {
			s := r.step("keptalive", "a silent peer")
			all := in(s, tcp)
			if len(all) < 2 {
				return "nothing"
			}
			return fmt.Sprintf("%d probes, the first at %.0f s, %s %s", len(all)-1, all[0].At, all[len(all)-1].Get("flags"), note(s, "recv"))
		},
		fbsd: "8 probes, the first at 7200 s, RA e=60 after 7800.0 s", nbsd: "8 probes, the first at 7200 s, RA e=60 after 7799.9 s", // tcp_timer.c
	},
	{
		part: "By the sources", what: "three writes of 10 bytes; with TCP_NODELAY", matters: polish,
		shows: func(r *runs) string {
			return fields(in(r.step("nagle", "10 bytes"), tcp), "data") + "; " + fields(in(r.step("nagle", "the same"), tcp), "data")
		},
		fbsd: "data10, data20; data10, data10, data10", nbsd: "data10, data20; data10, data10, data10", // tcp_output.c
	},
	{
		part: "By the sources", what: "three unknown neighbours, three datagrams each", matters: hurts,
		shows: func(r *runs) string {
			s := r.step("several", "three neighbours")
			var to []string
			for _, f := range in(s, proto("UDP")) {
				_, dst, _ := strings.Cut(f.Get("addresses"), ">")
				to = append(to, dst)
			}
			return requests(in(s, arp)) + "; " + strings.Join(to, " ")
		},
		fbsd: "3 requests; 10.0.0.31:9 10.0.0.32:9 10.0.0.33:9", nbsd: "3 requests; 10.0.0.31:9 10.0.0.32:9 10.0.0.33:9", // if_ether.c: la_hold is of an entry
	},
	{
		part: "By the sources", what: "both close at once; half closed, data comes; SO_LINGER 0", matters: polish,
		shows: func(r *runs) string {
			return fields(in(r.step("closes", "both close"), tcp), "flags") + "; " + fields(in(r.step("closes", "half closed"), tcp), "flags") + "; " + fields(in(r.step("closes", "SO_LINGER 0"), tcp), "flags")
		},
		fbsd: "FA, FA; FA, A; RA", nbsd: "FA, FA; FA, A; RA", // tcp_output.c: what is not acknowledged of a FIN goes out again
	},
	{
		part: "By the sources", what: "ICMP 3/4 for a connection, MTU 1000: sent at once; UDP after it", matters: hurts,
		shows: func(r *runs) string {
			return fields(in(r.step("pathtoolong", "fragmentation needed"), tcp), "data") + "; " + fields(in(r.step("pathtoolong", "UDP of 1200"), ip4), "mf", "off")
		},
		// tcp_subr.c, tcp_mtudisc: NetBSD's begins anew with four times the MTU, and its ip_output.c cuts UDP to it.
		fbsd: "data960, data960, data960, data960, data540; mf0 off0", nbsd: "data960, data960, data960, data960, data160; mf1 off0, mf0 off976",
	},
	{
		part: "By the sources", what: "an address is set on an interface that was up, and used; another host says that it has it, and it is used", matters: polish,
		shows: func(r *runs) string { return note(r.step("probedfor", "an address is set"), "send") },
		// NetBSD ip_output.c, ip_ifaddrvalid: silence while it is probed for, then EADDRNOTAVAIL.
		fbsd: "e=0, then e=0; datagrams 2", nbsd: "e=0, then e=49; datagrams 0",
	},
	{
		part: "By the sources", what: "sysctls that are set while it runs", matters: hurts,
		shows: func(r *runs) string { return strings.Join(r.step("tuned", "tuned").Notes, "; ") },
		fbsd: "net.inet.icmp.bmcastecho=1 e=0: 0, then 1; net.inet.icmp.icmplim=50 e=0: 199, then 49; net.inet.ip.ttl=99 e=0: 64, then 99; " +
			"net.inet.tcp.delayed_ack=0 e=0: 0.1 s, then 0.0 s; net.inet.tcp.rfc1323=0 e=0: mss=1460,nop,ws=6,sackOK, then mss=1460,sackOK,eol,eol; net.inet.tcp.rfc3390=0 e=0: 3, then 4",
		nbsd: "net.inet.icmp.bmcastecho=1 e=0: 0, then 1; net.inet.icmp.errppslimit=50 e=0: 100, then 50; net.inet.ip.ttl=99 e=0: 64, then 99; " +
			"net.inet.tcp.delack_ticks=0 e=0: 0.2 s, then 0.0 s; net.inet.tcp.rfc1323=0 e=0: mss=1460,nop,ws=3,nop,nop, then mss=1460,sackOK,nop,nop; net.inet.tcp.init_win_local=0 e=0: 3, then 1",
		dfly: "net.inet.icmp.bmcastecho=1 e=0: 0, then 1; net.inet.icmp.icmplim=50 e=0: 200, then 50; net.inet.ip.ttl=99 e=0: 64, then 99; " +
			"net.inet.tcp.delayed_ack=0 e=0: 0.1 s, then 0.0 s; net.inet.tcp.rfc1323=0 e=0: mss=1460,nop,ws=0,nop,nop,sackOK,nop,nop, then mss=1460,nop,nop,sackOK; net.inet.tcp.rfc3390=0 e=0: 3, then 4",
	},
	{
		part: "By the sources", what: "router of IPv6: hop limit 1, no route, absent host, too big, same net", matters: polish,
		shows: func(r *runs) string {
			var out []string
			for _, title := range []string{"hop limit 1", "no route", "absent host", "too big", "host on the same net"} {
				all := in(r.step("router6", title), func(f *transcript.Frame) bool { return f.Proto == "ICMP6" && f.Get("t") != "135" })
				out = append(out, fields(all, "t"))
			}
			return strings.Join(out, ", ")
		},
		fbsd: "t3, t1, t1, t2, t137", nbsd: "t3, t1, t1, t2, t137", // ip6_forward.c
	},
}

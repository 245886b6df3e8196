package main

import (
	"fmt"
	"slices"
	"strings"

	"wireloom/internal/kernelconform/transcript"
	"wireloom/vnet/kern"
)

// The rows of TCP.
var tcpRows = []row{
	{
		part: "TCP", what: "SYN; the 4th", matters: hurts,
		shows: func(r *runs) string {
			all := in(r.step("synretx", "connect, nobody answers"), tcp)
			if len(all) < 4 {
				return fields(all, "win", "options")
			}
			return plainOptions(fields(all[:1], "win", "options") + "; " + fields(all[3:4], "options"))
		},
		dfly: "win57344 mss=1460,nop,ws=0,nop,nop,sackOK,nop,nop,ts; mss=1460,nop,nop,sackOK", // tcp_output.c; tcp_timer.c gives RFC 1323 up
	},
	{
		part: "TCP", what: "SYN unanswered", matters: hurts,
		shows: func(r *runs) string {
			s := r.step("synretx", "connect, nobody answers")
			_, after, _ := strings.Cut(s.Title, "after=")
			return times(in(s, tcp)) + "; " + errnoOf(s.Title) + " after " + cutWords(after, 1) + " s"
		},
	},
	{
		part: "TCP", what: "SYN+ACK to a SYN without options, of all, with MSS 536, 9000", matters: polish,
		shows: func(r *runs) string {
			var out []string
			for _, title := range []string{"SYN no options", "SYN mss,nop,ws6,sackOK,ts", "SYN mss 536, ts", "SYN mss 9000"} {
				out = append(out, fields(in(r.step("synack", title), tcp), "win", "options"))
			}
			return plainOptions(strings.Join(out, "; "))
		},
		dfly: "win57344 mss=1460; win57344 mss=1460,nop,ws=0,nop,nop,sackOK,nop,nop,ts; win57344 mss=1460,nop,nop,ts; win57344 mss=1460", // tcp_syncache.c
	},
	{
		part: "TCP", what: "SYN+ACK unanswered", matters: polish,
		shows: func(r *runs) string { return times(in(r.step("synack", "SYN, never acknowledged"), tcp)) },
		fbsd:  "0.0 3.0 9.0 21.0", // by tcp_syncache.c: the port's timer does not work
	},
	{
		part: "TCP", what: "first flights, each acknowledged as a whole", matters: hurts,
		shows: func(r *runs) string {
			var out []string
			for _, n := range r.step("dataslow", "60000 bytes").Notes {
				if w := strings.Fields(n); len(w) > 2 && w[2] != "0" {
					out = append(out, w[2])
				}
			}
			most := 5
			if r.dialect == kern.NetBSD {
				most = 2 // later ones the suite cut in two
			}
			return strings.Join(out[:min(len(out), most)], " ")
		},
		dfly: "3 4 5 6 7", // tcp_input.c: a segment more for each acknowledgement
	},
	{
		part: "TCP", what: "data lost: sent again at", matters: hurts,
		shows: func(r *runs) string {
			var late []transcript.Frame
			for _, f := range in(r.step("data", "20000 bytes written"), tcp) {
				if f.At > 0.15 {
					late = append(late, f)
				}
			}
			return times(late)
		},
	},
	{
		part: "TCP", what: "acknowledging one segment; two; five", matters: hurts,
		shows: func(r *runs) string {
			one := in(r.step("delack", "one segment of 10 bytes"), tcp)
			two := in(r.step("delack", "two full segments"), tcp)
			five := in(r.step("delack", "five full segments"), tcp)
			return times(one) + "; " + times(two) + "; " + times(five)
		},
	},
	{
		part: "TCP", what: "receive window at first; after the handshake; filled to", matters: polish,
		shows: func(r *runs) string {
			after := fields(in(r.step("closewait", "we (host) close first"), tcp), "win")
			_, filled, _ := strings.Cut(r.step("recvwin", "sent 116800 unread").Title, "last ack covers ")
			return cutWords(r.title("recvwin", "SYN+ACK window"), 1) + "; " + after + "; " + cutWords(filled, 1)
		},
		dfly: "57344; win58400; 58400", // net.inet.tcp.recvspace, whole segments of it
	},
	{
		part: "TCP", what: "zero window probes", matters: polish,
		shows: func(r *runs) string {
			all := in(r.step("zerowin", "window 0 from here"), tcp)
			first := in(r.step("zerowin", "window 1000"), tcp)
			if len(first) == 0 || len(all) == 0 {
				return "never"
			}
			return fmt.Sprintf("%s; byte %d after the window", times(all), number(all[0], "seq")-number(first[0], "seq")-1000)
		},
	},
	{
		part: "TCP", what: "close with unread data", matters: hurts,
		shows: func(r *runs) string { return fields(in(r.step("peerclose", "close with unread data:"), tcp), "flags") },
	},
	{
		part: "TCP", what: "data after close", matters: polish,
		shows: func(r *runs) string {
			all := in(r.step("peerclose", "closed, then data comes:"), tcp)
			if len(all) < 2 {
				return fields(all, "flags")
			}
			return fields(all[1:], "flags", "ack")
		},
	},
	{
		part: "TCP", what: "RST to a closed port: of a SYN, of an ACK", matters: none,
		shows: func(r *runs) string {
			names := []string{"flags", "seq", "ack", "df"}
			return fields(in(r.step("rst", "closed: SYN (seq"), tcp), names...) + "; " + fields(in(r.step("rst", "closed: ACK (seq"), tcp), names...)
		},
		dfly: "RA seq0 ack1001 df0; R seq5000 ack0 df0", // tcp_subr.c, tcp_respond
	},
	{
		part: "TCP", what: "FIN to a closed port, without ACK", matters: polish,
		shows: func(r *runs) string { return fields(in(r.step("rst", "closed: FIN (seq"), tcp), "flags", "ack") },
	},
	{
		part: "TCP", what: "SYN in a connection; then a RST not exact; then", matters: polish,
		shows: func(r *runs) string {
			gone := "gone"
			if a := in(r.step("delack", "ACK of data never sent"), tcp); len(a) > 0 && a[0].Get("flags") == "A" {
				gone = "it lives"
			}
			return fields(in(r.step("delack", "SYN in the established"), tcp), "flags") + "; " + fields(in(r.step("delack", "RST one beyond"), tcp), "flags") + "; " + gone
		},
	},
	{
		part: "TCP", what: "ACK of data never sent", matters: polish,
		shows: func(r *runs) string {
			all := in(r.step("delack", "ACK of data never sent"), tcp)
			return fields(all[:min(len(all), 1)], "flags")
		},
	},
	{
		part: "TCP", what: "TIME_WAIT: the FIN again after 1, 25, 32, 50, 58, 62, 118 s; a newer SYN", matters: polish,
		shows: func(r *runs) string {
			s := r.step("timewait2", "SYN with a newer")
			var out []string
			for _, n := range s.Notes {
				_, got, _ := strings.Cut(n, "gets ")
				out = append(out, strings.Trim(got, "[]'"))
			}
			newer := "refused"
			if strings.Contains(s.Title, " SA ") {
				newer = "accepted"
			}
			return strings.Join(out, " ") + "; " + newer
		},
	},
	{
		part: "TCP", what: "during connect: RST, ICMP 3/1, 3/3, 3/2, 3/13, 11/0", matters: polish,
		shows: func(r *runs) string {
			var out []string
			for _, what := range []string{"rst", "unreach1", "unreach3", "unreach2", "unreach13", "ttl"} {
				got := r.title("connref", "connect answered by "+what+" :")
				if strings.HasPrefix(got, "TIMEOUT") {
					out = append(out, "ignored")
					continue
				}
				_, after, _ := strings.Cut(got, "after=")
				out = append(out, errnoOf(got)+" at "+cutWords(after, 1))
			}
			return strings.Join(out, ", ")
		},
	},
	{
		part: "TCP", what: "listen(2), full: connections taken; then", matters: polish,
		shows: func(r *runs) string {
			taken, then := 0, ""
			for _, s := range r.get("backlog").Steps {
				switch {
				case strings.Contains(s.Title, "no SYN+ACK"):
					then = "silence"
				case strings.Contains(s.Title, " SYN+ACK []"):
					taken++
				case strings.Contains(s.Title, " SYN+ACK ['TCP") && strings.Contains(s.Title, " R "):
					then = "SYN+ACK, and RST at the ACK"
				}
			}
			return fmt.Sprintf("%d; %s", taken, then)
		},
	},
	{
		part: "TCP", what: "initial sequence numbers of SYN+ACKs", matters: polish,
		shows: func(r *runs) string {
			var at []float64
			var isn []int64
			for _, n := range r.step("isn", "passive ISNs").Notes {
				var t float64
				var s int64
				if _, err := fmt.Sscanf(n, "(%f, %d,", &t, &s); err == nil {
					at, isn = append(at, t), append(isn, s)
				}
			}
			if len(at) < 2 {
				return "none"
			}
			last := len(isn) - 1
			if rate := float64(isn[last]-isn[0]) / (at[last] - at[0]); rate < 2e7 || rate > 3e8 || !slices.IsSorted(isn) {
				return "random"
			}
			return "grow with time"
		},
	},
}

// number is a field as a sequence number.
func number(f transcript.Frame, name string) uint32 {
	var v uint32
	_, _ = fmt.Sscan(f.Get(name), &v) // 0 where there is none
	return v
}

// plainOptions leaves the time stamps' values out.
func plainOptions(s string) string {
	var out []string
	for word := range strings.SplitSeq(s, "ts=") {
		if len(out) > 0 && len(word) >= 16 {
			word = word[16:]
		}
		out = append(out, word)
	}
	return strings.Join(out, "ts")
}

package visitor

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// request is a GET from a peer, with headers in pairs; one named twice is sent twice.
func request(peer string, head ...string) *http.Request {
	r := &http.Request{Method: http.MethodGet, RemoteAddr: peer, Header: http.Header{}}
	for i := 0; i < len(head); i += 2 {
		if head[i] == "Host" {
			r.Host = head[i+1]
			continue
		}
		r.Header.Add(head[i], head[i+1])
	}
	return r
}

func proxies(t testing.TB, header string, list ...string) *Proxies {
	t.Helper()
	p, err := ParseProxies(list, header)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestClientOf: 192.0.2.0/24 and 10.0.0.0/8 are proxies, 203.0.113.0/24 visitors.
func TestClientOf(t *testing.T) {
	const proxy, visitor = "192.0.2.1:4000", "203.0.113.7:5000"
	for _, c := range []struct {
		name    string
		proxies []string
		header  string
		peer    string
		head    []string
		want    string
	}{
		{"an address", nil, "", visitor, nil, "203.0.113.7"},
		{"an IPv4 address written as IPv6", nil, "", "[::ffff:203.0.113.7]:1", nil, "203.0.113.7"},
		{"an IPv6 address is its network", nil, "", "[2001:db8:1:2:3:4:5:6]:1", nil, "2001:db8:1:2::/64"},
		{"a zone is not part of it", nil, "", "[fe80::1%eth0]:1", nil, "fe80::/64"},
		{"a local socket", nil, "", "@", nil, "unix"},
		{"a local socket without a name", nil, "", "", nil, "unix"},
		{"something else", nil, "", "pipe", nil, "pipe"},

		{"nobody is trusted", nil, "", proxy, []string{"X-Forwarded-For", "203.0.113.7"}, "192.0.2.1"},
		{"loopback is not trusted unless it is named", []string{"192.0.2.1"}, "", "127.0.0.1:1", []string{"X-Forwarded-For", "203.0.113.7"}, "127.0.0.1"},
		{"a visitor who says to be another", []string{"192.0.2.1"}, "", visitor, []string{"X-Forwarded-For", "203.0.113.8"}, "203.0.113.7"},

		{"one proxy", []string{"192.0.2.1"}, "", proxy, []string{"X-Forwarded-For", "203.0.113.7"}, "203.0.113.7"},
		{"a proxy by its network", []string{"192.0.2.0/24"}, "", proxy, []string{"X-Forwarded-For", "203.0.113.7"}, "203.0.113.7"},
		{"a network written with an address in it", []string{"192.0.2.9/24"}, "", proxy, []string{"X-Forwarded-For", "203.0.113.7"}, "203.0.113.7"},
		{"a network written as IPv6", []string{"::ffff:192.0.2.0/120"}, "", proxy, []string{"X-Forwarded-For", "203.0.113.7"}, "203.0.113.7"},
		{"several in one flag", []string{"10.0.0.0/8, 192.0.2.1"}, "", proxy, []string{"X-Forwarded-For", "203.0.113.7"}, "203.0.113.7"},
		{"this machine", []string{"loopback"}, "", "127.0.0.1:1", []string{"X-Forwarded-For", "203.0.113.7"}, "203.0.113.7"},
		{"this machine by IPv6", []string{"loopback"}, "", "[::1]:1", []string{"X-Forwarded-For", "203.0.113.7"}, "203.0.113.7"},
		{"a local socket that is trusted", []string{"unix"}, "", "@", []string{"X-Forwarded-For", "203.0.113.7"}, "203.0.113.7"},
		{"a local socket that is not", []string{"loopback"}, "", "@", []string{"X-Forwarded-For", "203.0.113.7"}, "unix"},
		{"a trusted proxy that says nothing", []string{"192.0.2.1"}, "", proxy, nil, "192.0.2.1"},

		{"what the visitor wrote stands to the left", []string{"192.0.2.1"}, "", proxy, []string{"X-Forwarded-For", "198.51.100.1, 203.0.113.7"}, "203.0.113.7"},
		{"the visitor writes a proxy's address", []string{"192.0.2.0/24"}, "", proxy, []string{"X-Forwarded-For", "192.0.2.5, 203.0.113.7"}, "203.0.113.7"},
		{"two headers are one list", []string{"192.0.2.1"}, "", proxy, []string{"X-Forwarded-For", "198.51.100.1", "X-Forwarded-For", "203.0.113.7"}, "203.0.113.7"},
		{"a chain of trusted proxies", []string{"192.0.2.0/24,10.0.0.0/8"}, "", proxy, []string{"X-Forwarded-For", "198.51.100.1, 203.0.113.7,10.1.2.3 , 192.0.2.9"}, "203.0.113.7"},
		{"only proxies", []string{"192.0.2.0/24,10.0.0.0/8"}, "", proxy, []string{"X-Forwarded-For", "10.1.2.3, 192.0.2.9"}, "10.1.2.3"},

		{"with a port", []string{"192.0.2.1"}, "", proxy, []string{"X-Forwarded-For", "203.0.113.7:8123"}, "203.0.113.7"},
		{"IPv6", []string{"192.0.2.1"}, "", proxy, []string{"X-Forwarded-For", "2001:db8:1:2:3:4:5:6"}, "2001:db8:1:2::/64"},
		{"IPv6 with a port", []string{"192.0.2.1"}, "", proxy, []string{"X-Forwarded-For", "[2001:db8:1:2:3:4:5:6]:443"}, "2001:db8:1:2::/64"},
		{"IPv6 in brackets", []string{"192.0.2.1"}, "", proxy, []string{"X-Forwarded-For", "[2001:db8:1:2:3:4:5:6]"}, "2001:db8:1:2::/64"},
		{"IPv4 in brackets is none", []string{"192.0.2.1"}, "", proxy, []string{"X-Forwarded-For", "[203.0.113.7]"}, "192.0.2.1"},

		{"not an address: the proxy that says so is the client", []string{"192.0.2.1"}, "", proxy, []string{"X-Forwarded-For", "203.0.113.7, unknown"}, "192.0.2.1"},
		{"not an address, behind a proxy behind a proxy", []string{"192.0.2.1,10.0.0.0/8"}, "", proxy, []string{"X-Forwarded-For", "203.0.113.7, bad, 10.1.2.3"}, "10.1.2.3"},
		{"an empty item", []string{"192.0.2.1"}, "", proxy, []string{"X-Forwarded-For", "203.0.113.7,"}, "192.0.2.1"},
		{"an address with too much behind it", []string{"192.0.2.1"}, "", proxy, []string{"X-Forwarded-For", "203.0.113.7 evil"}, "192.0.2.1"},
		{"more hops than anybody has", []string{"192.0.2.0/24"}, "", proxy, []string{"X-Forwarded-For", "203.0.113.7" + strings.Repeat(",192.0.2.9", maxHops)}, "192.0.2.9"},
		{"the other header is not read", []string{"192.0.2.1"}, "", proxy, []string{"Forwarded", "for=203.0.113.7"}, "192.0.2.1"},
		{"the other header is not read beside it", []string{"192.0.2.1"}, "", proxy, []string{"X-Forwarded-For", "203.0.113.7", "Forwarded", "for=203.0.113.8"}, "203.0.113.7"},

		{"Forwarded", []string{"192.0.2.1"}, Forwarded, proxy, []string{"Forwarded", "for=203.0.113.7"}, "203.0.113.7"},
		{"Forwarded, with all that it may have", []string{"192.0.2.1"}, Forwarded, proxy, []string{"Forwarded", `For="203.0.113.7:4711" ;proto=https;by=_proxy;host="labs.example.org"`}, "203.0.113.7"},
		{"Forwarded with IPv6", []string{"192.0.2.1"}, Forwarded, proxy, []string{"Forwarded", `for="[2001:db8:1:2:3:4:5:6]:47011"`}, "2001:db8:1:2::/64"},
		{"Forwarded with IPv6 and no quotes, as some write it", []string{"192.0.2.1"}, Forwarded, proxy, []string{"Forwarded", `for=[2001:db8:1:2::1]`}, "2001:db8:1:2::/64"},
		{"Forwarded by a chain", []string{"192.0.2.1,10.0.0.0/8"}, Forwarded, proxy, []string{"Forwarded", `for=198.51.100.1, for=203.0.113.7`, "Forwarded", "for=10.1.2.3"}, "203.0.113.7"},
		{"Forwarded with a comma and a quote in quotes", []string{"192.0.2.1"}, Forwarded, proxy, []string{"Forwarded", `for=198.51.100.1;host="a,\"b", for=203.0.113.7`}, "203.0.113.7"},
		{"Forwarded by who hides the visitor", []string{"192.0.2.1"}, Forwarded, proxy, []string{"Forwarded", `for=203.0.113.7, for=_gazonk`}, "192.0.2.1"},
		{"Forwarded without for", []string{"192.0.2.1"}, Forwarded, proxy, []string{"Forwarded", `for=203.0.113.7, proto=https`}, "192.0.2.1"},
		{"Forwarded with a quote that does not end", []string{"192.0.2.1"}, Forwarded, proxy, []string{"Forwarded", `for="198.51.100.1`, "Forwarded", "for=203.0.113.7"}, "192.0.2.1"},
		{"Forwarded with a name twice", []string{"192.0.2.1"}, Forwarded, proxy, []string{"Forwarded", `for=203.0.113.8;for=203.0.113.7`}, "192.0.2.1"},
		{"Forwarded that is none", []string{"192.0.2.1"}, Forwarded, proxy, []string{"Forwarded", `203.0.113.7`}, "192.0.2.1"},
		{"Forwarded of a visitor", []string{"192.0.2.1"}, Forwarded, visitor, []string{"Forwarded", "for=203.0.113.8"}, "203.0.113.7"},
		{"X-Forwarded-For where Forwarded is read", []string{"192.0.2.1"}, Forwarded, proxy, []string{"X-Forwarded-For", "203.0.113.8", "Forwarded", "for=203.0.113.7"}, "203.0.113.7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			header := c.header
			if header == "" {
				header = XForwardedFor
			}
			p := proxies(t, header, c.proxies...)
			if got := p.From(request(c.peer, c.head...)).Client; got != c.want {
				t.Errorf("the client is %s, want %s", got, c.want)
			}
		})
	}
	if got := (*Proxies)(nil).From(request(proxy, "X-Forwarded-For", "203.0.113.7")).Client; got != "192.0.2.1" {
		t.Errorf("without proxies the client is %s", got)
	}
}

func TestHostAndProtoAreTheNearestTrustedProxys(t *testing.T) {
	for _, c := range []struct {
		name, header, peer string
		head               []string
		host, proto        string
	}{
		{"of a trusted proxy", XForwardedFor, "192.0.2.1:1", []string{"X-Forwarded-Host", "labs.example.org", "X-Forwarded-Proto", "HTTPS"}, "labs.example.org", "https"},
		{"of nobody who is trusted", XForwardedFor, "203.0.113.7:1", []string{"X-Forwarded-Host", "labs.example.org", "X-Forwarded-Proto", "https"}, "", ""},
		{"the nearest comes last", XForwardedFor, "192.0.2.1:1", []string{"X-Forwarded-Host", "evil.example", "X-Forwarded-Host", "labs.example.org", "X-Forwarded-Proto", "http, https"}, "labs.example.org", "https"},
		{"Forwarded", Forwarded, "192.0.2.1:1", []string{"Forwarded", "host=evil.example;proto=http, for=203.0.113.7;host=labs.example.org;proto=https"}, "labs.example.org", "https"},
		{"of the other header", Forwarded, "192.0.2.1:1", []string{"X-Forwarded-Host", "labs.example.org", "X-Forwarded-Proto", "https"}, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := proxies(t, c.header, "192.0.2.1").From(request(c.peer, c.head...))
			if f.Host != c.host || f.Proto != c.proto {
				t.Errorf("got host %q, proto %q, want %q, %q", f.Host, f.Proto, c.host, c.proto)
			}
		})
	}
}

func TestParseProxiesRefusesWhatIsNone(t *testing.T) {
	for _, c := range []struct{ name, value, header, want string }{
		{"a name", "proxy.example.org", XForwardedFor, "want an address such as 10.0.0.2"},
		{"a short network", "10.0.0/8", XForwardedFor, "want an address"},
		{"nothing between commas", "10.0.0.1,", XForwardedFor, "want an address"},
		{"everybody", "0.0.0.0/0", XForwardedFor, "everybody"},
		{"everybody of IPv6", "::/0", XForwardedFor, "everybody"},
		{"another header", "10.0.0.1", "x-real-ip", "want x-forwarded-for or forwarded"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := ParseProxies([]string{c.value}, c.header); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

// TestAdviceIsGivenOnceForEachPeer: whoever sends the header, the log stays short.
func TestAdviceIsGivenOnceForEachPeer(t *testing.T) {
	var log bytes.Buffer
	v := Advisor{Logger: slog.New(slog.NewTextHandler(&log, nil))}
	p := proxies(t, XForwardedFor, "10.0.0.1")
	see := func(peer string, head ...string) {
		r := request(peer, head...)
		v.Look(r, p.From(r))
	}
	see("192.0.2.1:1")
	if log.Len() > 0 {
		t.Errorf("a visitor without a proxy is advised: %s", &log)
	}
	for range 3 {
		see("192.0.2.1:1", "X-Forwarded-For", "203.0.113.7")
		see("192.0.2.1:2", "X-Forwarded-For", "203.0.113.8")
		see("10.0.0.1:1", "Forwarded", "for=203.0.113.7")
		see("10.0.0.1:1", "X-Forwarded-For", "203.0.113.7")
	}
	for want, times := range map[string]int{"start with --trusted-proxy 192.0.2.1": 1, "start with --proxy-header forwarded": 1, "level=WARN": 2} {
		if got := strings.Count(log.String(), want); got != times {
			t.Errorf("%q is said %d times, want %d: %s", want, got, times, &log)
		}
	}
	for i := range 100 {
		see(netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}), 1).String(), "X-Forwarded-For", "203.0.113.7")
	}
	if got := strings.Count(log.String(), "level=WARN"); got != maxAdvice {
		t.Errorf("%d warnings, want %d at most", got, maxAdvice)
	}
}

// FuzzFrom: whatever is in the headers, the client is an address, and of a peer that
// isn't trusted its own.
func FuzzFrom(f *testing.F) {
	for _, seed := range []string{
		"203.0.113.7", "203.0.113.7, 192.0.2.9", "[2001:db8::1]:443,,", `for="[2001:db8::1]:1";proto=https, for=192.0.2.9`, `for="`, `for=_x;host="a\"b,c"`, "unknown", "=", ";;", ",",
	} {
		f.Add(seed, "192.0.2.1:1")
	}
	of := map[string]*Proxies{}
	for _, header := range []string{XForwardedFor, Forwarded} {
		of[header] = proxies(f, header, "192.0.2.0/24", "unix")
	}
	f.Fuzz(func(t *testing.T, value, peer string) {
		for header, p := range of {
			r := request(peer, "X-Forwarded-For", value, "Forwarded", value, "X-Forwarded-Host", value, "X-Forwarded-Proto", value)
			from := p.From(r)
			own, trusted := p.Peer(peer)
			if !trusted {
				if from.Client != own || from.Host != "" || from.Proto != "" {
					t.Errorf("%s: %q is taken for %+v", header, peer, from)
				}
				continue
			}
			if from.Client == own {
				continue
			}
			_, aerr := netip.ParseAddr(from.Client)
			n, perr := netip.ParsePrefix(from.Client)
			if aerr != nil && (perr != nil || n.Bits() != 64) {
				t.Errorf("%s: %q makes the client %q", header, value, from.Client)
			}
		}
	})
}

// FuzzForwarded: what is read, written again and read again is the same.
func FuzzForwarded(f *testing.F) {
	for _, seed := range []string{
		`for=192.0.2.60;proto=http;by=203.0.113.43`, `for=192.0.2.43, for=198.51.100.17`, `For="[2001:db8:cafe::17]:4711"`, `for=unknown, for=_hidden`, `host="a\\b\"c,;"`, "",
	} {
		f.Add(seed)
	}
	quote := func(s string) string { return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"` }
	f.Fuzz(func(t *testing.T, value string) {
		hops, err := forwarded([]string{value})
		if err != nil {
			return
		}
		var parts []string
		for _, h := range hops {
			parts = append(parts, "for="+quote(h.from)+";host="+quote(h.host)+"; PROTO="+quote(h.proto))
		}
		again, err := forwarded(parts)
		if err != nil || !slices.Equal(again, hops) {
			t.Errorf("%q is %q, and written again %q, %v", value, hops, again, err)
		}
	})
}

package visitor

import (
	"net/http"
	"strings"
	"testing"
)

func public(t testing.TB, text string) *Site {
	t.Helper()
	u, err := ParsePublic(text)
	if err != nil {
		t.Fatal(err)
	}
	return &Site{Public: u}
}

// TestOriginOK: may the page of that origin do something here?
func TestOriginOK(t *testing.T) {
	plain, labs := &Site{}, public(t, "https://labs.example.org/lab/")
	proxied := &Site{Proxies: proxies(t, XForwardedFor, "192.0.2.1")}
	for _, c := range []struct {
		name string
		site *Site
		head []string
		ok   bool
		want string // in the refusal
	}{
		{"no browser", plain, []string{"Host", "labs.example.org"}, true, ""},
		{"its own page", plain, []string{"Host", "127.0.0.1:8080", "Origin", "http://127.0.0.1:8080"}, true, ""},
		{"its own page, over TLS", plain, []string{"Host", "labs.example.org", "Origin", "https://labs.example.org"}, true, ""},
		{"its own page, with the port of its scheme", plain, []string{"Host", "labs.example.org:443", "Origin", "https://labs.example.org"}, true, ""},
		{"its own page, in other letters", plain, []string{"Host", "LABS.example.org", "Origin", "https://labs.example.org"}, true, ""},
		{"another site's page", plain, []string{"Host", "labs.example.org", "Origin", "https://evil.example"}, false, `the page is of https://evil.example, and this server was called "labs.example.org", which the Host header says`},
		{"another port's page", plain, []string{"Host", "127.0.0.1:8080", "Origin", "http://127.0.0.1:8081"}, false, "another site"},
		{"a page in a sandbox", plain, []string{"Host", "127.0.0.1:8080", "Origin", "null"}, false, "another site"},
		{"an origin that is none", plain, []string{"Host", "evil.example", "Origin", "https://evil.example/"}, false, "another site"},
		{"an origin of another scheme", plain, []string{"Host", "abc", "Origin", "chrome-extension://abc"}, false, "another site"},
		{"an origin with a user", plain, []string{"Host", "labs.example.org", "Origin", "https://labs.example.org@labs.example.org"}, false, "another site"},
		{"an empty origin", plain, []string{"Host", "labs.example.org", "Origin", ""}, false, "another site"},
		{"two origins, the first its own", plain, []string{"Host", "a.example", "Origin", "https://a.example", "Origin", "https://evil.example"}, false, "2 Origin"},
		{"two origins, the last its own", plain, []string{"Host", "a.example", "Origin", "https://evil.example", "Origin", "https://a.example"}, false, "2 Origin"},
		{"the same origin twice", plain, []string{"Host", "a.example", "Origin", "https://a.example", "Origin", "https://a.example"}, false, "2 Origin"},

		{"the browser says its own", plain, []string{"Host", "127.0.0.1:8080", "Origin", "https://labs.example.org", "Sec-Fetch-Site", "same-origin"}, true, ""},
		{"the browser says a person", plain, []string{"Host", "127.0.0.1:8080", "Sec-Fetch-Site", "none"}, true, ""},
		{"the browser says another site", plain, []string{"Host", "a.example", "Origin", "https://a.example", "Sec-Fetch-Site", "cross-site"}, false, "Sec-Fetch-Site: cross-site"},
		{"the browser says another host of this site", plain, []string{"Host", "a.example", "Origin", "https://b.a.example", "Sec-Fetch-Site", "same-site"}, false, "same-site"},
		{"the browser says what nobody knows", plain, []string{"Host", "a.example", "Sec-Fetch-Site", "SAME-ORIGIN"}, false, "another site"},
		{"the browser says it twice", plain, []string{"Host", "a.example", "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Site", "cross-site"}, false, "2 Sec-Fetch-Site"},

		{"a proxy changed Host", plain, []string{"Host", "127.0.0.1:8080", "Origin", "https://labs.example.org"}, false, "a proxy changed Host: start labserver with --public-url https://labs.example.org/, or let the proxy keep it (nginx: proxy_set_header Host $http_host;)"},
		{"a proxy dropped the port of Host", plain, []string{"Host", "labs.example.org", "Origin", "https://labs.example.org:8443"}, false, "--public-url https://labs.example.org:8443/"},
		{"a proxy changed Host, and the public URL is known", labs, []string{"Host", "127.0.0.1:8080", "Origin", "https://labs.example.org"}, true, ""},
		{"the public URL's host, without TLS", labs, []string{"Host", "127.0.0.1:8080", "Origin", "http://labs.example.org"}, false, "another site"},
		{"the public URL's host, on another port", labs, []string{"Host", "127.0.0.1:8080", "Origin", "https://labs.example.org:8443"}, false, "another site"},
		{"the public URL's port given", public(t, "https://labs.example.org:443"), []string{"Host", "127.0.0.1:8080", "Origin", "https://labs.example.org"}, true, ""},
		{"its own page past the proxy", labs, []string{"Host", "127.0.0.1:8080", "Origin", "http://127.0.0.1:8080"}, true, ""},
		{"another site's page, and the public URL is known", labs, []string{"Host", "127.0.0.1:8080", "Origin", "https://evil.example"}, false, "another site"},

		{"a trusted proxy says the host", proxied, []string{"Host", "127.0.0.1:8080", "X-Forwarded-Host", "labs.example.org", "Origin", "https://labs.example.org"}, true, ""},
		{"a trusted proxy says another host", proxied, []string{"Host", "127.0.0.1:8080", "X-Forwarded-Host", "labs.example.org", "Origin", "https://evil.example"}, false, `called "labs.example.org", which the X-Forwarded-Host header says`},
		{"a visitor says the host", plain, []string{"Host", "127.0.0.1:8080", "X-Forwarded-Host", "labs.example.org", "Origin", "https://labs.example.org"}, false, "--public-url"},
		{"a page without TLS of a site that has it", proxied, []string{"Host", "labs.example.org", "X-Forwarded-Proto", "https", "Origin", "http://labs.example.org"}, false, "another site"},
		{"TLS ends at a proxy before the trusted one", proxied, []string{"Host", "labs.example.org", "X-Forwarded-Proto", "http", "Origin", "https://labs.example.org"}, true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := request("192.0.2.1:1", c.head...)
			why := c.site.Own(r, c.site.Proxies.From(r))
			switch {
			case c.ok && why != nil:
				t.Errorf("it is refused: %v", why)
			case !c.ok && (why == nil || why.Status != http.StatusForbidden || !strings.Contains(why.Why, c.want)):
				t.Errorf("got %+v, want 403 with %q", why, c.want)
			}
		})
	}
}

// TestHostKnown: is this the server that is meant, or a name that leads here?
func TestHostKnown(t *testing.T) {
	plain, labs := &Site{}, public(t, "https://labs.example.org/")
	named := &Site{Names: []string{"lab-7", "Labs.Example.ORG."}}
	proxied := public(t, "https://labs.example.org/")
	proxied.Proxies = proxies(t, XForwardedFor, "192.0.2.1")
	for _, c := range []struct {
		name string
		site *Site
		head []string
		ok   bool
		want string
	}{
		{"this machine", plain, []string{"Host", "localhost:8080"}, true, ""},
		{"a name of this machine", plain, []string{"Host", "labs.localhost"}, true, ""},
		{"an IPv4 address", plain, []string{"Host", "192.0.2.1:8080"}, true, ""},
		{"an IPv6 address", plain, []string{"Host", "[2001:db8::1]:8080"}, true, ""},
		{"an IPv6 address without a port", plain, []string{"Host", "[::1]"}, true, ""},
		{"no name, as a health check of HTTP/1.0", plain, nil, true, ""},
		{"a name that leads here", plain, []string{"Host", "evil.example:8080"}, false, `does not answer to the name "evil.example:8080", which the Host header says: if it is one of this server's, start labserver with --host evil.example,`},
		{"what looks like an address", plain, []string{"Host", "127.0.0.1.evil.example"}, false, "--host"},
		{"what looks like localhost", plain, []string{"Host", "notlocalhost"}, false, "--host"},
		{"a named name", named, []string{"Host", "lab-7:8080"}, true, ""},
		{"a named name in other letters and with its dot", named, []string{"Host", "labs.example.org.:80"}, true, ""},
		{"part of a named name", named, []string{"Host", "example.org"}, false, "--host"},
		{"any", &Site{Names: []string{"*"}}, []string{"Host", "evil.example"}, true, ""},
		{"the public one", labs, []string{"Host", "labs.example.org"}, true, ""},
		{"the public one, with another port", labs, []string{"Host", "labs.example.org:8080"}, true, ""},
		{"another, where there is a public one", labs, []string{"Host", "evil.example"}, false, "--host"},
		{"what a trusted proxy was called", proxied, []string{"Host", "127.0.0.1", "X-Forwarded-Host", "labs.example.org"}, true, ""},
		{"a name that leads to the proxy", proxied, []string{"Host", "127.0.0.1", "X-Forwarded-Host", "evil.example"}, false, "which the X-Forwarded-Host header says"},
		{"a name that leads to the proxy, whose page says another", proxied, []string{"Host", "evil.example", "X-Forwarded-Host", "labs.example.org"}, false, "which the Host header says"},
		{"what a visitor says it was called", labs, []string{"Host", "127.0.0.1", "X-Forwarded-Host", "evil.example"}, true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := request("192.0.2.1:1", c.head...)
			why := c.site.Known(r, c.site.Proxies.From(r))
			switch {
			case c.ok && why != nil:
				t.Errorf("it is refused: %v", why)
			case !c.ok && (why == nil || why.Status != http.StatusMisdirectedRequest || !strings.Contains(why.Why, c.want)):
				t.Errorf("got %+v, want 421 with %q", why, c.want)
			}
		})
	}
}

func TestBasePath(t *testing.T) {
	base := func(text string) *Site {
		b, err := ParseBase(text)
		if err != nil {
			t.Fatal(err)
		}
		return &Site{Base: b}
	}
	both := public(t, "https://www.example.org/other/")
	both.Base = "/lab/"
	for _, c := range []struct {
		name, path string
		site       *Site
		want       string // "" for moved, or with a colon what is said
	}{
		{"none", "/api/labs", &Site{}, "/api/labs"},
		{"none, said", "/api/labs", base("/"), "/api/labs"},
		{"the page", "/lab/", base("/lab/"), "/"},
		{"the page, without its slash", "/lab", base("lab"), ""},
		{"something below", "/lab/api/labs", base("/lab"), "/api/labs"},
		{"two deep", "/a/b/api", base("a/b"), "/api"},
		{"the page, two deep, without its slash", "/a/b", base("a/b"), ""},
		{"outside", "/", base("/lab/"), ": this server's pages are under /lab/"},
		{"outside, with a beginning that is the same", "/laboratory/", base("/lab/"), ": let it pass the path on whole"},
		{"the path that a proxy took off", "/api/labs", public(t, "https://www.example.org/lab/"), "/api/labs"},
		{"the path that a proxy left", "/lab/api/labs", public(t, "https://www.example.org/lab"), "/api/labs"},
		{"the page of the public URL, without its slash", "/lab", public(t, "https://www.example.org/lab/"), ""},
		{"where a proxy puts one path in the place of another", "/lab/api", both, "/api"},
		{"where it does not", "/other/api", both, ": this server's pages are under /lab/"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rest, moved, why := c.site.Path(c.path)
			want, isWhy := strings.CutPrefix(c.want, ": ")
			switch {
			case isWhy:
				if why == nil || why.Status != http.StatusNotFound || !strings.Contains(why.Why, want) {
					t.Errorf("got %q, %+v, want 404 with %q", rest, why, want)
				}
			case why != nil || rest != c.want || moved != (c.want == ""):
				t.Errorf("got %q, moved %t, %v, want %q", rest, moved, why, c.want)
			}
		})
	}
}

func TestParsePublicAndBase(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"https://labs.example.org", "https://labs.example.org/"},
		{"https://Labs.Example.org/Lab", "https://labs.example.org/Lab/"},
		{"http://127.0.0.1:8080/a/b/", "http://127.0.0.1:8080/a/b/"},
		{"labs.example.org", ""},
		{"ftp://labs.example.org/", ""},
		{"https:///lab/", ""},
		{"https://me@labs.example.org/", ""},
		{"https://labs.example.org/?x", ""},
		{"https://labs.example.org/?", ""},
		{"https://labs.example.org/#x", ""},
		{"https://labs.example.org/a//b/", ""},
		{"https://labs.example.org/a%20b/", ""},
	} {
		u, err := ParsePublic(c.text)
		if (err != nil) != (c.want == "") || err == nil && u.String() != c.want {
			t.Errorf("--public-url %s is %v, %v, want %q", c.text, u, err, c.want)
		}
	}
	for _, c := range []struct{ text, want string }{
		{"", "/"},
		{"/", "/"},
		{"//", "/"},
		{"lab", "/lab/"},
		{"/lab", "/lab/"},
		{"/a/b-c_d.e~1/", "/a/b-c_d.e~1/"},
		{"/a//b", ""},
		{"/../x", ""},
		{"/a/./b", ""},
		{"/a b", ""},
		{"/a%20b", ""},
		{"/é", ""},
		{`/a"b`, ""},
	} {
		if got, err := ParseBase(c.text); (err != nil) != (c.want == "") || got != c.want {
			t.Errorf("--base-path %s is %q, %v, want %q", c.text, got, err, c.want)
		}
	}
}

// FuzzOwn: with an Origin whose host is not the one that was asked, and no word of the
// browser, nothing is done; and nothing ends in a panic.
func FuzzOwn(f *testing.F) {
	f.Add("https://labs.example.org", "labs.example.org", "", "/lab/")
	f.Add("null", "127.0.0.1:8080", "cross-site", "/lab")
	f.Add("http://[::1]:80", "[::1]", "same-origin", "//")
	f.Fuzz(func(t *testing.T, origin, host, fetch, path string) {
		site := public(t, "https://labs.example.org/lab/")
		head := []string{"Host", host, "Origin", origin}
		if fetch != "" {
			head = append(head, "Sec-Fetch-Site", fetch)
		}
		r := request("192.0.2.1:1", head...)
		from := site.Proxies.From(r)
		_ = site.Known(r, from)
		_, _, _ = site.Path(path)
		if site.Own(r, from) != nil || fetch == "same-origin" || fetch == "none" {
			return
		}
		_, authority, ok := strings.Cut(origin, "://")
		name := func(host string) string {
			return strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(host), ":80"), ":443")
		}
		if !ok || name(authority) != name(host) && name(authority) != "labs.example.org" {
			t.Errorf("a page of %q may act on %q", origin, host)
		}
	})
}

package httpapi

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/gopacket/pcapgo"

	"wireloom/internal/labapi"
	"wireloom/internal/pcap"
	"wireloom/internal/visitor"
)

// live begins a live capture.
func (x *site) live(ctx context.Context, lab, query string) *http.Response {
	x.t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, x.srv.URL+"/api/labs/"+lab+"/live.pcapng"+query, nil)
	if err != nil {
		x.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		x.t.Fatal(err)
	}
	return res
}

// A live capture has what passes its point from now on, counts as a viewer and a download,
// and ends well with the lab.
func TestLiveCapture(t *testing.T) {
	x := openSite(t, Config{})
	lab := x.lab()
	res := x.live(t.Context(), lab, "?point=h1:em0-s1.1&point=s1.2")
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK || res.Header.Get("X-Accel-Buffering") != "no" || res.Header.Get("Content-Type") != "application/x-pcapng" {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	r, err := pcapgo.NewNgReader(res.Body, pcapgo.NgReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		b, ci, err := r.ReadPacketData()
		if err != nil {
			t.Fatalf("packet %d: %v", i, err)
		}
		f, err := r.Interface(ci.InterfaceIndex)
		if err != nil || len(b) != 98 || f.Name != [...]string{"h1:em0-s1.1", "s1.2"}[ci.InterfaceIndex] {
			t.Errorf("packet %d has %d bytes, at %q, %v", i, len(b), f.Name, err)
		}
	}
	if u := x.api.quotas.use(); u["downloads"].Used != 1 || u["lab_downloads"].Used != 1 {
		t.Errorf("it takes %+v", u)
	}
	snap, _ := x.api.keeper.Live(lab).Snapshot()
	if snap.Viewers != 1 {
		t.Errorf("the lab has %d viewers", snap.Viewers)
	}
	x.do("DELETE", "/api/labs/"+lab, "")
	for err == nil {
		_, _, err = r.ReadPacketData()
	}
	f, _ := r.Interface(0)
	if !errors.Is(err, io.EOF) || f.Statistics.PacketsReceived < 10 {
		t.Errorf("it ends with %v, and has counted %+v", err, f.Statistics)
	}
	until(t, "its place is given back", func() bool { return x.api.quotas.downloads.Use().Used == 0 })
}

func TestLiveCaptureEndsWithItsReader(t *testing.T) {
	x := openSite(t, Config{})
	lab := x.lab()
	ctx, cancel := context.WithCancel(t.Context())
	res := x.live(ctx, lab, "")
	if _, err := res.Body.Read(make([]byte, 4)); err != nil {
		t.Error(err)
	}
	cancel()
	_ = res.Body.Close() // it is over
	until(t, "its place is given back", func() bool { return x.api.quotas.downloads.Use().Used == 0 })
}

// askLive begins a live capture on a wire.
func askLive(t *testing.T, w *wire, lab, query string) (net.Conn, *http.Response) {
	t.Helper()
	conn := w.dial()
	if _, err := io.WriteString(conn, "GET /api/labs/"+lab+"/live.pcapng"+query+" HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	return conn, res
}

// Who takes nothing is cut off.
func TestWhoTakesNothingOfALiveCaptureIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, lab := openWire(t)
		askLive(t, w, lab, "")
		time.Sleep(liveTimeout + time.Second)
		synctest.Wait()
		if u := w.api.quotas.downloads.Use(); u.Used != 0 {
			t.Errorf("the place is still taken: %+v", u)
		}
	})
}

// Who takes too little is told how much is missing, and has the rest whole.
func TestASlowReaderOfALiveCaptureIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, lab := openWire(t)
		_, res := askLive(t, w, lab, "?point=s1.1")
		var got bytes.Buffer
		for range 40 {
			if _, err := io.CopyN(&got, res.Body, slowPiece); err != nil {
				t.Fatal(err)
			}
			time.Sleep(liveTimeout / 2)
		}
		l := w.api.keeper.Live(lab)
		if err := w.api.keeper.End(t.Context(), lab, "it is enough"); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&got, res.Body); err != nil {
			t.Fatal(err)
		}
		f := pcap.NewForwarder(io.Discard)
		if err := f.Forward(&got); err != nil || f.Packets < 1000 || f.Missing() < 1000 {
			t.Errorf("%d packets came, and %d are missing: %v", f.Packets, f.Missing(), err)
		}
		snap, _ := l.Snapshot()
		if all, want := f.Packets+f.Missing(), uint64(snap.Now/(20*time.Millisecond)); all < want || all > want+2 {
			t.Errorf("%d packets came and %d are missing, of %d", f.Packets, f.Missing(), want)
		}
	})
}

// One that has nothing to say says so before a proxy gives up.
func TestAQuietLiveCaptureStaysAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, lab := openWire(t)
		if err := w.api.keeper.Live(lab).Pause(t.Context()); err != nil {
			t.Fatal(err)
		}
		conn, res := askLive(t, w, lab, "?point=s1.1")
		began, pieces := time.Now(), 0
		for time.Since(began) < 5*time.Minute {
			if _, err := res.Body.Read(make([]byte, 64<<10)); err != nil {
				t.Fatal(err)
			}
			pieces++
		}
		if pieces < 20 || pieces > 30 {
			t.Errorf("%d pieces in five minutes, want one every %v", pieces, aliveEvery)
		}
		_ = conn.Close() // it has enough
	})
}

func TestCapturesThatThereAreNot(t *testing.T) {
	x := openSite(t, Config{})
	path := "/api/labs/" + x.lab()
	for _, tc := range []struct {
		name, query string
		want        string
	}{
		{"no such point", "?point=s1.9", `there is nothing to capture: there is no capture point "s1.9" in this lab: there are all, h1, h1:em0, h2, h2:em0, s1, s1.1, s1.2; a link is END-END, such as h1:em0-s1.1`},
		{"a link that there is not", "?point=h1:em0-s1.2", "there is no capture point"},
		{"too many", "?" + strings.Repeat("point=s1&", labapi.MaxPoints+1), "the address names 65 capture points: at most 64"},
		{"another word", "?points=s1", `the address has "points", and a capture takes point=POINT and filter=FILTER`},
		{"a filter that is none", "?filter=icmp.type%3D%3D", "there is nothing to capture: filter, column "},
		{"two filters", "?filter=arp&filter=icmp", "the address has filter twice: join them with && or ||"},
		{"what can't be read", "?point=%zz", "cannot be read"},
		{"a vile name", "?point=" + strings.Repeat("%1b[2J", 200), "there is no capture point"},
	} {
		for _, file := range []string{"/capture.pcapng", "/live.pcapng"} {
			a := x.do("GET", path+file+tc.query, "")
			if a.status != http.StatusBadRequest || !strings.Contains(a.json.Error, tc.want) || strings.Contains(a.json.Error, "\x1b") || len(a.body) > 4096 {
				t.Errorf("%s at %s: %d %.300s", tc.name, file, a.status, a.body)
			}
		}
	}
	q := &x.api.quotas.downloads
	q.Limit.Each = 1
	if why := q.Take(visitor.Client{Address: "127.0.0.1"}, 1); why != nil {
		t.Fatal(why)
	}
	if a := x.do("GET", path+"/live.pcapng", ""); a.status != http.StatusTooManyRequests || !strings.Contains(a.json.Error, "there is nothing to capture: ") {
		t.Errorf("where no more is allowed: %d %s", a.status, a.body)
	}
	if a := x.do("HEAD", path+"/capture.pcapng", ""); a.status != http.StatusTooManyRequests {
		t.Errorf("where no more is allowed, the head of a file: %d", a.status)
	}
}

// A capture of one point has its frames alone.
func TestCaptureOfAPoint(t *testing.T) {
	x := openSite(t, Config{})
	lab := x.lab()
	until(t, "frames pass", func() bool {
		a := x.do("GET", "/api/labs/"+lab+"/capture.pcapng?point=s1.2", "")
		r, err := pcapgo.NewNgReader(strings.NewReader(string(a.body)), pcapgo.NgReaderOptions{})
		if err != nil {
			t.Fatal(err)
		}
		_, ci, err := r.ReadPacketData()
		return err == nil && ci.InterfaceIndex == 0 && r.NInterfaces() == 1
	})
}

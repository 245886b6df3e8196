//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"nhooyr.io/websocket"

	"wireloom/internal/recording"
	"wireloom/vnet"
)

// What the test of kills is to do: go test ./cmd/labserver -run Kills -kills 200.
var (
	kills    = flag.Int("kills", 4, "how often the server is killed")
	killSeed = flag.Uint64("kills-seed", 1, "the `seed` by which the moments are chosen")
)

// A hand works in one lab, whatever becomes of the server meanwhile, and remembers what it was
// told is done.
type hand struct {
	t      *testing.T
	name   string
	url    *atomic.Value // string: where the server is
	client *http.Client  // nil is any
	lab    string
	slot   string // where it uploads to; "" if nowhere
	door   string // which it sends frames to; "" if none
	chance *rand.Rand

	sent          int
	done, unknown []string // lines and hashes of programs: acknowledged, or nothing was heard of it
	full          int      // commands that were refused since the disk is full
	told          [][]byte // recordings that it has got
}

// ask makes a request; status is 0 where there was no answer.
func (h *hand) ask(method, path string, body []byte) (status int, answer []byte) {
	ctx, cancel := context.WithTimeout(h.t.Context(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, h.url.Load().(string)+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil
	}
	c := h.client
	if c == nil {
		c = http.DefaultClient
	}
	return answered(c, r)
}

// answered is what a server that may be killed answers; status is 0 where it doesn't.
func answered(c *http.Client, r *http.Request) (status int, answer []byte) {
	res, err := c.Do(r)
	if err != nil {
		return 0, nil
	}
	defer res.Body.Close()
	if answer, err = io.ReadAll(res.Body); err != nil {
		return 0, nil
	}
	return res.StatusCode, answer
}

// open opens the hand's lab.
func (h *hand) open(scenario string) {
	h.t.Helper()
	status, b := h.ask("POST", "/api/labs", fmt.Appendf(nil, `{"scenario":%q}`, scenario))
	var lab struct{ ID string }
	if err := json.Unmarshal(b, &lab); err != nil || status != http.StatusCreated {
		h.t.Fatalf("no lab %s: %d %s", scenario, status, b)
	}
	h.lab = lab.ID
}

// work works until stop is closed.
func (h *hand) work(stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		c, _, err := websocket.Dial(h.t.Context(), h.url.Load().(string)+"/api/labs/"+h.lab+"/stream", &websocket.DialOptions{HTTPClient: h.client})
		if err != nil {
			time.Sleep(10 * time.Millisecond) // the server is on its way
			continue
		}
		c.SetReadLimit(16 << 20)
		ctx, cancel := context.WithCancel(h.t.Context())
		var sends sync.WaitGroup
		if h.door != "" {
			sends.Go(func() { h.knock(ctx) })
		}
		for alive := true; alive; {
			select {
			case <-stop:
				alive = false
			default:
				alive = h.act(c)
				time.Sleep(time.Duration(h.chance.IntN(30)) * time.Millisecond) // others have things to do
			}
		}
		cancel()
		sends.Wait()
		_ = c.CloseNow() // the server has gone, or is to see it go
	}
}

// act does one thing; it reports false when the server has gone.
func (h *hand) act(c *websocket.Conn) bool {
	h.sent++
	switch n := h.chance.IntN(40); {
	case n == 0:
		if status, b := h.ask("GET", "/api/labs/"+h.lab+"/recording", nil); status == http.StatusOK {
			h.told = append(h.told, b)
		}
		return true
	case n == 1 && h.slot != "":
		module := h.module()
		hash := sum(module)
		h.unknown = append(h.unknown, hash)
		switch status, b := h.ask("POST", "/api/labs/"+h.lab+"/programs?"+h.slot+"&name=x.wasm", module); {
		case status == http.StatusOK:
			h.done, h.unknown = append(h.done, hash), h.unknown[:len(h.unknown)-1]
		case bytes.Contains(b, []byte("no space left")):
			h.full++
		}
		return true
	}
	line := fmt.Sprintf("man %s-%d", h.name, h.sent)
	h.unknown = append(h.unknown, line)
	text := fmt.Sprintf(`{"type":"cmd","id":%d,"op":"exec","node":"alice","line":%q}`, h.sent, line)
	if c.Write(h.t.Context(), websocket.MessageText, []byte(text)) != nil {
		return false
	}
	for {
		ctx, cancel := context.WithTimeout(h.t.Context(), 20*time.Second)
		_, b, err := c.Read(ctx)
		cancel()
		if err != nil || !json.Valid(b) { // a message that was cut off comes as if it were whole
			return false
		}
		acknowledge(h.t, c, b)
		var m struct {
			Type, Error string
			ID          int
			OK          bool
		}
		if json.Unmarshal(b, &m) != nil || m.Type != "reply" || m.ID != h.sent {
			continue
		}
		switch {
		case m.OK:
			h.done = append(h.done, line)
			h.unknown = h.unknown[:len(h.unknown)-1]
		case strings.Contains(m.Error, "no space left"):
			h.full++
			h.unknown = h.unknown[:len(h.unknown)-1]
		default:
			h.t.Errorf("%s: %s", line, m.Error)
		}
		return true
	}
}

// module is a program like no other: with a section of its own.
func (h *hand) module() []byte {
	name := fmt.Sprintf("%s-%d", h.name, h.sent)
	head := "\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x05\x03\x01\x00\x01\x07\x13\x02\x06memory\x02\x00\x06_start\x00\x00\x0a\x04\x01\x02\x00\x0b"
	return append([]byte(head+"\x00"), append([]byte{byte(len(name) + 1), byte(len(name))}, name...)...)
}

// knock sends frames to the hand's door.
func (h *hand) knock(ctx context.Context) {
	c, _, err := websocket.Dial(ctx, h.url.Load().(string)+"/api/labs/"+h.lab+"/doors/"+h.door, &websocket.DialOptions{HTTPClient: h.client})
	if err != nil {
		return
	}
	defer func() { _ = c.CloseNow() }() // whoever ends it
	frame := make([]byte, 60)
	copy(frame, "\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\xaa\x88\xb5")
	for n := uint64(0); ctx.Err() == nil; n++ {
		binary.BigEndian.PutUint64(frame[20:], n)
		if c.Write(ctx, websocket.MessageBinary, frame) != nil {
			return
		}
		time.Sleep(2 * time.Millisecond) // a machine that sends now and then
	}
}

// recorded is the lab's recording, once the lab is back.
func (h *hand) recorded() *recording.File {
	h.t.Helper()
	for range 200 {
		switch status, b := h.ask("GET", "/api/labs/"+h.lab+"/recording", nil); status {
		case http.StatusOK:
			f, err := recording.Read(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				h.t.Fatal(err)
			}
			h.told = append(h.told, b)
			return f
		case 0, http.StatusServiceUnavailable:
			time.Sleep(50 * time.Millisecond) // it is coming back
		default:
			h.t.Fatalf("lab %s: %d %s", h.name, status, b)
		}
	}
	h.t.Fatalf("lab %s does not come back", h.name)
	return nil
}

// check looks whether all that the hand was told is so, and by running recordings again where it
// is to, which takes long.
func (h *hand) check(t *testing.T, again bool) {
	t.Helper()
	last := h.recorded()
	times := map[string]int{}
	var ops []string
	for _, c := range last.Commands {
		b, err := c.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		ops = append(ops, string(b))
		switch x := c.Command.(type) {
		case vnet.Exec:
			times[x.Line]++
		case vnet.Install:
			times[x.Hash]++
		}
	}
	for _, what := range h.done {
		if times[what] != 1 {
			t.Errorf("lab %s: %q was acknowledged, and is there %d times", h.name, what, times[what])
		}
	}
	for _, what := range h.unknown {
		if times[what] > 1 {
			t.Errorf("lab %s: %q is there %d times", h.name, what, times[what])
		}
	}
	// Each recording that anybody has is the beginning of the last: the same commands at the
	// same steps, and then the run came by where it ended.
	for i, b := range h.told {
		f, err := recording.Read(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		for n, c := range f.Commands {
			b, err := c.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			if n >= len(ops) || ops[n] != string(b) {
				t.Errorf("lab %s: of recording %d command %d, %s, is not there any more", h.name, i, n, b)
				break
			}
		}
		if n := len(f.Commands); n < len(last.Commands) && (last.Commands[n].Step < f.End.Step || last.Commands[n].At < f.End.At) {
			t.Errorf("lab %s: recording %d ended at step %d, and what came after is at step %d", h.name, i, f.End.Step, last.Commands[n].Step)
		}
		if last.End.Step < f.End.Step || last.End.Events < f.End.Events || last.Entered < f.Entered {
			t.Errorf("lab %s: recording %d ended at %+v, the last at %+v", h.name, i, f.End, last.End)
		}
		if middle := i == len(h.told)/2 && *kills >= 50; !again || !middle && i != len(h.told)-1 {
			continue
		}
		file := filepath.Join(t.TempDir(), fmt.Sprintf("%s-%d.wireloom.zip", h.name, i))
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		if code := run(t.Context(), []string{"replay", file}, stdio{strings.NewReader(""), &out, &errs}); code != exitOK {
			t.Errorf("lab %s: recording %d does not replay: %s%s", h.name, i, out.String(), errs.String())
		}
	}
}

// TestKillsLoseNothing: a server that is killed at any moment, while people and machines do
// things to its labs, a class hands in and is graded, scores go out, and while it has labs
// again, has whatever it said it has. So do gradings whose processes are killed.
func TestKillsLoseNothing(t *testing.T) {
	at, doors := newHome(t), filepath.Join(t.TempDir(), "doors")
	if err := os.Mkdir(doors, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(doors, "scenario.yaml"), []byte(doorScenario("websocket", "websocket")), 0o600); err != nil {
		t.Fatal(err)
	}
	crt, port, public := newCertificate(t), freePort(t), "https://"+docHost+"/"
	args := at.serves("--addr", "127.0.0.1:"+port, "--public-url", public, "--tls-cert", crt.crt, "--tls-key", crt.key,
		"--lti-inside", "--metrics-token", metricsToken, "--door", "websocket", "--files", t.TempDir(), doors)
	s := startServer(t, args...)
	var pid atomic.Int64 // of the server
	pid.Store(int64(s.cmd.Process.Pid))
	from := 2
	visit := func() *browser {
		from++
		return newBrowser(t, public, fmt.Sprintf("127.0.0.%d", from), port, crt.roots).keepsCookies()
	}
	class := newTerm(t, visit, at, 3, 3)
	var url atomic.Value
	url.Store(strings.TrimSuffix(public, "/"))
	var hands []*hand
	for i, x := range []struct{ scenario, slot, door string }{
		{"ping", "node=bob&proc=pingd", ""}, {"switch", "node=sw&proc=switchd", ""}, {"doors", "", "s1.3"}, {"ping", "", ""}, {"router", "", ""},
	} {
		h := &hand{
			t: t, name: fmt.Sprintf("%s%d", x.scenario, i), url: &url, client: visit().client, slot: x.slot, door: x.door,
			chance: rand.New(rand.NewPCG(*killSeed, uint64(i))),
		}
		h.open(x.scenario)
		hands = append(hands, h)
	}
	stop := make(chan struct{})
	var all sync.WaitGroup
	for _, h := range hands {
		all.Go(func() { h.work(stop) })
	}
	acts := class.work(stop, &pid)
	chance := rand.New(rand.NewPCG(*killSeed, 99))
	returning := 0
	for n := range *kills {
		wait := 50 + chance.IntN(500)
		switch k := chance.IntN(12); {
		case k < 4: // while labs come back
			wait = chance.IntN(20)
			if class.comesBack(len(hands) + len(class.students)) {
				returning++
			}
		case k < 6:
			wait = chance.IntN(60)
		case k < 8: // so that what takes longer is done sometimes
			wait = 1000 + chance.IntN(2000)
		}
		time.Sleep(time.Duration(wait) * time.Millisecond)
		s.end(t, syscall.SIGKILL)
		s = startServer(t, args...)
		pid.Store(int64(s.cmd.Process.Pid))
		if n%50 == 49 {
			t.Logf("%d kills", n+1)
		}
	}
	time.Sleep(time.Second)
	close(stop)
	all.Wait()
	acts.Wait()
	began := time.Now()
	done, unknown := 0, 0
	for _, h := range hands {
		h.check(t, true)
		done, unknown = done+len(h.done), unknown+len(h.unknown)
	}
	labs := time.Since(began)
	class.check()
	t.Logf("%d kills, %d of them while labs came back: %d commands were acknowledged, of %d nothing was heard; %s", *kills, returning, done, unknown, class.figures())
	t.Logf("all labs were looked at after %v, all was graded and sent after %v", labs.Round(time.Second), time.Since(began).Round(time.Second))
	if done < 10 {
		t.Errorf("only %d commands were acknowledged", done)
	}
	if returning == 0 && *kills >= 50 { // of a few all may miss
		t.Error("no server was killed while labs came back")
	}

	// What is stopped in order is there, too; a journal that was damaged meanwhile is not, and
	// harms nobody else.
	if code := s.end(t, syscall.SIGTERM); code != exitOK {
		t.Errorf("SIGTERM ends it with %d", code)
	}
	class.stored(at.Options)
	bad := hands[3]
	path := filepath.Join(at.Dir, labsFolder, bad.lab, "journal")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	s = startServer(t, args...)
	for _, h := range slices.Delete(slices.Clone(hands), 3, 4) {
		h.check(t, false)
	}
	const why = "its journal is broken: the record at byte"
	for range 2 {
		status, b := bad.ask("GET", "/api/labs/"+bad.lab, nil)
		if status != http.StatusGone || !strings.Contains(string(b), "this lab does not come back: "+why) {
			t.Errorf("the lab with a damaged journal: %d %s", status, b)
		}
	}
	class.check()
	class.quarantined(why)
	s.end(t, syscall.SIGTERM)
	if why, err := os.ReadFile(filepath.Join(at.Dir, labsFolder, bad.lab, "quarantine.txt")); err != nil || !strings.Contains(string(why), "its journal is broken") {
		t.Errorf("beside the journal stands %q, %v", why, err)
	}
}

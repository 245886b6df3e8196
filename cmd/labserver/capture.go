package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	goio "io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"

	"wireloom/internal/pcap"
	"wireloom/internal/terminal"
)

func runCapture(ctx context.Context, args []string, io stdio) int {
	f := newFlags(io, "capture", "[--server URL] LAB [-i POINT]... [-Y FILTER] [-w FILE]", `Captures frames of a lab that a server runs, from now on, until Ctrl-C, the lab's end or
that of who reads them. LAB is the lab's id, or the address of its page, which ends in
#lab=ID; http://HOST:PORT ID is taken, too. A POINT is an interface (alice:em0), a switch's
port (s1.2), a link by its ends (alice:em0-s1.1), all that a node or switch has (alice, s1),
or all.

    labserver capture LAB -D
    labserver capture LAB -w - | wireshark -k -i -
    labserver capture LAB -i s1.2 -i bob:tap0 -w two.pcapng
    labserver capture LAB -i alice:em0-s1.1 -Y 'icmp.type == 8' | tshark -r -

Time is the lab's: it begins in 1970. Exit code 0: it ended well; 1: the connection was
lost, and what came before is written; 2: there was nothing to capture.`)
	server := f.String("server", "http://127.0.0.1:8080", "the server's `URL`")
	var points pointFlag
	f.Var(&points, "i", "capture at this `point`, again for more (default all)")
	only := f.String("Y", "", "capture the frames that this display `filter` takes, in Wireshark's words")
	file := f.String("w", "-", "write to this `file`; - for standard output")
	list := f.Bool("D", false, "list the capture points, and capture nothing")
	limit := f.Uint64("c", 0, "end after `N` packets; 0 for never")
	rest, code, ok := parse(f, args)
	if !ok {
		return code
	}
	switch {
	case len(rest) == 2 && !set(f, "server"):
		*server, rest = rest[0], rest[1:]
	case len(rest) != 1 || rest[0] == "":
		return wants(io, f, "one LAB", rest)
	}
	lab := rest[0]
	if page, id, found := strings.Cut(lab, "#lab="); found {
		*server, lab = page, id
	}
	if *list {
		return listPoints(ctx, io, *server, lab)
	}
	body, err := liveCapture(ctx, *server, lab, points, *only)
	if err != nil {
		return fail(io, err)
	}
	defer func() { _ = body.Close() }() // nothing more is wanted of it
	out, err := captureOutput(io, *file)
	if err != nil {
		return fail(io, err)
	}
	to := pcap.NewForwarder(out)
	to.Max = *limit
	err = to.Forward(body)
	gone := (*pcap.WriteError)(nil)
	switch {
	case ctx.Err() != nil, errors.Is(err, syscall.EPIPE):
		err = nil // who wanted it wants no more
	case errors.As(err, &gone):
		err = fmt.Errorf("%s: %w", *file, gone.Err)
	case err != nil:
		err = fmt.Errorf("the connection to the server is lost; what came before is written (%w)", err)
	}
	if c, ok := out.(goio.Closer); ok && *file != "-" {
		err = errors.Join(err, c.Close())
	}
	fmt.Fprintf(io.err, "%d packets captured\n", to.Packets)
	if n := to.Dropped(); n > 0 {
		fmt.Fprintf(io.err, "%d frames dropped by the lab there\n", n)
	}
	if n := to.Missing(); n > 0 {
		fmt.Fprintf(io.err, "%d packets missing: they came faster than they were taken\n", n)
	}
	if err != nil {
		fail(io, err)
		return exitFailed
	}
	return exitOK
}

// captureOutput is where a capture goes: no terminal.
func captureOutput(io stdio, file string) (goio.Writer, error) {
	if file != "-" {
		return os.Create(file)
	}
	out := terminal.NewWriter(io.out).Binary()
	if out == nil {
		return nil, errors.New("a capture is no text, and standard output is a terminal: give a file with -w FILE, or a program, as in labserver capture LAB | wireshark -k -i -")
	}
	return out, nil
}

// listPoints prints where a lab can be captured.
func listPoints(ctx context.Context, io stdio, server, lab string) int {
	body, err := askLab(ctx, server, lab, "points", nil)
	if err != nil {
		return fail(io, err)
	}
	defer func() { _ = body.Close() }() // it is read, or of no use
	var places []pcap.Place
	if err := json.NewDecoder(goio.LimitReader(body, maxMessage)).Decode(&places); err != nil {
		return fail(io, fmt.Errorf("what the server says is not understood: it may be of another version (%w)", err))
	}
	for _, p := range places {
		fmt.Fprintf(io.out, "%s (%s)\n", terminal.Line(p.Name), terminal.Line(p.Does))
	}
	return exitOK
}

// liveCapture asks a server for the frames of a lab from now on.
func liveCapture(ctx context.Context, server, lab string, points []string, only string) (goio.ReadCloser, error) {
	query := url.Values{"point": points}
	if only != "" {
		query.Set("filter", only)
	}
	return askLab(ctx, server, lab, "live.pcapng", query)
}

// askLab asks a server for something of a lab.
func askLab(ctx context.Context, server, lab, what string, query url.Values) (goio.ReadCloser, error) {
	base, _, err := serverAt(server)
	if err != nil {
		return nil, err
	}
	where := base + "/api/labs/" + url.PathEscape(lab) + "/" + what + "?" + query.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, where, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", base, err)
	}
	client := http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, ResponseHeaderTimeout: dialTimeout, TLSHandshakeTimeout: dialTimeout}}
	res, err := client.Do(r)
	if err != nil {
		return nil, dialError(base, nil, err)
	}
	if res.StatusCode != http.StatusOK {
		defer func() { _ = res.Body.Close() }() // it is small
		return nil, dialError(base, res, errors.New(res.Status))
	}
	return res.Body, nil
}

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"wireloom/internal/product"
	"wireloom/internal/scenario"
	"wireloom/internal/scenario/grade"
)

const (
	roundTrips  = 200 // requests that a turn sends and expects an answer to
	submissions = 100 // distinct programs that are graded

	scenarioFile = "scenario.yaml"
)

// Goals of grading, as ratios of time. A scripted round trip is to take a 50th of
// one with scapy as it is usually written, and a 10th of one with a socket that
// stays open.
const (
	usualGoal  = 1.0 / 50
	openGoal   = 1.0 / 10
	gradesGoal = 0.15

	pingallGoal = 0.01
	pingallTime = 1e9 // ns, of 50 hosts
)

// grading measures scenario scripts against scapy and Mininet, and how many
// submissions are graded in a second.
func grading(ctx context.Context, rounds int) (*Report, error) {
	r := &Report{Title: "scenario scripts against scapy and Mininet, and many submissions"}
	for _, part := range []func(context.Context, int, *Report) error{roundTrip, wholeGrading, everybody, manySubmissions} {
		if err := part(ctx, rounds, r); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// hosts is a scenario of two hosts on a switch, with these steps.
func hosts(steps string) string {
	return `scenario: bench
title: Two hosts
nodes:
  alice: {nics: {em0: {port: s1.1, address: 10.0.0.1/24}}}
  bob: {nics: {em0: {port: s1.2, address: 10.0.0.2/24}}}
switches: {s1: {ports: 3}}
steps:
` + steps
}

// roundTrip sends ARP requests to a host's stack and expects the answers.
func roundTrip(ctx context.Context, rounds int, r *Report) error {
	var steps strings.Builder
	for i := range roundTrips {
		fmt.Fprintf(&steps, `  - id: r%d
    send: {port: s1.3, packet: {eth.dst: "ff:ff:ff:ff:ff:ff", eth.src: "02:00:00:00:00:09", arp.opcode: 1, arp.src.hw_mac: "02:00:00:00:00:09", arp.src.proto_ipv4: 10.0.0.9, arp.dst.proto_ipv4: 10.0.0.1}}
    expect: {port: s1.1, direction: in, within: 1s, packet: {arp.opcode: 2, arp.src.proto_ipv4: 10.0.0.1, arp.dst.hw_mac: "02:00:00:00:00:09"}}
    points: 1
`, i)
	}
	ours := func() (cost, error) {
		sc, err := scenario.Parse(scenarioFile, []byte(hosts(steps.String())))
		if err != nil {
			return cost{}, err
		}
		return measure(func() (int, error) { return roundTrips, passes(ctx, sc) })
	}
	for _, mode := range []struct {
		name, what string
		count      int
		goal       float64
	}{
		{"srp1", "send and expect, scapy's srp1", 20, usualGoal},
		{"open", "send and expect, scapy with an open socket", 100, openGoal},
	} {
		columns, peer, err := beside(ctx, rounds, r, "scapy", ours, "expect.py", mode.name, strconv.Itoa(mode.count))
		if err != nil {
			return err
		}
		rate := number(spread(columns[0].persecond()).Median) + "/s"
		r.Rows = append(r.Rows, against(mode.what, "ns", columns[0].wall(), peer, rate).goal(mode.goal))
	}
	return nil
}

// passes grades a scenario that has no programs.
func passes(ctx context.Context, sc *scenario.Scenario) error {
	lab, _, err := product.Build(ctx, sc, nil, product.Options{Window: -1})
	if err != nil {
		return err
	}
	defer lab.Close()
	res, err := grade.Grade(lab, sc, grade.Options{})
	if err == nil && !res.Passed {
		err = fmt.Errorf("only %d of %d points: %+v", res.Score, res.MaxScore, res.Checks[0])
	}
	return err
}

// beside measures ours and a peer in turns, and returns the columns and the peer's
// times. Where the peer can't be had, which the report then says, there are none.
func beside(ctx context.Context, rounds int, r *Report, name string, ours contender, script string, args ...string) ([]column, []float64, error) {
	theirs := func() (cost, error) { return python(ctx, script, args...) }
	sides := []contender{ours}
	if _, err := theirs(); err != nil {
		r.Notes = append(r.Notes, fmt.Sprintf("%s is not measured: %v", name, err))
	} else {
		sides = append(sides, theirs)
	}
	columns, err := inTurns(ctx, rounds, sides...)
	if err != nil || len(columns) == 1 {
		return columns, nil, err
	}
	return columns, columns[1].wall(), nil
}

// python runs a peer in a network and mount namespace of its own and reads its cost.
func python(ctx context.Context, script string, args ...string) (cost, error) {
	out, wall, err := apartNet(ctx, script, args...)
	if err != nil {
		return cost{}, err
	}
	c := cost{wall: float64(wall.Nanoseconds())}
	if len(out) > 0 {
		if _, err := fmt.Sscan(string(out), &c.wall, &c.cpu); err != nil {
			return cost{}, fmt.Errorf("%s printed %q: %w", script, out, err)
		}
	}
	return c, nil
}

// enter makes what Mininet expects of a machine inside the new namespaces: that
// /sys shows them, and control groups where they can be had.
const enter = `ip link set lo up
mount -t sysfs sysfs /sys 2>/dev/null && mount -t tmpfs none /sys/fs/cgroup 2>/dev/null && mkdir /sys/fs/cgroup/memory && mount -t cgroup -o memory none /sys/fs/cgroup/memory 2>/dev/null
exec /usr/bin/python3 "$@"`

// apartNet runs a Python script, the system's Python having scapy and Mininet.
func apartNet(ctx context.Context, script string, args ...string) ([]byte, time.Duration, error) {
	dir, err := root()
	if err != nil {
		return nil, 0, err
	}
	args = append([]string{
		"-n", "-m", "--propagation", "private", "--", "sh", "-c", enter, "sh",
		filepath.Join(dir, "internal", "bench", "peer", script),
	}, args...)
	cmd := exec.CommandContext(ctx, "unshare", args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	began := time.Now()
	out, err := cmd.Output()
	took := time.Since(began)
	if err != nil {
		lines := strings.Split(strings.TrimSpace(said.String()), "\n")
		return nil, 0, fmt.Errorf("%s: %w: %s", script, err, lines[len(lines)-1])
	}
	return out, took, nil
}

// wholeGrading is a process from start to end: two hosts, three pings.
func wholeGrading(ctx context.Context, rounds int, r *Report) error {
	dir, err := os.MkdirTemp("", "wireloom-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	lab := filepath.Join(dir, "bench")
	if err := os.Mkdir(lab, 0o700); err != nil {
		return err
	}
	steps := "  - {id: pings, ping: {node: alice, to: 10.0.0.2, count: 3}, points: 1}\n"
	if err := os.WriteFile(filepath.Join(lab, scenarioFile), []byte(hosts(steps)), 0o600); err != nil {
		return err
	}
	ours := func() (cost, error) {
		_, wall, err := labserver(ctx, "", "grade", lab)
		return cost{wall: float64(wall.Nanoseconds())}, err
	}
	for _, mode := range []struct{ what, interval string }{
		{"a grading, Mininet that pings each 2 ms", "0.002"},
		{"a grading, Mininet that pings each second", "1"},
	} {
		columns, peer, err := beside(ctx, rounds, r, "Mininet", ours, "grader.py", mode.interval)
		if err != nil {
			return err
		}
		r.Rows = append(r.Rows, against(mode.what, "ns", columns[0].wall(), peer, "").goal(gradesGoal))
	}
	return nil
}

// everybody is a step in which each of many hosts pings each other. Mininet's of 50 hosts
// overflows its kernel's table of neighbours: so 30 are measured beside it, and 50 alone.
func everybody(ctx context.Context, rounds int, r *Report) error {
	for _, n := range []int{30, 50} {
		sc, err := manyOnASwitch(n, "pingall: {}")
		if err != nil {
			return err
		}
		ours := func() (cost, error) {
			return measure(func() (int, error) { return 1, passes(ctx, sc) })
		}
		if n != 30 {
			columns, err := inTurns(ctx, rounds, ours)
			if err != nil {
				return err
			}
			r.Rows = append(r.Rows, figure(fmt.Sprintf("pingall of %d hosts", n), "ns", spread(columns[0].wall()), "").atMost(pingallTime))
			continue
		}
		columns, peer, err := beside(ctx, rounds, r, "Mininet's pingall", ours, "pingall.py", strconv.Itoa(n))
		if err != nil {
			return err
		}
		r.Rows = append(r.Rows, against(fmt.Sprintf("pingall of %d hosts, Mininet's", n), "ns", columns[0].wall(), peer, "").goal(pingallGoal))
	}
	return nil
}

// labserver runs the server's command; cache is its folder of compiled programs, the
// user's own if "".
func labserver(ctx context.Context, cache string, args ...string) ([]byte, time.Duration, error) {
	dir, err := root()
	if err != nil {
		return nil, 0, err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(dir, "bin", "labserver"), args...)
	cmd.Env = os.Environ()
	if cache != "" {
		cmd.Env = append(cmd.Env, product.CacheEnv+"="+cache)
	}
	began := time.Now()
	out, err := cmd.Output()
	took := time.Since(began)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("labserver %s: %w: %s%s", args[0], err, out, exit.Stderr)
	}
	return out, took, err
}

// manySubmissions grades distinct Go programs, of which none was seen before, and
// then again.
func manySubmissions(ctx context.Context, _ int, r *Report) error {
	dir, err := os.MkdirTemp("", "wireloom-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	folder := filepath.Join(dir, "submissions")
	if err := distinct(ctx, dir, folder); err != nil {
		return err
	}
	cache := filepath.Join(dir, "cache")
	for _, turn := range []string{"not seen before", "compiled before"} {
		_, took, err := labserver(ctx, cache, "grade-all", "ping", folder, "--out", filepath.Join(dir, strings.ReplaceAll(turn, " ", "-")))
		if err != nil {
			return err
		}
		rate := submissions / took.Seconds()
		r.Rows = append(r.Rows, Row{What: fmt.Sprintf("%d Go submissions, %s", submissions, turn), Unit: "gradings/s", Ours: Spread{rate, rate, rate}})
	}
	return nil
}

// distinct builds the ping scenario's Go solution and makes distinct programs of it:
// each has a number in a message of Go's runtime, which none of them prints.
func distinct(ctx context.Context, dir, folder string) error {
	top, err := root()
	if err != nil {
		return err
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	out := filepath.Join(dir, "solution.wasm")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-o", out, "main.go")
	build.Dir = filepath.Join(top, "scenarios", "ping", "reference")
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if said, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("the Go solution: %w\n%s", err, said)
	}
	module, err := os.ReadFile(out)
	if err != nil {
		return err
	}
	const message = "all goroutines are asleep - deadlock!"
	at := bytes.Index(module, []byte(message))
	if at < 0 {
		return fmt.Errorf("the Go solution lacks the message %q that tells submissions apart", message)
	}
	for i := range submissions {
		copy(module[at:], fmt.Sprintf("submission %03d", i))
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("student%03d.wasm", i)), module, 0o600); err != nil {
			return err
		}
	}
	return nil
}

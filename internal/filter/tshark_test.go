package filter

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"wireloom/internal/decode"
)

// capture writes packets to a file for tshark: pcapng, by hand, since internal/pcap
// uses filters.
func capture(t testing.TB, ps []decode.Packet) string {
	t.Helper()
	le := binary.LittleEndian
	block := func(out []byte, typ uint32, body []byte) []byte {
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
		out = le.AppendUint32(le.AppendUint32(out, typ), uint32(len(body)+12))
		return le.AppendUint32(append(out, body...), uint32(len(body)+12))
	}
	option := func(out []byte, code uint16, v []byte) []byte {
		out = append(le.AppendUint16(le.AppendUint16(out, code), uint16(len(v))), v...)
		return append(out, make([]byte, -len(v)&3)...)
	}
	head := le.AppendUint64(le.AppendUint32(le.AppendUint32(nil, 0x1a2b3c4d), 1), 1<<64-1)
	out := block(nil, 0x0a0d0d0a, head)
	ifaces := map[string]uint32{}
	for _, p := range ps {
		id, known := ifaces[p.Iface]
		if !known {
			id = uint32(len(ifaces))
			ifaces[p.Iface] = id
			link := map[decode.Link]uint32{decode.Ethernet: 1, decode.Raw: 101, decode.Null: 0}[p.Link]
			body := le.AppendUint32(le.AppendUint32(nil, link), 0)
			body = option(option(body, 2, []byte(p.Iface)), 9, []byte{9}) // if_name, if_tsresol
			out = block(out, 1, option(body, 0, nil))
		}
		body := le.AppendUint32(le.AppendUint32(le.AppendUint32(nil, id), uint32(p.At>>32)), uint32(p.At))
		body = le.AppendUint32(le.AppendUint32(body, uint32(len(p.Data))), uint32(len(p.Data)))
		out = block(out, 6, append(body, p.Data...))
	}
	file := filepath.Join(t.TempDir(), "corpus.pcapng")
	if err := os.WriteFile(file, out, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// settings have tshark look at each frame by itself, as a filter here does, and at checksums.
var settings = []string{
	"-n", "-o", "tcp.relative_sequence_numbers:FALSE", "-o", "tcp.analyze_sequence_numbers:FALSE",
	"-o", "eth.fcs:Never", "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE",
}

func tshark(t testing.TB, args ...string) []byte {
	t.Helper()
	if args[0] != "-G" { // which knows no settings
		args = append(args, settings...)
	}
	cmd := exec.CommandContext(t.Context(), "tshark", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark %q, which this test needs (apt-get install tshark): %v\n%s", args, err, stderr.String())
	}
	return out
}

// not are the keys that are not compared, and why.
var incomparable = map[string]string{
	"ip.options": "Wireshark has a field for each option, none for all",
}

// The decode of every frame of the corpus is tshark's, field by field.
func TestDecodeAgreesWithTshark(t *testing.T) {
	ps, cut := packets(t, 10_000)
	var keys []*decode.Key
	args := []string{"-r", capture(t, ps), "-T", "fields", "-E", "separator=/t", "-E", "occurrence=a", "-E", "aggregator=\x01"}
	for _, k := range decode.Keys() {
		if _, no := incomparable[k.Name]; !no && k.Type != decode.Protocol {
			keys = append(keys, k)
			args = append(args, "-e", k.Name)
		}
	}
	// Of a ping's data Wireshark takes away what may be the time at which it was sent.
	args = append(args, "-e", "icmp.data_time")
	lines := strings.Split(strings.TrimSuffix(string(tshark(t, args...)), "\n"), "\n")
	if len(lines) != len(ps) {
		t.Fatalf("tshark reads %d frames, want %d", len(lines), len(ps))
	}
	wrong := map[string]int{}
	values := map[string]int{}
	for i, line := range lines {
		f := decode.Open(ps[i])
		columns := strings.Split(line, "\t")
		broken := map[string]bool{} // protocols of which a header or message is not whole
		tree := decode.Tree(ps[i].Link, ps[i].Data)
		// Wireshark verifies the checksums of what an ICMP error quotes, if it is all there,
		// and has no tcp.seq_raw in it.
		quotes := quoting(ps[i])
		if cut[i] {
			mark(broken, tree)
		}
		for j, k := range keys {
			var got, want []string
			f.Each(k, func(v decode.Datum, _ int) bool {
				got = append(got, text(v, k.Type))
				return true
			})
			if columns[j] != "" {
				for w := range strings.SplitSeq(columns[j], "\x01") {
					want = append(want, plain(w, k.Type))
				}
			}
			values[k.Name] += len(want)
			status := strings.HasSuffix(k.Name, ".checksum.status")
			if k.Name == "dhcp.option.type" && len(want) > 0 && want[len(want)-1] == "0" { // Wireshark's number of the end
				want[len(want)-1] = "255"
			}
			switch {
			case cut[i] && (broken[proto(k.Name)] || status || k.Name == "eth.padding" || proto(k.Name) == "data" && (broken["ipv6"] || broken["llc"])):
				continue
			case quotes && (status || k.Name == "tcp.seq_raw"):
				continue
			case strings.HasPrefix(k.Name, "data.") && columns[len(keys)] != "":
				continue
			}
			if !slices.Equal(got, want) {
				if wrong[k.Name]++; wrong[k.Name] <= 3 {
					t.Errorf("frame %d, %x:\n%s: got %q, want %q as tshark has it", i+1, ps[i].Data, k.Name, got, want)
				}
			}
		}
	}
	for _, k := range keys {
		if wrong[k.Name] > 0 {
			t.Errorf("%s: %d frames differ", k.Name, wrong[k.Name])
		}
		if values[k.Name] == 0 {
			t.Errorf("%s: no frame of the corpus has it", k.Name)
		}
	}
}

// The filter that a field of a tree has chooses the frame.
func TestFiltersOfFieldsChooseTheirFrame(t *testing.T) {
	ps, _ := packets(t, 1_000)
	compiled := map[string]*Filter{}
	var check func(p *decode.Frame, fields []decode.Field)
	check = func(p *decode.Frame, fields []decode.Field) {
		for _, x := range fields {
			f := compiled[x.Filter]
			if f == nil {
				var err error
				if f, err = Compile(x.Filter); err != nil || x.Filter == "" {
					t.Errorf("%s: %q: %v", x.Name, x.Filter, err)
					continue
				}
				compiled[x.Filter] = f
			}
			if !f.Match(p) {
				t.Errorf("%s does not choose its frame", x.Filter)
			}
			check(p, x.Fields)
		}
	}
	for _, p := range ps {
		check(decode.Open(p), decode.Tree(p.Link, p.Data))
	}
}

// ours are the types that Wireshark's come down to.
var ours = map[string]decode.Type{
	"FT_UINT8": decode.Number, "FT_UINT16": decode.Number, "FT_UINT24": decode.Number, "FT_UINT32": decode.Number, "FT_INT32": decode.Number,
	"FT_BOOLEAN": decode.Bool, "FT_DOUBLE": decode.Seconds, "FT_RELATIVE_TIME": decode.Seconds, "FT_ETHER": decode.MAC, "FT_IPv4": decode.IPv4,
	"FT_IPv6": decode.IPv6, "FT_BYTES": decode.Bytes, "FT_STRING": decode.Text, "FT_STRINGZ": decode.Text,
}

// Every name is one of Wireshark's, of the type that it has there.
func TestNamesAreWiresharks(t *testing.T) {
	theirs := map[string][]decode.Type{}
	for line := range strings.Lines(string(tshark(t, "-G", "fields"))) {
		f := strings.Split(line, "\t")
		switch {
		case f[0] == "P":
			theirs[strings.TrimSpace(f[2])] = append(theirs[strings.TrimSpace(f[2])], decode.Protocol)
		case f[0] == "F":
			if typ, ok := ours[f[3]]; ok {
				theirs[f[2]] = append(theirs[f[2]], typ)
			}
		}
	}
	for _, k := range decode.Keys() {
		if incomparable[k.Name] == "" && !slices.Contains(theirs[k.Name], k.Type) && k.Name != "icmpv6.opt.linkaddr" { // which is bytes there
			t.Errorf("%s is a %s, and in Wireshark %v", k.Name, k.Type, theirs[k.Name])
		}
	}
}

// proto is the protocol that a name begins with.
func proto(name string) string {
	p, _, _ := strings.Cut(name, ".")
	return p
}

// mark marks the protocols in which something is bad.
func mark(broken map[string]bool, fields []decode.Field) {
	for _, f := range fields {
		if f.Bad != "" {
			broken[f.Name] = true
		}
		mark(broken, f.Fields)
	}
}

// plain is a value of tshark's as text has it.
func plain(v string, k decode.Type) string {
	switch k { //nolint:exhaustive // the others are
	case decode.Number:
		if u, err := strconv.ParseUint(v, 0, 64); err == nil {
			return strconv.FormatUint(u, 10)
		}
	case decode.Bool:
		return map[string]string{"True": "1", "False": "0"}[v] + strings.Trim(v, "TrueFals")
	case decode.Seconds:
		if ns, err := parseSeconds(v); err == nil {
			return seconds(ns)
		}
	case decode.Bytes:
		if b, err := hex.DecodeString(strings.ReplaceAll(v, ":", "")); err == nil {
			return hexText(b)
		}
	}
	return v
}

// A filter chooses the frames that tshark chooses, for each in the file. All are asked
// in one run, as listeners of a script.
func TestFiltersAgreeWithTshark(t *testing.T) {
	text, err := os.ReadFile("testdata/filters.txt")
	if err != nil {
		t.Fatal(err)
	}
	all, cut := packets(t, 3_000)
	var ps []decode.Packet
	var frames []*decode.Frame
	for i, p := range all {
		if !cut[i] {
			ps, frames = append(ps, p), append(frames, decode.Open(p))
		}
	}
	var chosen, refused []string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if f, no := strings.CutPrefix(line, "refused: "); no {
			refused = append(refused, f)
		} else if line != "" && line[0] != '#' {
			chosen = append(chosen, line)
		}
	}
	if len(chosen) < 100 {
		t.Fatalf("%d filters: want 100", len(chosen))
	}
	want, errs := ask(t, ps, append(chosen[:len(chosen):len(chosen)], refused...))
	for i, text := range chosen {
		f, err := Compile(text)
		if err != nil || errs[i] != "" {
			t.Errorf("%s: %v; tshark: %s", text, err, errs[i])
			continue
		}
		got := map[uint64]bool{} // by their place, from 1
		for j := range ps {
			if f.Match(frames[j]) {
				got[uint64(j+1)] = true
			}
		}
		if len(want[i]) == 0 {
			t.Errorf("%s: no frame of the corpus is one of these", text)
		}
		for j, p := range ps {
			if n := uint64(j + 1); got[n] != want[i][n] {
				t.Errorf("%s: %d frames, tshark has %d; frame %d, %x: got %v", text, len(got), len(want[i]), n, p.Data, got[n])
				break
			}
		}
	}
	for i, text := range refused {
		if _, err := Compile(text); err == nil {
			t.Errorf("%s: got no error; tshark: %s", text, errs[len(chosen)+i])
		}
		if errs[len(chosen)+i] == "" {
			t.Errorf("%s: tshark takes it", text)
		}
	}
}

// quoting reports whether a packet is an ICMP error.
func quoting(p decode.Packet) bool {
	return slices.ContainsFunc(decode.Tree(p.Link, p.Data), func(f decode.Field) bool {
		return slices.ContainsFunc(f.Fields, func(f decode.Field) bool { return f.Name == "ip" || f.Name == "ipv6" })
	})
}

// ask asks tshark which packets each filter chooses, or what is wrong with it.
func ask(t *testing.T, ps []decode.Packet, filters []string) (chosen []map[uint64]bool, errs []string) {
	t.Helper()
	var lua strings.Builder
	out := filepath.Join(t.TempDir(), "chosen.txt")
	fmt.Fprintf(&lua, "local out = io.open(%q, 'w')\nlocal function ask(i, filter)\n", out)
	lua.WriteString(`  local ok, tap = pcall(Listener.new, "frame", filter)
  if not ok then
    out:write(i, "\t", (tostring(tap):gsub("\n", " ")), "\n")
    return
  end
  function tap.packet(pinfo) out:write(i, "\t", pinfo.number, "\n") end
end
`)
	for i, f := range filters {
		fmt.Fprintf(&lua, "ask(%d, [==[%s]==])\n", i, f)
	}
	script := filepath.Join(t.TempDir(), "ask.lua")
	if err := os.WriteFile(script, []byte(lua.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	tshark(t, "-q", "-X", "lua_script:"+script, "-r", capture(t, ps))
	answers, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	chosen, errs = make([]map[uint64]bool, len(filters)), make([]string, len(filters))
	for i := range chosen {
		chosen[i] = map[uint64]bool{}
	}
	for line := range strings.Lines(string(answers)) {
		which, answer, _ := strings.Cut(strings.TrimSpace(line), "\t")
		i, err := strconv.Atoi(which)
		if err != nil {
			t.Fatalf("tshark's answer %q", line)
		}
		if n, err := strconv.ParseUint(answer, 10, 64); err == nil {
			chosen[i][n] = true
		} else {
			errs[i] = answer
		}
	}
	return chosen, errs
}

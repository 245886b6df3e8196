package fuel

import (
	"bytes"
	"testing"

	"github.com/tetratelabs/wazero"
)

// active is a data segment that goes to an address of the memory.
func active(at int64, data string) []byte {
	w := putS([]byte{0, opI32Const}, at)
	w = putU(append(w, opEnd), uint32(len(data)))
	return append(w, data...)
}

func passiveData(data string) []byte {
	return append(putU([]byte{1}, uint32(len(data))), data...)
}

// A memory is the same whether the module's segments fill it or its image does.
func TestImageIsWhatTheSegmentsMake(t *testing.T) {
	long := string(bytes.Repeat([]byte("long"), 100))
	for _, tt := range []struct {
		name  string
		datas [][]byte
		from  int // of the image, with so many bytes
		bytes int
	}{
		{"one", [][]byte{active(1000, long)}, 1000, 400},
		{"to the end of the memory", [][]byte{active(65536-400, long)}, 65536 - 400, 400},
		{"apart, the later one before", [][]byte{active(1300, long), active(1000, "short")}, 1000, 700},
		{"one on the other", [][]byte{active(1000, long), active(1010, "short"), active(1396, "beyond")}, 1000, 402},
		{"with an empty one elsewhere", [][]byte{active(1000, long), active(65536, "")}, 1000, 400},
		{"with one for memory.init", [][]byte{passiveData("later"), active(1000, long)}, 1000, 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := one("", "", nil)
			m.datas = tt.datas
			m.exports = [][]byte{append([]byte{6}, "memory\x02\x00"...)}
			out, err := Rewrite(m.bytes(), Options{Image: 100})
			if err != nil {
				t.Fatal(err)
			}
			if out.Image == nil || out.Image.At != tt.from || len(out.Image.Bytes) != tt.bytes {
				t.Fatalf("the image is %+v, want one of %d bytes at %d", out.Image, tt.bytes, tt.from)
			}
			memory := func(image bool) []byte {
				o := Options{}
				if image {
					o.Image = 100
				}
				g := start(t, engines()[0], m.bytes(), o)
				b, _ := g.m.Memory().Read(0, 65536)
				if image {
					if !bytes.Equal(b, make([]byte, 65536)) {
						t.Error("the rewritten module has its data still")
					}
					copy(b[out.Image.At:], out.Image.Bytes)
				}
				return bytes.Clone(b)
			}
			if !bytes.Equal(memory(true), memory(false)) {
				t.Error("the memory with the image is another one than with the segments")
			}
		})
	}
}

// Where there is no image the module keeps its segments, and does what it did.
func TestNoImage(t *testing.T) {
	long := string(bytes.Repeat([]byte("long"), 100))
	global := append(putU([]byte{0, opGlobalGet, 0, opEnd}, 400), long...)
	for _, tt := range []struct {
		name  string
		least int
		datas [][]byte
		fails bool
	}{
		{"none is wanted", 0, [][]byte{active(1000, long)}, false},
		{"little data", 401, [][]byte{active(1000, long)}, false},
		{"only for memory.init", 100, [][]byte{passiveData(long)}, false},
		{"far apart", 100, [][]byte{active(0, long), active(30000, long)}, false},
		{"where a global says", 100, [][]byte{global}, false},
		{"one beyond the memory", 100, [][]byte{active(0, long), active(65536-399, long)}, true},
		{"at a negative address", 100, [][]byte{active(-1, long)}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := one("", "", nil)
			m.datas = tt.datas
			m.globals = [][]byte{{0x7f, 0, opI32Const, 7, opEnd}}
			out, err := Rewrite(m.bytes(), Options{Image: tt.least})
			plain, perr := Rewrite(m.bytes(), Options{})
			if err != nil || perr != nil {
				t.Fatal(err, perr)
			}
			if out.Image != nil || !bytes.Equal(out.Bytes, plain.Bytes) {
				t.Fatalf("the image is %+v, want none and the module as without", out.Image)
			}
			if !tt.fails {
				return
			}
			r := wazero.NewRuntimeWithConfig(t.Context(), engines()[0].config)
			defer func() { _ = r.Close(t.Context()) }() // nothing runs
			provideMeter(t, r, nil)
			if _, err := r.Instantiate(t.Context(), out.Bytes); err == nil {
				t.Error("a module with data beyond its memory is instantiated")
			}
		})
	}
}

// To memory.init an active segment is empty once the instance is there (WebAssembly 2.0, 4.5.4, where
// it is dropped). wazero 1.12 has it still: so it is where there is no image.
func TestSegmentsKeepTheirNumbers(t *testing.T) {
	m := one("ii", "", nil)
	m.datas = [][]byte{passiveData("first"), active(1000, string(make([]byte, 400))), passiveData("third")}
	m.funcs = nil
	for i := range m.datas { // memory.init to 2000 of the bytes from the first argument on, as many as the second says
		m.funcs = append(m.funcs, fn{0, nil, []byte{opI32Const, 0xd0, 0x0f, opLocalGet, 0, opLocalGet, 1, opMisc, miscMemoryInit, byte(i), 0}})
	}
	for _, e := range engines() {
		for _, least := range []int{0, 100} {
			g := start(t, e, m.bytes(), Options{Image: least, InitialFuel: 1 << 20})
			for _, c := range []struct {
				f        string
				from, n  uint64
				want     string
				trapping bool
			}{
				{"f0", 1, 4, "irst", false}, {"f1", 0, 0, "irst", false}, {"f1", 0, 1, "irst", true}, {"f2", 0, 5, "third", false}, {"f2", 0, 6, "third", true},
			} {
				if least == 0 && c.f == "f1" && c.n > 0 {
					continue
				}
				_, err := g.call(c.f, c.from, c.n)
				b, _ := g.m.Memory().Read(2000, uint32(len(c.want)))
				if string(b) != c.want || (err != nil) != c.trapping {
					t.Errorf("%s, an image from %d bytes on, %s(%d, %d): %q, %v", e.name, least, c.f, c.from, c.n, b, err)
				}
			}
		}
	}
}

// A module whose code names no segments has none of those left that the image has: an engine
// would look at each when an instance begins.
func TestNoSegmentsAreLeftThatNobodyNames(t *testing.T) {
	m := one("", "", nil)
	m.uncount = true
	for i := range int64(1000) {
		m.datas = append(m.datas, active(12*i, "some data"))
	}
	out, err := Rewrite(m.bytes(), Options{Image: 100})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(out.Bytes); out.Image == nil || n > 1000 {
		t.Errorf("the rewritten module has %d bytes, and an image: %v", n, out.Image != nil)
	}
	start(t, engines()[0], m.bytes(), Options{Image: 100})
}

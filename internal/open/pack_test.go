package open

import (
	"archive/zip"
	"bytes"
	"fmt"
	"hash/crc32"
	"io/fs"
	"slices"
	"strings"
	"testing"
)

// zipped makes a zip of files and what they hold, in this order.
func zipped(t *testing.T, files ...[2]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		if err := store(w, f[0], []byte(f[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const small = "scenario: mine\nnodes: {a: {}}\n"

func TestAFolderHasOneHashHoweverItIsPacked(t *testing.T) {
	top := zipped(t, [2]string{"scenario.yaml", small}, [2]string{"brief.md", "Do it."})
	inFolder := zipped(t, [2]string{"mine/brief.md", "Do it."}, [2]string{"mine/scenario.yaml", small}, [2]string{"mine/.DS_Store", "x"}, [2]string{"__MACOSX/x", "x"})
	other := zipped(t, [2]string{"scenario.yaml", small}, [2]string{"brief.md", "Do it!"})
	var folders []Folder
	for _, b := range [][]byte{top, inFolder, other} {
		f, err := PackUpload(b)
		if err != nil {
			t.Fatal(err)
		}
		folders = append(folders, f)
	}
	if folders[0].Hash != folders[1].Hash || !bytes.Equal(folders[0].Zip, folders[1].Zip) || folders[0].Hash == folders[2].Hash {
		t.Errorf("hashes %s, %s and %s", folders[0].Hash, folders[1].Hash, folders[2].Hash)
	}
	sc, err := Zip(folders[1].Zip, "mine")
	if err != nil || sc.Name != "mine" || sc.Brief != "Do it." {
		t.Errorf("got %+v, %v", sc, err)
	}
	again, err := PackUpload(folders[0].Zip)
	if err != nil || again.Hash != folders[0].Hash {
		t.Errorf("packed again: %s, %v", again.Hash, err)
	}
}

func TestEachBuiltinIsTheSameFromItsZip(t *testing.T) {
	for _, name := range Builtin() {
		own, err := BuiltinScenario(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := PackBuiltin(name)
		if err != nil {
			t.Fatal(err)
		}
		sc, err := Zip(f.Zip, name)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := sc.Digest(2), own.Digest(2); got != want || !slices.Equal(sc.Words(), own.Words()) {
			t.Errorf("%s: digest %s, want %s", name, got, want)
		}
		for _, sl := range own.Slots() {
			a, errA := own.Reference(sl)
			b, errB := sc.Reference(sl)
			if !bytes.Equal(a, b) || (errA == nil) != (errB == nil) {
				t.Errorf("%s: the reference for %s is another", name, sl)
			}
		}
	}
	if _, err := PackBuiltin("../scenarios"); err == nil {
		t.Error("a folder that is no scenario was packed")
	}
}

func TestPackUploadRefuses(t *testing.T) {
	var many [][2]string
	for i := range maxEntries + 1 {
		many = append(many, [2]string{fmt.Sprint("mine/", i), ""})
	}
	for _, tc := range []struct {
		name string
		file []byte
		want string
	}{
		{"no zip", []byte("scenario: mine\n"), "this is no zip"},
		{"too many bytes", make([]byte, MaxUpload+1), "more than 16777216 bytes"},
		{"no scenario", zipped(t, [2]string{"readme.txt", ""}), "no scenario.yaml"},
		{"too many files", zipped(t, many...), "more than 1000 files"},
		{"a bomb", bomb(t), "unpacked, its files have more than 134217728 bytes"},
		{"a size that is a lie", lie(t), "cannot be unpacked"},
		{"a link", link(t), "is no ordinary file"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := PackUpload(tc.file); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

// bomb has 200 MB of zeros in 200 KB.
func bomb(t *testing.T) []byte {
	zeros := strings.Repeat("\x00", 50<<20)
	return zipped(t, [2]string{"a", zeros}, [2]string{"b", zeros}, [2]string{"c", zeros}, [2]string{"scenario.yaml", small})
}

// lie says that a file has one byte, and has more.
func lie(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	if err := store(w, "scenario.yaml", []byte(small)); err != nil {
		t.Fatal(err)
	}
	f, err := w.CreateRaw(&zip.FileHeader{Name: "x", Method: zip.Store, CRC32: crc32.ChecksumIEEE([]byte("x")), CompressedSize64: 5, UncompressedSize64: 1})
	if err == nil {
		_, err = f.Write([]byte("xxxxx"))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// link has a symbolic link.
func link(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: "passwd"}
	h.SetMode(fs.ModeSymlink | 0o777)
	f, err := w.CreateHeader(h)
	if err == nil {
		_, err = f.Write([]byte("/etc/passwd"))
	}
	if err == nil {
		err = store(w, "scenario.yaml", []byte(small))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

package scenario

import (
	"strings"

	"wireloom/internal/scenario/format"
	"wireloom/vnet/fs"
)

// Limits of the files that a scenario gives its nodes.
const (
	MaxNodeFiles = 256      // files of a node
	MaxFileText  = 64 << 10 // bytes of a file that is written out in scenario.yaml
	MaxFileBytes = 4 << 20  // bytes of the files of all nodes together
)

// nodeFiles reads the files of a node: each is a text, or a file of the scenario's folder.
func (b *builder) nodeFiles(v *format.Value) map[string][]byte {
	if v == nil || len(v.Keys) == 0 {
		return nil
	}
	out := map[string][]byte{}
	for _, e := range v.Keys {
		data := []byte(e.Val.Get("text").String())
		if e.Val.Kind == format.Scalar {
			if !strings.HasPrefix(e.Val.Text, "files/") {
				b.p.At(e.Val, "%s is %s, want a name that begins with files/, or {text: ...}", e.Key.Text, format.Shown(e.Val))
				continue
			}
			var err error
			if data, err = b.sc.readFile(e.Val.Text, fs.MaxFileBytes); err != nil {
				b.p.At(e.Val, "%s", err)
				continue
			}
		}
		if b.files += len(data); b.files > MaxFileBytes {
			b.p.At(e.Val, "the files of all nodes have more than %d bytes", MaxFileBytes)
			return nil
		}
		out[e.Key.Text] = data
	}
	return out
}

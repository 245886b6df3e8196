package scenarios

import (
	"regexp"
	"strings"

	"wireloom/vnet/fs"
)

// Limits of the files that a scenario gives its nodes.
const (
	MaxNodeFiles = 256      // files of a node
	MaxFileText  = 64 << 10 // bytes of a file that is written out in scenario.yaml
	MaxFileBytes = 4 << 20  // bytes of the files of all nodes together
)

var filesShape = mapOf(regexp.MustCompile(`^(/[^/]+)+/?$`), "an absolute path, such as /etc/foo.conf", &shape{
	kind: shapeEither, want: "the name of a file in the scenario's folder, such as files/foo.conf, or {text: ...}",
	of: object(
		field{"text", &shape{kind: shapeText, want: "a text", max: MaxFileText}, false, "What is in the file; nothing where it is not given."},
	),
}, MaxNodeFiles)

// files reads the files of a node: each is a text, or a file of the scenario's folder.
func (b *builder) files(v *value) map[string][]byte {
	if v == nil || len(v.keys) == 0 {
		return nil
	}
	out := map[string][]byte{}
	for _, e := range v.keys {
		data := []byte(str(e.val.get("text")))
		if e.val.kind == kindScalar {
			if !strings.HasPrefix(e.val.text, "files/") || e.val.late {
				b.p.at(e.val, "%s is %s, want a name that begins with files/, or {text: ...}", e.key.text, shown(e.val))
				continue
			}
			var err error
			if data, err = b.sc.file(e.val.text, fs.MaxFileBytes); err != nil {
				b.p.at(e.val, "%s", err)
				continue
			}
		}
		if b.fileBytes += len(data); b.fileBytes > MaxFileBytes {
			b.p.at(e.val, "the files of all nodes have more than %d bytes", MaxFileBytes)
			return nil
		}
		out[e.key.text] = data
	}
	return out
}

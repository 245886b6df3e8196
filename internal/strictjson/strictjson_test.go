package strictjson

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

type inner struct {
	At   int64  `json:"at"`
	Step uint64 `json:"step"`
}

type sample struct {
	inner
	Name   string            `json:"name"`
	Small  uint8             `json:"small"`
	Yes    bool              `json:"yes"`
	Share  float64           `json:"share"`
	ID     *int64            `json:"id"`
	Words  []string          `json:"words"`
	Nets   []netip.Prefix    `json:"nets"`
	Files  map[string][]byte `json:"files"`
	Points []struct{ X, Y int }
	Any    json.RawMessage `json:"any"`
	Hidden string          `json:"-"`
}

func TestDecode(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{ // want is the error; "" for none
		{"nothing in it", `{}`, ""},
		{"all of it", `{"at":1,"step":2,"name":"é","small":255,"yes":true,"share":1e3,"id":7,"words":["a"],"nets":["10.0.0.0/8"],"files":{"/a":"aGk="},"Points":[{"X":1,"Y":-2}],"any":{"a":[1,null]}}`, ""},
		{"null where there may be nothing", `{"id":null,"words":null,"files":null}`, ""},
		{"two keys of a map that differ in case", `{"files":{"/a":"","/A":""}}`, ""},
		{"null where there is a value", `{"at":null}`, "at is null, want a number"},
		{"a text for a number", `{"at":"1"}`, "at is a text, want a number"},
		{"a fraction", `{"at":1.5}`, "at is 1.5, want a whole number"},
		{"an exponent", `{"at":1e3}`, "at is 1e3, want a whole number"},
		{"a number that is too large", `{"small":256}`, "small is 256, which is too large a number"},
		{"below zero", `{"step":-1}`, "step is -1, want 0 or more"},
		{"a number for a text", `{"name":1}`, "name is a number, want a text"},
		{"a text for true", `{"yes":"true"}`, "yes is a text, want true or false"},
		{"a list for a text", `{"name":["a"]}`, "name is a list, want a text"},
		{"an object for a list", `{"words":{}}`, "words is an object, want a list"},
		{"a list for the whole", `[]`, "it is a list, want an object"},
		{"a text for the whole", `"x"`, "it is a text, want an object"},
		{"null for the whole", `null`, "it is null, want an object"},
		{"an item", `{"words":["a",2]}`, "words[1] is a number, want a text"},
		{"a member of an item", `{"Points":[{"X":1},{"X":"1"}]}`, "Points[1].X is a text, want a number"},
		{"a text that is no prefix", `{"nets":["10.0.0.0/99"]}`, `nets[0] is "10.0.0.0/99", which cannot be read as what is wanted there`},
		{"what is no base64", `{"files":{"/a":"%"}}`, "files./a is not base64"},
		{"base64 with bits that nobody reads", `{"files":{"/a":"aGl="}}`, "files./a is not base64"},
		{"an unknown key", `{"colour":1}`, `it has no key "colour"`},
		{"a key in another case", `{"NAME":"x"}`, `it has no key "NAME"`},
		{"a member that is not in JSON", `{"Hidden":"x"}`, `it has no key "Hidden"`},
		{"a member that is not in JSON by its tag", `{"-":"x"}`, `it has no key "-"`},
		{"an embedded type's name", `{"inner":{}}`, `it has no key "inner"`},
		{"a key twice", `{"name":"a","name":"b"}`, `it has the key "name" twice`},
		{"a key of a map twice", `{"files":{"/a":"","/a":""}}`, `files has the key "/a" twice`},
		{"a key twice in what has no type", `{"any":[{"a":1,"a":2}]}`, `any[0] has the key "a" twice`},
		{"a key with an escape of a terminal", "{\"\x1b[31mred\":1}", "it is not JSON: something is wrong at byte"},
		{"the same, escaped", `{"\u001b[31mred\u202e":1}`, `it has no key "\x1b[31mred\u202e"`},
		{"a long key", `{"` + strings.Repeat("x", 200) + `":1}`, `it has no key "` + strings.Repeat("x", 40) + `..."`},
		{"cut off", `{"name":`, "it ends in the middle"},
		{"empty", ``, "it ends in the middle"},
		{"no JSON", `scenario=ping`, "it is not JSON: something is wrong at byte"},
		{"not UTF-8", "{\"name\":\"\xff\"}", "it is not UTF-8 text"},
		{"something behind it", `{} {}`, "something follows the JSON value"},
		{"a bracket behind it", `{}]`, "something follows the JSON value"},
		{"too deep", `{"any":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, "is more than 32 lists and objects deep"},
		{"too many values", `{"any":[` + strings.Repeat("0,", MaxValues) + `0]}`, "it has more than 1048576 values"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var v sample
			err := Decode([]byte(tc.text), &v)
			if tc.want == "" {
				var same sample
				if uerr := json.Unmarshal([]byte(tc.text), &same); err != nil || uerr != nil || !reflect.DeepEqual(v, same) {
					t.Errorf("got %+v, %v; encoding/json reads %+v, %v", v, err, same, uerr)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q in it", err, tc.want)
			}
		})
	}
}

// goWords are what no sentence for people may have in it.
var goWords = regexp.MustCompile(`json: |\bGo\b|[uU]nmarshal|uint\d|int64|\bstruct\b|strconv|netip|invalid character`)

// What is taken is what encoding/json takes, and is read as that reads it; what is
// refused is refused in plain words.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{"at":1,"step":2,"name":"a","words":["a"],"nets":["10.0.0.0/8"],"files":{"/a":"aGk="},"Points":[{"X":1}],"any":[1]}`,
		`{"id":null}`, `{"at":-0}`, `{"name":"\ud800"}`, `{"share":1e999}`, `[]`, `{"small":-1}`, `{"at":99999999999999999999}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var v, same sample
		err := Decode(b, &v)
		d := json.NewDecoder(bytes.NewReader(b))
		d.DisallowUnknownFields()
		uerr := d.Decode(&same)
		switch {
		case err == nil && (uerr != nil || !reflect.DeepEqual(v, same)):
			t.Errorf("got %+v; encoding/json reads %+v, %v", v, same, uerr)
		case err != nil && err.Error() == "it is not what is wanted here":
			t.Errorf("encoding/json refuses what was not looked for: %v", uerr)
		case err != nil && goWords.MatchString(err.Error()) && !goWords.Match(b):
			t.Errorf("the sentence %q has Go's words in it", err)
		}
	})
}

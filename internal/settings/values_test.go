package settings_test

import (
	"testing"

	"wireloom/internal/settings"
)

func TestSizes(t *testing.T) {
	for _, tc := range []struct {
		text string
		want int64
		back string
	}{
		{"0", 0, "0 bytes"},
		{"500", 500, "500 bytes"},
		{"64KiB", 64 << 10, "64KiB"},
		{"1.5GiB", 3 << 29, "1536MiB"},
		{"2 MiB", 2 << 20, "2MiB"},
		{"7B", 7, "7 bytes"},
		{"7 bytes", 7, "7 bytes"},
		{"1TiB", 1 << 40, "1TiB"},
		{"", -1, ""},
		{"much", -1, ""},
		{"-1", -1, ""},
		{"1KB", -1, ""},
		{"NaN", -1, ""},
		{"Inf", -1, ""},
		{"9999999TiB", -1, ""},
		{"1e30", -1, ""},
	} {
		var s settings.Size
		switch err := s.Set(tc.text); {
		case tc.want < 0:
			if err == nil {
				t.Errorf("%q is taken as %d", tc.text, s)
			}
		case err != nil || int64(s) != tc.want || s.String() != tc.back:
			t.Errorf("%q is %d, %q, %v; want %d, %q", tc.text, s, s, err, tc.want, tc.back)
		}
	}
}

func TestAmounts(t *testing.T) {
	for _, c := range []struct {
		text  string
		bytes bool
		want  int64
		shown string
	}{
		{"12", false, 12, "12"},
		{"-1", false, -1, "-1"},
		{"4096", true, 4096, "4KiB"},
		{"4K", true, 4096, "4KiB"},
		{"500MiB", true, 500 << 20, "500MiB"},
		{"8G", true, 8 << 30, "8GiB"},
		{"2TiB", true, 2 << 40, "2TiB"},
		{"1001", true, 1001, "1001"},
		{"-1", true, -1, "-1"},
	} {
		var n int64
		a := settings.Amount{To: &n, Otherwise: 7, Bytes: c.bytes}
		if a.String() != "7" {
			t.Errorf("the default is shown as %s", a.String())
		}
		if err := a.Set(c.text); err != nil || n != c.want || a.String() != c.shown {
			t.Errorf("%s is %d, shown as %s, %v; want %d, %s", c.text, n, a.String(), err, c.want, c.shown)
		}
	}
}

package connector

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCutText(t *testing.T) {
	for _, c := range []struct {
		text  string
		bytes int
		want  string
	}{
		{"boiler", 6, "boiler"},
		{"boiler", 5, "bo…"},
		{"锅炉过热", 12, "锅炉过热"},
		{"锅炉过热", 11, "锅炉…"},
		{"锅炉过热", 8, "锅…"},
		{"锅炉过热", 3, "…"},
		{"锅炉过热", 2, ""},
		{"a\xffb", 5, "a\uFFFDb"},
		{"é" + strings.Repeat("x", 10), 4, "…"},
	} {
		if got := CutText(c.text, c.bytes); got != c.want {
			t.Errorf("%q in %d bytes is %q, not %q", c.text, c.bytes, got, c.want)
		}
	}
}

func TestJoinTexts(t *testing.T) {
	for _, c := range []struct {
		texts []string
		bytes int
		want  string
	}{
		{[]string{"a", "b"}, 100, "2 messages:\na\nb"},
		{[]string{"a", "b", "a", "a"}, 100, "4 messages:\na (× 3)\nb"},
		{[]string{"aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc"}, 45, "3 messages:\naaaaaaaaaa\n… and 2 more"},
		{[]string{"锅炉过热锅炉过热锅炉过热", "b"}, 40, "2 messages:\n锅炉过…\n… and 1 more"},
	} {
		if got := JoinTexts(c.texts, c.bytes); got != c.want {
			t.Errorf("%q in %d bytes:\n got %q\nwant %q", c.texts, c.bytes, got, c.want)
		}
	}
}

func FuzzTexts(f *testing.F) {
	f.Add("锅炉\xff过热", "b", 9)
	f.Fuzz(func(t *testing.T, a, b string, bytes int) {
		bytes = max(0, min(bytes, 1<<16))
		for _, got := range []string{CutText(a, bytes), JoinTexts([]string{a, b, a, b + a}, bytes)} {
			if len(got) > bytes || !utf8.ValidString(got) {
				t.Errorf("%q and %q in %d bytes is %q", a, b, bytes, got)
			}
		}
	})
}

package diag

import (
	"strings"
	"testing"
)

func TestRender(t *testing.T) {
	for _, c := range []struct {
		name, text string
		at         string // the part of text that the finding points at
		hint       string
		want       string
	}{
		{"middle line", "SELECT\n  humid FROM demo\nWHERE a", "humid", `Did you mean "humidity"?`,
			"2:3: bad\n |   humid FROM demo\n |   ^^^^^\n   Did you mean \"humidity\"?"},
		{"first line", "abc", "abc", "", "1:1: bad\n | abc\n | ^^^"},
		{"multi-byte before and within", "SELECT 温度, größe x", "größe", "", "1:12: bad\n | SELECT 温度, größe x\n |              ^^^^^"},
		{"wide and combining within", "「気温」 e\u0301, x", "「気温」 e\u0301", "", "1:1: bad\n | 「気温」 e\u0301, x\n | ^^^^^^^^^^"},
		{"tabs stay tabs", "\t\ta\tb", "b", "", "1:5: bad\n | \t\ta\tb\n | \t\t \t^"},
		{"carriage return is not shown", "a b\r\nc", "b", "", "1:3: bad\n | a b\n |   ^"},
		{"over several lines", "a (b\nc) d", "(b\nc)", "", "1:3: bad\n | a (b\n |   ^^"},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := strings.Index(c.text, c.at)
			e := &Error{Span: Span{start, start + len(c.at)}, Message: "bad", Hint: c.hint}
			if got := e.Render(c.text); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestRenderAtTheEnd(t *testing.T) {
	for _, c := range []struct {
		text string
		span Span
		want string
	}{
		{"SELECT", Span{6, 6}, "1:7: bad\n | SELECT\n |       ^"},
		{"a\n", Span{2, 2}, "2:1: bad\n | \n | ^"},
		{"", Span{0, 0}, "1:1: bad\n | \n | ^"},
		{"ab", Span{5, 9}, "1:3: bad\n | ab\n |   ^"},
	} {
		if got := (&Error{Span: c.span, Message: "bad"}).Render(c.text); got != c.want {
			t.Errorf("%q at %v: got\n%s\nwant\n%s", c.text, c.span, got, c.want)
		}
	}
}

// FuzzRender: a span that does not fit the text, or cuts a character, is
// drawn all the same.
func FuzzRender(f *testing.F) {
	f.Add("SELECT a\r\n\tFROM ü", 10, 14)
	f.Add("ü", 1, 9)
	f.Fuzz(func(t *testing.T, text string, start, end int) {
		if start < 0 {
			return
		}
		e := &Error{Span: Span{start, end}, Message: "bad"}
		if line, column := e.Position(text); line < 1 || column < 1 {
			t.Errorf("position %d:%d", line, column)
		}
		if !strings.Contains(e.Render(text), "^") {
			t.Error("nothing is pointed at")
		}
	})
}

func TestList(t *testing.T) {
	if List(nil).Err() != nil || (List{}).Err() != nil {
		t.Error("an empty list is an error")
	}
	l := List{{Span: Span{4, 5}, Message: "second"}, {Span: Span{0, 1}, Message: "first"}, {Span: Span{4, 4}, Message: "third"}}
	err := l.Err()
	if err == nil || err.Error() != "first\nsecond\nthird" {
		t.Errorf("%v", err)
	}
	if got, want := err.(List).Render("a b c"), "1:1: first\n | a b c\n | ^\n\n1:5: second\n | a b c\n |     ^\n\n1:5: third\n | a b c\n |     ^"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestJoin(t *testing.T) {
	for _, c := range [][3]Span{{{1, 3}, {5, 8}, {1, 8}}, {{5, 8}, {1, 3}, {1, 8}}, {{1, 9}, {2, 3}, {1, 9}}} {
		if got := c[0].Join(c[1]); got != c[2] {
			t.Errorf("%v and %v join to %v", c[0], c[1], got)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"temperature", "humidity", "device", "id"}
	for _, c := range []struct{ name, want string }{
		{"humid", "humidity"}, {"temp", "temperature"}, {"te", ""}, {"device_name", "device"}, {"x", ""}, {"humidty", "humidity"}, {"tempreature", "temperature"}, {"Device", "device"}, {"devise", "device"},
		{"di", "id"}, {"pressure", ""}, {"temperature", "temperature"}, {"", ""},
	} {
		if got := Nearest(c.name, names); got != c.want {
			t.Errorf("nearest to %q is %q, want %q", c.name, got, c.want)
		}
	}
	if got := Nearest("lon", []string{"lot", "log", "ln", "long", "on"}); distance("lon", got) != 1 {
		t.Errorf("nearest to lon is %q", got)
	}
	if got := Nearest("ab", []string{"xb", "ab"}); got != "ab" {
		t.Errorf("an exact match loses to %q", got)
	}
	if got := Nearest("humid", []string{"humidity", "humit"}); got != "humit" {
		t.Errorf("a beginning wins over a nearer name: %q", got)
	}
	if got := Nearest("a", []string{"b"}); got != "" {
		t.Errorf("another letter is no misspelling: %q", got)
	}
	if Nearest("a", nil) != "" {
		t.Error("nearest of nothing")
	}
}

func TestDidYouMean(t *testing.T) {
	if got := DidYouMean("topc", []string{"qos", "topic"}); got != `Did you mean "topic"?` {
		t.Error(got)
	}
	if got := DidYouMean("xyz", []string{"qos", "topic"}); got != "" {
		t.Error(got)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "", 3}, {"", "abc", 3}, {"abc", "abd", 1}, {"abcd", "acbd", 1}, {"kitten", "sitting", 3}, {"ca", "abc", 3}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("%q to %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

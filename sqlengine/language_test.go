package sqlengine_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"sluice/sqlengine"
	"sluice/sqlengine/diag"
)

// TestLanguageGuide compiles the statements of the guide against the streams
// that it declares. A block that is marked as an error begins with a comment
// that is a part of the message.
func TestLanguageGuide(t *testing.T) {
	text, err := os.ReadFile("docs/language.md")
	if err != nil {
		t.Fatal(err)
	}
	cat := streams{}
	accepted, refused := 0, 0
	for i, part := range strings.Split(string(text), "\n```sql")[1:] {
		head, rest, _ := strings.Cut(part, "\n")
		block, _, closed := strings.Cut(rest, "\n```")
		switch {
		case !closed:
			t.Errorf("block %d is not closed", i+1)
		case head == "":
			for statement := range strings.SplitSeq(block, ";\n") {
				checkAccepted(t, cat, statement)
				accepted++
			}
		case head == " error":
			checkRefused(t, cat, block)
			refused++
		default:
			t.Errorf("block %d is marked %q", i+1, head)
		}
	}
	if accepted < 20 || refused < 8 {
		t.Errorf("%d statements and %d errors were found", accepted, refused)
	}
}

func checkAccepted(t *testing.T, cat streams, text string) {
	t.Helper()
	var err error
	if strings.HasPrefix(strings.TrimSpace(text), "SELECT") {
		_, err = sqlengine.Compile(text, cat, sqlengine.Options{})
	} else {
		var st sqlengine.Statement
		if st, err = sqlengine.ParseStatement(text); st.Stream != nil {
			cat[st.Name] = st.Stream
		}
	}
	if list := (diag.List)(nil); errors.As(err, &list) {
		t.Errorf("%s\n%s", text, list.Render(text))
	}
}

func checkRefused(t *testing.T, cat streams, block string) {
	t.Helper()
	comment, sql, _ := strings.Cut(block, "\n")
	_, err := sqlengine.Compile(sql, cat, sqlengine.Options{})
	if want := strings.TrimPrefix(comment, "-- "); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s\ngives %v, want %q", sql, err, want)
	}
}

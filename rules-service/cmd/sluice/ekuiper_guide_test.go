package main

import (
	"path/filepath"
	"strings"
	"testing"

	"sluice/rules-service/internal/apitest"
	"sluice/tests/guide"
)

// TestFromEKuiperGuide does what docs/from-ekuiper.md shows, one after the
// other, against a service of its own. Its cases are what the lists of
// differences say, and stand behind the commands that run them.
func TestFromEKuiperGuide(t *testing.T) {
	t.Parallel()
	page := guide.Page(t, "rules-service/docs/from-ekuiper.md")
	service := apitest.StartBuiltin(t, t.TempDir(), "")
	g := newGuide(t, "SLUICE_SERVER="+service.URL)
	var cases, named int
	for _, b := range guide.Blocks(page) {
		if name, ok := strings.CutSuffix(filepath.Base(b.File), ".txtar"); ok {
			g.Write(t, b)
			cases++
			if strings.Contains(page, "| `"+name+"` |") {
				named++
			}
		}
	}
	if cases < 15 || named != cases {
		t.Errorf("%d cases, of which the lists name %d", cases, named)
	}
	followGuide(t, g, page, 8)
}

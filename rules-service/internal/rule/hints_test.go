package rule

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// A misspelt stream is compared with those that there are, but not with
// thousands.
func TestHintsOfStreams(t *testing.T) {
	for streams, hint := range map[int]bool{3: true, mostHints + 1: false} {
		m, st := openWith(t, "quiet", quiet{})
		set := Set{Streams: map[string]string{}}
		for i := range streams {
			name := fmt.Sprintf("boiler%d", i)
			set.Streams[name] = fmt.Sprintf(`CREATE STREAM %s () WITH (TYPE="quiet")`, name)
		}
		if _, err := m.Apply(set); err != nil {
			t.Fatal(err)
		}
		_, _, err := m.Create(ruleOf("r", "bolier1"))
		if err == nil || !strings.Contains(err.Error(), `unknown stream "bolier1"`) || strings.Contains(err.Error(), `Did you mean "boiler1"?`) != hint {
			t.Errorf("%d streams: %v", streams, err)
		}
		if err := errors.Join(m.Close(context.Background()), st.Close()); err != nil {
			t.Error(err)
		}
	}
}

package rule

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A trial ends by itself, and there are not too many of them.
func TestTrialsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, st := openWith(t, "quiet", quiet{})
		if _, err := m.Execute(`CREATE STREAM s () WITH (TYPE="quiet", FORMAT="json")`); err != nil {
			t.Fatal(err)
		}
		for i := range maxTrials {
			id, err := m.CreateTrial(fmt.Sprintf(`{"id":"t%d","sql":"SELECT a FROM s"}`, i))
			if err == nil {
				err = m.StartTrial(id)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if _, err := m.CreateTrial(`{"sql":"SELECT a FROM s"}`); err == nil || !strings.Contains(err.Error(), "end one of them first") {
			t.Error(err)
		}
		if err := m.StopTrial("t1"); err != nil {
			t.Error(err)
		}
		id, err := m.CreateTrial(`{"sql":"SELECT a FROM s"}`)
		if err != nil || len(id) < 10 || !m.Tries(id) {
			t.Error(id, err)
		}
		time.Sleep(trialTime + time.Second)
		for i := range maxTrials {
			if id := fmt.Sprintf("t%d", i); m.Tries(id) {
				t.Errorf("trial %s is left", id)
			}
		}
		if err := errors.Join(m.Close(t.Context()), st.Close()); err != nil {
			t.Error(err)
		}
	})
}

func FuzzCreateTrial(f *testing.F) {
	f.Add(`{"id":"t","sql":"SELECT a FROM s","mockSource":{"s":{"data":[{"a":1}],"interval":100,"loop":true}},"sinkProps":{"sendSingle":true}}`)
	f.Add(`{"mockSource":{"s":{"data":[null],"interval":{}}},"options":{"sendError":1}}`)
	f.Add(`{"sinkProps":null,"sql":"SELECT * FROM s"}`)
	m, st := openWith(f, "simulator", quiet{})
	f.Cleanup(func() {
		if err := errors.Join(m.Close(f.Context()), st.Close()); err != nil {
			f.Error(err)
		}
	})
	if _, err := m.Execute(`CREATE STREAM s () WITH (TYPE="simulator", FORMAT="json")`); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, err := m.CreateTrial(text)
		if err == nil && !m.Tries(id) {
			t.Errorf("trial %q is not there", id)
		}
		if err := m.StopTrial(id); err != nil {
			t.Error(err)
		}
	})
}

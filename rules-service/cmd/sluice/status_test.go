package main

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"sluice/rules-service/internal/apitest"
)

// stopper ends a watch when it has printed often enough.
type stopper struct {
	looks int
	stop  func()
}

func (w *stopper) Write(p []byte) (int, error) {
	if strings.Contains(string(p), "RULE") {
		if w.looks++; w.looks == 3 {
			w.stop()
		}
	}
	return len(p), nil
}

// TestStatusWatch watches a real service until it is interrupted, which is no
// error.
func TestStatusWatch(t *testing.T) {
	service := apitest.Start(t, t.TempDir(), "")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := &stopper{stop: cancel}
	s := &session{ctx: ctx, out: out, errs: io.Discard, form: "table", api: newClient(service.URL, "")}
	if err := (&statusCmd{Watch: true, Every: time.Millisecond}).Run(s); err != nil {
		t.Error(err)
	}
	if out.looks != 3 {
		t.Errorf("%d looks", out.looks)
	}
}

// FuzzStatus: no answer makes the reader panic, and what it shows is one line a
// step.
func FuzzStatus(f *testing.F) {
	f.Add(`{"status":"running","message":"","source_demo_0_records_in_total":3,"source_demo_0_connection_status":1,"sink_log_0_0_records_in_total":1,"sink_log_0_0_dropped_total":"x"}`)
	f.Add(`{"records_in_total":1,"_0_records_in_total":{"a":[1]}}`)
	f.Add(`[1]`)
	f.Add(`{"a":`)
	f.Fuzz(func(t *testing.T, text string) {
		st, err := readStatus(text)
		if err != nil {
			return
		}
		st.summary("r")
		shown, err := st.text("r")
		if err != nil {
			t.Fatal(err)
		}
		if len(st.Steps) > 0 && bytes.Count([]byte(shown), []byte("\n")) < len(st.Steps) {
			t.Errorf("%d steps make %q", len(st.Steps), shown)
		}
	})
}

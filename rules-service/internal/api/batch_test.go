package api_test

import (
	"encoding/json"
	"strings"
	"testing"
)

type batchAnswer struct {
	Code            int
	Response, Error string
}

func (b *bench) batch(requests ...map[string]string) []batchAnswer {
	b.t.Helper()
	body, err := json.Marshal(requests)
	if err != nil {
		b.t.Fatal(err)
	}
	status, text, _ := b.Call(b.t, "POST", "/batch/req", string(body))
	var answers []batchAnswer
	if err := json.Unmarshal([]byte(text), &answers); err != nil || status != 200 {
		b.t.Fatalf("%d %v", status, err)
	}
	return answers
}

// A batch in a batch would multiply what one request may ask for.
func TestNoBatchInABatch(t *testing.T) {
	b := start(t)
	for _, path := range []string{"/batch/req", "/%62atch/req", "/batch%2freq", "//host/batch/req"} {
		for _, a := range b.batch(map[string]string{"method": "POST", "path": path, "body": "[]"}) {
			if a.Code != 400 || a.Error != "a batch in a batch is not possible" {
				t.Errorf("%s: %+v", path, a)
			}
		}
	}
}

func TestAnswersOfABatchAreBounded(t *testing.T) {
	b := start(t)
	name, text := "big", strings.Repeat("x", 3<<20)
	b.want("POST", "/config/uploads", `{"name":"`+name+`","content":"`+text+`"}`, 201, "…")
	requests := make([]map[string]string, 30)
	for i := range requests {
		requests[i] = map[string]string{"method": "GET", "path": "/data/export"}
	}
	taken, refused := 0, 0
	for _, a := range b.batch(requests...) {
		switch {
		case a.Code == 200 && strings.Contains(a.Response, text):
			taken++
		case a.Code == 413 && a.Response == "" && strings.Contains(a.Error, "larger than 67108864 bytes"):
			refused++
		default:
			t.Fatal(a.Code, a.Error)
		}
	}
	if taken != 21 || refused != 9 {
		t.Errorf("%d answers of 3 MiB, %d refused", taken, refused)
	}
}

package rule

import (
	"encoding/json"
	"testing"

	"sluice/rules-service/internal/connector"
)

func TestReceptionInTheStatus(t *testing.T) {
	r := &connector.Reception{Topic: "a/#", LastTopic: "a/b", Ignored: map[string]uint64{"unreadable": 2, "empty": 1}, LastIgnored: "no JSON"}
	b, err := json.Marshal(appendReception(nil, "source_s_0_", r))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"source_s_0_topic":"a/#","source_s_0_last_topic":"a/b","source_s_0_ignored_empty_total":1,"source_s_0_ignored_unreadable_total":2,"source_s_0_last_ignored":"no JSON"}`
	if string(b) != want {
		t.Errorf("\n got %s\nwant %s", b, want)
	}
	if p := appendReception(nil, "", nil); len(p) != 0 {
		t.Error(p)
	}
}

package api_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// R: two imports in one second had the same id.
func TestTasksHaveIdsOfTheirOwn(t *testing.T) {
	b := start(t)
	seen := map[string]bool{}
	for range 20 {
		_, text, _ := b.Call(t, "POST", "/async/data/import?partial=1", content(`{"streams":{"demo":`+quote(plainDemo)+`}}`))
		var answer struct{ ID string }
		if err := json.Unmarshal([]byte(text), &answer); err != nil || seen[answer.ID] || !strings.HasPrefix(answer.ID, "dataImport-") {
			t.Fatalf("%v in %s", err, text)
		}
		seen[answer.ID] = true
	}
	for id := range seen {
		eventually(t, "task ends", func() bool {
			var k struct {
				Status, Message  string
				CreatedTimestamp int64
			}
			b.get("/async/task/"+id, &k)
			if k.Status == "failed" || time.Since(time.Unix(k.CreatedTimestamp, 0)) > time.Hour {
				t.Fatalf("%+v", k)
			}
			return k.Status == "finished"
		})
	}
	b.want("GET", "/streams", "", 200, `["demo"]`+"\n")
	b.refused("GET", "/async/task/zz", "", 400, 1000, "async task: zz not found")
	b.refused("POST", "/async/task/zz/cancel", "", 400, 1000, "async task: zz not found")
}

func TestFailedTask(t *testing.T) {
	b := start(t)
	_, text, _ := b.Call(t, "POST", "/async/data/import?partial=1", content(`{"streams":{"demo":"x"}}`))
	var answer struct{ ID string }
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatal(err)
	}
	eventually(t, "task fails", func() bool {
		var k struct{ Status, Message string }
		b.get("/async/task/"+answer.ID, &k)
		return k.Status == "failed" && strings.Contains(k.Message, `"demo"`)
	})
	b.want("POST", "/async/task/"+answer.ID+"/cancel", "", 200, "cancel success")
}

package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"sluice/rules-service/internal/apitest"
)

// uiOptions are what the rules page of EdgeX's UI sends with each rule.
const uiOptions = `"options":{"isEventTime":false,"lateTolerance":1000,"concurrency":1,"bufferLength":1024,"sendMetaToSink":false,"sendError":false,"qos":0,"checkpointInterval":300000}`

// The calls of the rules page of EdgeX's UI, in the order of a session.
func TestEdgeXUI(t *testing.T) {
	b := &bench{apitest.StartBuiltin(t, t.TempDir(), ""), t}
	b.want("GET", "/ping", "", 200, "")
	b.want("GET", "/streams", "", 200, "[]\n")
	b.want("POST", "/streams", sql(`CREATE STREAM EdgeXStream () WITH ( FORMAT = "JSON", TYPE = "edgex" )`), 201, "Stream EdgeXStream is created.")
	b.want("GET", "/streams", "", 200, `["EdgeXStream"]`+"\n")

	// The edit page reads these names and writes every option back as text.
	_, text, _ := b.Call(t, "GET", "/streams/EdgeXStream", "")
	var stream struct {
		Name         string
		StreamFields []struct{ Name, FieldType string }
		Options      map[string]any
	}
	if err := json.Unmarshal([]byte(text), &stream); err != nil || stream.Name != "EdgeXStream" || stream.Options["TYPE"] != "edgex" || stream.Options["FORMAT"] != "json" {
		t.Fatalf("%s: %v", text, err)
	}
	b.want("PUT", "/streams/EdgeXStream", sql(`CREATE STREAM EdgeXStream () WITH ( DATASOURCE = "", FORMAT = "JSON", TYPE = "edgex", KEY = "", CONF_KEY = "", SHARED = "false", STRICT_VALIDATION = "false", TIMESTAMP = "", TIMESTAMP_FORMAT = "", RETAIN_SIZE = "0" )`),
		200, "Stream EdgeXStream is replaced.")

	actions := map[string]string{
		"log":  `{"log":{}}`,
		"nop":  `{"nop":{"log":false}}`,
		"mqtt": `{"mqtt":{"server":"tcp://127.0.0.1:1","topic":"alarms","clientId":"ui","qos":0,"retained":false,"concurrency":1,"bufferLength":1024,"runAsync":false,"retryInterval":1000,"retryCount":3,"cacheLength":1024,"omitIfEmpty":false,"sendSingle":true,"dataTemplate":""}}`,
		"rest": `{"rest":{"method":"put","url":"http://127.0.0.1:1/api/v3/device/name/d/c","bodyType":"json","timeout":5000,"headers":{},"debugResp":false,"insecureSkipVerify":true,"sendSingle":true,"dataTemplate":"{\"on\": true}"}}`,
	}
	for id, action := range actions {
		rule := `{"id":"` + id + `","sql":"SELECT Temperature FROM EdgeXStream WHERE Temperature > 80","actions":[` + action + `],` + uiOptions + `}`
		b.want("POST", "/rules", rule, 201, "Rule "+id+" was created successfully.")
		b.want("GET", "/rules/"+id, "", 200, rule)
		b.want("PUT", "/rules/"+id, strings.Replace(rule, "80", "90", 1), 200, "Rule "+id+" was updated successfully.")
		b.want("GET", "/rules/"+id+"/status", "", 200, `{"status":"running","message":"",…`)
		b.want("GET", "/rules/"+id+"/topo", "", 200, `{"sources":["source_EdgeXStream"],"edges":{…`)
		b.want("POST", "/rules/"+id+"/stop", "", 200, "Rule "+id+" was stopped.")
		b.want("POST", "/rules/"+id+"/start", "", 200, "Rule "+id+" was started")
		b.want("POST", "/rules/"+id+"/restart", "", 200, "Rule "+id+" was restarted")
	}
	_, text, _ = b.Call(t, "GET", "/rules", "")
	var rules []struct{ ID, Status string }
	if err := json.Unmarshal([]byte(text), &rules); err != nil || len(rules) != len(actions) || rules[0].Status != "running" {
		t.Errorf("%s: %v", text, err)
	}
	for id := range actions {
		b.want("DELETE", "/rules/"+id, "", 200, "Rule "+id+" is dropped.")
	}
	b.want("DELETE", "/streams/EdgeXStream", "", 200, "Stream EdgeXStream is dropped.")
}

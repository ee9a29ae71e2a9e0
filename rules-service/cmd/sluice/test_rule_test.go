package main

import (
	"fmt"
	"strings"
	"testing"

	"sluice/rules-service/internal/rule"
	"sluice/sqlengine"
	"sluice/sqlengine/sqltest"
)

// TestReadsRulesAsTheService: the options of a rule change a test case as they
// change the rule in the service. The plan tells them all but sendNilField.
func TestReadsRulesAsTheService(t *testing.T) {
	const definition = `CREATE STREAM s () WITH (TYPE="mqtt", DATASOURCE="s", TIMESTAMP="ts");`
	st, err := sqlengine.ParseStatement(definition)
	if err != nil {
		t.Fatal(err)
	}
	plans := map[string]bool{}
	for _, options := range []string{
		`{}`, `{"isEventTime": true}`, `{"ISEVENTTIME": true}`,
		`{"isEventTime": true, "lateTolerance": 2500}`, `{"isEventTime": true, "lateTolerance": "3s"}`, `{"isEventTime": true, "lateTolerance": 0}`,
		`{"isEventTime": true, "idleTimeout": "1m"}`, `{"isEventTime": true, "idleTimeout": 1500, "lateTolerance": ""}`,
		`{"planOptimizeStrategy": {"windowOption": {"windowVersion": "v2"}}}`, `{"planOptimizeStrategy": {"windowOption": {"windowVersion": "v1"}}}`,
		`{"planOptimizeStrategy": {"windowOption": {"enableSendSlidingWindowTwice": true}}}`,
		`{"params": {"limit": 90, "other": "x"}}`, `{"params": {"limit": 90.5}}`, `{"params": {"limit": null}, "qos": 0, "concurrency": 4}`,
	} {
		if !strings.Contains(options, "limit") {
			options = strings.Replace(options, "{", `{"params": {"limit": 80}, `, 1)
			options = strings.Replace(options, ", }", "}", 1)
		}
		text := fmt.Sprintf(`{"id": "r", "sql": "SELECT a FROM s WHERE a > $limit GROUP BY SLIDINGWINDOW(ss, 10, 5)", "actions": [{"log": {}}], "options": %s}`, options)
		def, _, err := rule.ParseDefinition(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		q, err := sqlengine.Compile(def.SQL, sqlengine.Streams{"s": st.Stream}, def.Options.Query)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		plans[q.Explain()] = true
		c, err := sqltest.Parse("c", []byte("-- streams --\n"+definition+"\n-- rule --\n"+text+"\n-- explain --\n"+q.Explain()))
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Run()
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := c.Diff(got); diff != "" {
			t.Errorf("%s (- service, + test)\n%s", text, diff)
		}
	}
	if len(plans) < 7 {
		t.Errorf("the options make only %d plans", len(plans))
	}
}

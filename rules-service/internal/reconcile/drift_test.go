package reconcile_test

import (
	"testing"

	"sluice/rules-service/internal/apitest"
	"sluice/rules-service/internal/reconcile"
)

// What was changed by hand stays until the file changes, over a restart too.
func TestFilesWinWhenTheyChange(t *testing.T) {
	dir := t.TempDir()
	b := &bench{apitest.Start(t, dir, ""), t, t.TempDir()}
	b.set(reconcile.Options{})
	b.write("s.sql", stream("s"))
	b.write("r.json", ruleOn("r", "s", "a > 1"))
	b.look()
	hash := b.file("r.json").Hash
	b.call("PUT", "/rules/r", ruleOn("r", "s", "a > 99"))
	b.look()
	b.has("/rules/r", "a > 99")
	b.Close(t)
	b.Service = apitest.Start(t, dir, "")
	b.set(reconcile.Options{})
	b.look()
	b.has("/rules/r", "a > 99")
	b.want("r.json", reconcile.Applied, "")
	if f := b.file("r.json"); f.Hash != hash || f.Tries != 1 || f.Last == nil {
		t.Errorf("%+v", f)
	}
	b.write("r.json", ruleOn("r", "s", "a > 2"))
	b.look()
	b.has("/rules/r", "a > 2")
}

// With CorrectDrift the files win at every look.
func TestCorrectDrift(t *testing.T) {
	b := start(t)
	b.set(reconcile.Options{CorrectDrift: true})
	b.write("s.sql", stream("s"))
	b.write("r.json", ruleOn("r", "s", "a > 1"))
	b.write("c.json", `{"commands":[{"url":"/rules","method":"post","data":`+ruleOn("c", "s", "a > 1")+`}]}`)
	b.look()
	b.look()
	b.call("PUT", "/rules/c", ruleOn("c", "s", "a > 99"))
	b.call("PUT", "/rules/r", ruleOn("r", "s", "a > 99"))
	b.look()
	b.has("/rules/r", "a > 1")
	b.has("/rules/c", "a > 99")
	b.call("POST", "/rules/r/stop", "")
	b.call("DELETE", "/rules/c", "")
	b.look()
	b.has("/rules/r/status", `"running"`)
	b.hasNot("/rules/c")
	b.call("DELETE", "/rules/r", "")
	b.call("DELETE", "/streams/s", "")
	b.look()
	b.has("/rules/r", "a > 1")
	if f := b.file("r.json"); f.Tries != 1 {
		t.Errorf("%+v", f)
	}
}

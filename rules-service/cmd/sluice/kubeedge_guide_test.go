package main

import (
	"testing"

	"sluice/rules-service/internal/apitest"
	"sluice/tests/guide"
)

// TestKubeEdgeGuide runs what docs/kubeedge.md shows, against a service and a
// core-metadata in memory.
func TestKubeEdgeGuide(t *testing.T) {
	t.Parallel()
	service := apitest.StartBuiltin(t, t.TempDir(), "")
	followGuide(t, newGuide(t, "SLUICE_SERVER="+service.URL), guide.Page(t, "rules-service/docs/kubeedge.md"), 20)
}

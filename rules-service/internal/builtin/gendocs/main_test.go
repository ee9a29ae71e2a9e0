package main

import (
	"bytes"
	"os"
	"testing"

	"sluice/rules-service/internal/builtin"
	"sluice/rules-service/internal/connector/edgex"
)

func TestDocumentIsFresh(t *testing.T) {
	const path = "../../../docs/connectors.md"
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want, err := document(builtin.Registry(edgex.Bus{}))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is stale: run go run ./rules-service/internal/builtin/gendocs", path)
	}
}

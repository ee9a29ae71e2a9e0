package main

import (
	"bytes"
	"os"
	"testing"

	"sluice/rules-service/internal/builtin"
	"sluice/rules-service/internal/connector/edgex"
)

func TestDocumentsAreFresh(t *testing.T) {
	for name, generate := range documents {
		got, err := os.ReadFile("../../../docs/" + name)
		if err != nil {
			t.Fatal(err)
		}
		want, err := generate(builtin.Registry(edgex.Bus{}))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is stale: run go run ./rules-service/internal/builtin/gendocs", name)
		}
	}
}

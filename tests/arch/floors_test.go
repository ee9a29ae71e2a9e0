// Package arch tests the shape of the code: who may import whom, that every
// package says what it is for, and that every module has a reason.
package arch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// floors maps folders to their floor. A package takes the floor of the longest
// folder that holds it and may import only packages of this module on lower
// floors, or below itself. A package in no folder listed fails the test.
var floors = map[string]int{
	"sqlengine/value":    0,
	"sqlengine/diag":     0,
	"sqlengine/syntax":   1,
	"sqlengine/function": 1,
	"sqlengine/plan":     2,
	"sqlengine/index":    2,
	"sqlengine/exec":     3,
	"sqlengine":          4,
	"sqlengine/sqltest":  5,

	"sqlengine/function/gendocs": 5,
	"sqlengine/diag/gendocs":     6,

	"rules-service/internal/codec":         5,
	"rules-service/internal/dialect":       5,
	"rules-service/internal/connector":     5,
	"rules-service/internal/definition":    5,
	"rules-service/internal/httpclient":    5,
	"rules-service/internal/mqttclient":    5,
	"rules-service/internal/connector/*":   6,
	"rules-service/internal/connectortest": 6,
	"rules-service/internal/journal":       6,
	"rules-service/internal/builtin":       7,
	"rules-service/internal/builtin/*":     8,
	"rules-service/internal/delivery":      7,
	"rules-service/internal/hub":           7,
	"rules-service/internal/rule":          8,
	"rules-service/internal/named":         8,
	"rules-service/internal/metrics":       9,
	"rules-service/internal/reconcile":     9,
	"rules-service/internal/store":         7,
	"rules-service/internal/api":           9,
	"rules-service/internal/apitest":       10,
	"rules-service":                        10,
	"rules-service/cmd/sluice":             10,

	"device-service/internal/driver":     5,
	"device-service/internal/modbus":     6,
	"device-service/internal/opcua":      6,
	"device-service/internal/drivertest": 6,
	"device-service/internal/schedule":   7,
	"device-service/internal/twin":       7,
	"device-service/internal/edgex":      9,
	"device-service/cmd/device-modbus":   10,
	"device-service/cmd/device-opcua":    10,

	"profiles": 5,
	"upstream": 5,
	"box/*":    6,
	"box":      10,

	"docker/health":  5,
	"docker/image":   5,
	"docker/images":  10,
	"docker/boxpart": 10,

	"tests/servers":            11,
	"tests/edgecore":           11,
	"tests/edgecore/dmi":       11,
	"tests/servers/natsserver": 12,
	"tests/stack":              12,
	"tests":                    13,
}

// onlyImporters names, for a module, the only package that may import it, apart
// from tests.
var onlyImporters = map[string]string{
	"github.com/edgexfoundry/device-sdk-go/":        "sluice/device-service/internal/edgex",
	"github.com/edgexfoundry/app-functions-sdk-go/": "sluice/rules-service",
	"github.com/nats-io/nats-server/":               "sluice/box/broker",
}

type listed struct {
	ImportPath, Doc string
	Imports         []string
	GoFiles         []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Doc,GoFiles", "sluice/...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		switch err := dec.Decode(&p); {
		case errors.Is(err, io.EOF):
			return all
		case err != nil:
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// floor of an import path of this module.
func floor(path string) (int, error) {
	rel := strings.TrimPrefix(path, "sluice/")
	if f, ok := floors[rel]; ok {
		return f, nil
	}
	for dir := rel; strings.Contains(dir, "/"); {
		dir = dir[:strings.LastIndexByte(dir, '/')]
		if f, ok := floors[dir+"/*"]; ok {
			return f, nil
		}
		if f, ok := floors[dir]; ok {
			return f, nil
		}
	}
	return 0, fmt.Errorf("%s: is on no floor; add it to floors if it belongs there", path)
}

func TestFloors(t *testing.T) {
	for _, p := range packages(t) {
		own, err := floor(p.ImportPath)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, imp := range p.Imports {
			if !strings.HasPrefix(imp, "sluice/") || strings.HasPrefix(imp, p.ImportPath+"/") {
				continue
			}
			if f, err := floor(imp); err == nil && f >= own {
				t.Errorf("%s (floor %d) must not import %s (floor %d)", p.ImportPath, own, imp, f)
			}
		}
	}
}

func TestEngineUsesTheStandardLibraryAlone(t *testing.T) {
	for _, p := range packages(t) {
		if p.ImportPath != "sluice/sqlengine" && !strings.HasPrefix(p.ImportPath, "sluice/sqlengine/") {
			continue
		}
		for _, imp := range p.Imports {
			first, _, _ := strings.Cut(imp, "/")
			if strings.Contains(first, ".") || first == "sluice" && !strings.HasPrefix(imp, "sluice/sqlengine") {
				t.Errorf("%s must not import %s: the engine is for anyone to embed", p.ImportPath, imp)
			}
		}
	}
}

func TestBordersToEdgeX(t *testing.T) {
	for _, p := range packages(t) {
		for _, imp := range p.Imports {
			for module, importer := range onlyImporters {
				if strings.HasPrefix(imp, module) && p.ImportPath != importer && !strings.HasPrefix(p.ImportPath, "sluice/tests/") {
					t.Errorf("%s must not import %s; only %s does", p.ImportPath, imp, importer)
				}
			}
			if strings.HasPrefix(imp, "github.com/edgexfoundry/") && strings.HasPrefix(p.ImportPath, "sluice/device-service/internal/driver") {
				t.Errorf("%s must not import %s: drivers know nothing of EdgeX", p.ImportPath, imp)
			}
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	for _, p := range packages(t) {
		if len(p.GoFiles) > 0 && p.Doc == "" {
			t.Errorf("%s: has no package comment", p.ImportPath)
		}
	}
}

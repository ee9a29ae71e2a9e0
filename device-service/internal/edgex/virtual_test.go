package edgex

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"

	"sluice/device-service/internal/driver"
)

func virtualOf(name string, t driver.Type) driver.Resource {
	return driver.Resource{Name: name, Type: t, Attributes: map[string]any{"virtual": true}}
}

// Values of virtual resources begin with their defaults and outlive the process.
func TestVirtualValues(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	open := func() *virtuals {
		t.Helper()
		v, err := openVirtuals(dir, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	v := open()
	threshold, mode := virtualOf("threshold", "Float64"), virtualOf("mode", "String")
	if r := v.read("d", threshold, "80"); r.Value != 80.0 || r.Err != nil {
		t.Errorf("%+v", r)
	}
	if r := v.read("d", threshold, ""); r.Err == nil || !strings.Contains(r.Err.Error(), "has no value yet") {
		t.Errorf("%+v", r)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a folder is made for nothing")
	}
	if err := v.write("d", []driver.Write{{Resource: threshold, Value: 12345678.901}, {Resource: mode, Value: ""}}); err != nil {
		t.Fatal(err)
	}
	if err := v.write("other", []driver.Write{{Resource: mode, Value: "AUTO"}}); err != nil {
		t.Fatal(err)
	}
	v = open()
	if r := v.read("d", threshold, "80"); r.Value != 12345678.901 || r.Err != nil {
		t.Errorf("%+v", r)
	}
	if r := v.read("d", mode, "x"); r.Value != "" || r.Err != nil {
		t.Errorf("%+v", r)
	}
	if r := v.read("d", virtualOf("threshold", "Bool"), "true"); r.Value != true { // the profile has changed
		t.Errorf("%+v", r)
	}
	v.forget("d")
	v = open()
	if r := v.read("d", threshold, "80"); r.Value != 80.0 {
		t.Errorf("%+v", r)
	}
	if r := v.read("other", mode, ""); r.Value != "AUTO" {
		t.Errorf("%+v", r)
	}
}

// A value that cannot be saved is not taken; a file that is spoilt is put aside.
func TestVirtualFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, virtualFile)
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	v, err := openVirtuals(dir, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil || !strings.Contains(log.String(), file+".bad") {
		t.Fatalf("%v, %s", err, &log)
	}
	r := virtualOf("a", "Int8")
	if err := v.write("d", []driver.Write{{Resource: r, Value: int8(1)}}); err != nil {
		t.Fatal(err)
	}
	v.file = filepath.Join(file, "no folder", virtualFile)
	if err := v.write("d", []driver.Write{{Resource: r, Value: int8(2)}}); err == nil || !strings.Contains(err.Error(), "values of virtual resources") {
		t.Error(err)
	}
	if got := v.read("d", r, ""); got.Value != int8(1) {
		t.Errorf("%+v", got)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) != 2 {
		t.Errorf("%q", left)
	}
}

func TestCheckVirtual(t *testing.T) {
	scale := 0.1
	for want, r := range map[string]models.DeviceResource{
		"": {Attributes: map[string]any{"virtual": "true"}, Properties: models.ResourceProperties{ValueType: "Float64", DefaultValue: "80"}},
		`resource "r" is virtual: it has no register, so leave out mask, shift, base, scale and offset`:             {Name: "r", Attributes: map[string]any{"virtual": true}, Properties: models.ResourceProperties{ValueType: "Float64", Scale: &scale}},
		`resource "r" is virtual: its valueType Int8Array is none of Bool, String, and the types of single numbers`: {Name: "r", Attributes: map[string]any{"virtual": true}, Properties: models.ResourceProperties{ValueType: "Int8Array"}},
		`resource "r" is virtual: defaultValue: "x" is no value of type Int8`:                                       {Name: "r", Attributes: map[string]any{"virtual": true}, Properties: models.ResourceProperties{ValueType: "Int8", DefaultValue: "x"}},
	} {
		got := ""
		for _, err := range checkVirtual(r) {
			got += err.Error()
		}
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if got := checkVirtual(models.DeviceResource{Attributes: map[string]any{"virtual": false}, Properties: models.ResourceProperties{ValueType: "Object"}}); got != nil {
		t.Error(got)
	}
}

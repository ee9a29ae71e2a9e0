package drivertest

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"

	"sluice/device-service/internal/driver"
)

func validateGood(t *testing.T, b *Bench) {
	for _, d := range b.Devices {
		if err := b.Driver.Validate(d, b.all()); err != nil {
			t.Errorf("%s: %v", d.Name, err)
		}
	}
}

func validateBad(t *testing.T, b *Bench) {
	resources := b.resources()
	want := map[[2]string]bool{}
	for _, property := range b.InvalidProperties {
		want[[2]string{"", property}] = true
	}
	for _, bad := range b.Invalid {
		resources = append(resources, bad.Resource)
		for _, attribute := range bad.Attributes {
			want[[2]string{bad.Resource.Name, attribute}] = true
		}
	}
	err := b.Driver.Validate(b.InvalidDevice, resources)
	for _, f := range driver.Findings(err) {
		at := [2]string{f.Resource, f.Attribute}
		if !want[at] {
			t.Errorf("unexpected finding: %v", f)
		}
		delete(want, at)
	}
	for at := range want {
		t.Errorf("no finding for resource %q, attribute %q in: %v", at[0], at[1], err)
	}
}

func readInOrder(t *testing.T, b *Bench) {
	b.add(t, b.device())
	b.readGood(t, b.device())
	slices.Reverse(b.Known)
	b.readGood(t, b.device())
	b.Known = append(b.Known, b.Known[0]) // the same one twice
	b.readGood(t, b.device())
	b.Known = b.Known[:1]
	b.readGood(t, b.device())
	b.Known = nil
	b.readGood(t, b.device())
}

func refusedAlone(t *testing.T, b *Bench) {
	b.add(t, b.device())
	b.readGood(t, b.device())
	middle := len(b.Known) / 2
	for range 3 { // what the driver learns from a refusal must not change the answer
		readings, err := b.Driver.Read(t.Context(), b.device().Name, slices.Insert(b.resources(), middle, b.Refused))
		if err != nil {
			t.Fatal(err)
		}
		if len(readings) != len(b.Known)+1 {
			t.Fatalf("%d readings, want %d", len(readings), len(b.Known)+1)
		}
		refused := readings[middle]
		if refused.Resource != b.Refused.Name || refused.Err == nil || refused.Value != nil {
			t.Errorf("refused resource gives %+v", refused)
		}
		b.check(t, slices.Delete(readings, middle, middle+1))
	}
}

func unknownDevice(t *testing.T, b *Bench) {
	b.add(t, b.device())
	if _, err := b.Driver.Read(t.Context(), "nobody", b.resources()); !errors.Is(err, driver.ErrUnknownDevice) {
		t.Errorf("read: %v", err)
	}
	if err := b.Driver.Write(t.Context(), "nobody", b.Writes); !errors.Is(err, driver.ErrUnknownDevice) {
		t.Errorf("write: %v", err)
	}
	b.Driver.Remove("nobody")
	b.readGood(t, b.device())
}

func addReplaces(t *testing.T, b *Bench) {
	b.add(t, b.device(), b.device())
	b.readGood(t, b.device())
	b.Driver.Remove(b.device().Name)
	if _, err := b.read(b.device()); !errors.Is(err, driver.ErrUnknownDevice) {
		t.Errorf("read after one remove: %v", err)
	}
}

func writeAndReadBack(t *testing.T, b *Bench) {
	b.add(t, b.device())
	b.readGood(t, b.device())
	if err := b.Driver.Write(t.Context(), b.device().Name, b.Writes); err != nil {
		t.Fatal(err)
	}
	resources := make([]driver.Resource, len(b.Writes))
	for i, w := range b.Writes {
		resources[i] = w.Resource
	}
	readings, err := b.Driver.Read(t.Context(), b.device().Name, resources)
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range b.Writes {
		checkReading(t, readings[i], Known{w.Resource, w.Value})
	}
}

func readOnlyRefused(t *testing.T, b *Bench) {
	b.add(t, b.device())
	before := b.value(t, b.ReadOnly.Resource)
	err := b.Driver.Write(t.Context(), b.device().Name, []driver.Write{b.ReadOnly})
	failed := driver.NotWritten(err)
	if !errors.Is(err, driver.ErrReadOnly) || len(failed) != 1 || failed[0].Resource != b.ReadOnly.Resource.Name {
		t.Errorf("write: %v", err)
	}
	if after := b.value(t, b.ReadOnly.Resource); !reflect.DeepEqual(before, after) {
		t.Errorf("the value changed from %v to %v", before, after)
	}
}

// value reads one resource of the first device.
func (b *Bench) value(t *testing.T, r driver.Resource) any {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	readings, err := b.Driver.Read(ctx, b.device().Name, []driver.Resource{r})
	if err != nil || len(readings) != 1 || readings[0].Err != nil {
		t.Fatalf("read %s: %v, %v", r.Name, readings, err)
	}
	return readings[0].Value
}

package driver_test

import (
	"errors"
	"fmt"
	"testing"

	"sluice/device-service/internal/driver"
)

func TestErrorsAreFoundInAnyNesting(t *testing.T) {
	finding := &driver.AttributeError{Resource: "a", Attribute: "x", Err: errors.New("is missing")}
	first := &driver.WriteError{Resource: "a", Err: driver.ErrReadOnly}
	second := &driver.WriteError{Resource: "b", Err: fmt.Errorf("bad: %w", finding)}
	err := fmt.Errorf("device: %w", errors.Join(first, nil, fmt.Errorf("more: %w", errors.Join(second))))

	if got := driver.NotWritten(err); len(got) != 2 || got[0] != first || got[1] != second {
		t.Errorf("not written: %v", got)
	}
	if got := driver.Findings(err); len(got) != 1 || got[0] != finding {
		t.Errorf("findings: %v", got)
	}
	if driver.NotWritten(nil) != nil || driver.Findings(errors.New("other")) != nil {
		t.Error("something is found in nothing")
	}
	if want := `resource "a" was not written: read only`; first.Error() != want {
		t.Errorf("%q, want %q", first, want)
	}
}

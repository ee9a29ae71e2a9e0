package opcua

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/gopcua/opcua/ua"

	"sluice/device-service/internal/driver"
	"sluice/tests/servers"
)

// Values that do not fit one answer come in several, and one that fits none does
// not keep the others away.
func longAnswers(t *testing.T, peer *servers.OPCUA) {
	const texts = 30
	node := func(name string, kind driver.Type) driver.Resource {
		return driver.Resource{Name: name, Type: kind, Attributes: map[string]any{nodeIDAttribute: "nsu=urn:peer;s=" + name}, Readable: true}
	}
	peer.Tell(t, "text Huge 200000")
	peer.Tell(t, "wave Wave 70000")
	resources := []driver.Resource{node("Huge", "String"), node("Wave", "Int16Array"), node("Small", "Uint8")}
	for i := range texts {
		name := fmt.Sprint("Text", i)
		peer.Tell(t, fmt.Sprintf("text %s 10000", name))
		resources = append(resources, node(name, "String"))
	}
	d := newDriver(t, patient)
	add(t, d, deviceAt("dev", peer.Endpoint()), resources...)
	for range 2 {
		readings := mustRead(t, d, "dev", resources...)
		if !errors.Is(readings[0].Err, ua.StatusBadResponseTooLarge) {
			t.Errorf("Huge: %v", readings[0].Err)
		}
		if wave, _ := readings[1].Value.([]int16); len(wave) != 70000 || readings[2].Value != uint8(200) {
			t.Errorf("%v, %v", readings[1].Err, readings[2])
		}
		for _, r := range readings[3:] {
			if text, _ := r.Value.(string); len(text) != 10000 {
				t.Errorf("%s: %v", r.Resource, r.Err)
			}
		}
	}
}

// A value that is too large costs requests for its own part, and leaves the limit
// as it is.
func TestPartsOfLargeValues(t *testing.T) {
	var limit atomic.Int64
	limit.Store(8)
	var parts []string
	err := inParts(8, &limit, func(from, to int) error {
		parts = append(parts, fmt.Sprintf("%d-%d", from, to))
		if from == 0 && to > 1 {
			return errors.New("message too large: 3 > 2")
		}
		return nil
	})
	if want := []string{"0-8", "0-4", "0-2", "0-1", "1-8"}; err != nil || !slices.Equal(parts, want) || limit.Load() != 8 {
		t.Errorf("%v, parts %v, want %v, limit %d", err, parts, want, limit.Load())
	}
	lone := errors.New("too many chunks: 3 > 2")
	if err := inParts(1, &limit, func(int, int) error { return lone }); err != lone {
		t.Error(err)
	}
}

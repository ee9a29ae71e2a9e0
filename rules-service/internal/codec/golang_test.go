package codec

import (
	"testing"
	"time"

	"sluice/sqlengine/value"
)

// TestToGoKeepsTheZone: a template sees a DATETIME as it is printed.
func TestToGoKeepsTheZone(t *testing.T) {
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	for v, want := range map[value.Value]string{value.OfTime(0): "1970-01-01T00:00:00Z", value.OfTimeIn(0, tokyo): "1970-01-01T09:00:00+09:00"} {
		if got := ToGo(v).(time.Time).Format(time.RFC3339); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

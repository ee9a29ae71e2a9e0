package value

import (
	"bytes"
	"errors"
	"testing"
	"time"
)

func mustLocation(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// TestZoneIsShownOnly: the zone of a DATETIME changes its printed form, and
// nothing else.
func TestZoneIsShownOnly(t *testing.T) {
	plain, zoned := OfTime(1e9), OfTimeIn(1e9, mustLocation(t, "Asia/Shanghai"))
	if got, want := zoned.String(), `"1970-01-01T08:00:01+08:00"`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := plain.String(), `"1970-01-01T00:00:01Z"`; got != want || plain.Zone() != nil {
		t.Errorf("%s, want %s", got, want)
	}
	if order, ok := Compare(plain, zoned); order != 0 || !ok || !Equal(plain, zoned) || !bytes.Equal(AppendKey(nil, plain), AppendKey(nil, zoned)) {
		t.Error("equal moments differ")
	}
}

func TestZoneIsState(t *testing.T) {
	var e Encoder
	for _, name := range []string{"Asia/Shanghai", "UTC", "Asia/Shanghai", "America/St_Johns"} {
		e.Value(OfTimeIn(-7, mustLocation(t, name)))
	}
	d := NewDecoder(e.Bytes())
	for _, name := range []string{"Asia/Shanghai", "UTC", "Asia/Shanghai", "America/St_Johns"} {
		if v := d.Value(); v.Kind() != Time || v.Time() != -7 || v.Zone().String() != name {
			t.Errorf("%v in %v, want %s", v, v.Zone(), name)
		}
	}
	if d.Err() != nil || d.Len() != 0 {
		t.Errorf("%v, %d bytes left", d.Err(), d.Len())
	}
	unknown := NewDecoder([]byte{zonedTime, 2, 1, 'x'})
	if v := unknown.Value(); !errors.Is(unknown.Err(), errState) || v.Zone() != nil {
		t.Errorf("%v, %v", v, unknown.Err())
	}
}

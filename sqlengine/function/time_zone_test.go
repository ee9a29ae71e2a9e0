package function

import (
	"errors"
	"testing"

	"sluice/sqlengine/value"
)

// TestConvertTZ: the zone stays with the value, whatever the zone of the
// query, and changes nothing but how it is shown.
func TestConvertTZ(t *testing.T) {
	c := testContext()
	c.Location = shanghai
	checkCalls(t, c, `{"t": "2024-07-01 12:00:00", "z": "Europe/Berlin", "bad": "Berlin", "i": 0}`, map[string]string{
		`convert_tz(t, z)`: `"2024-07-01T06:00:00+02:00"`, `convert_tz(t, "UTC")`: `"2024-07-01T04:00:00Z"`, `convert_tz(i, "Asia/Kolkata")`: `"1970-01-01T05:30:00+05:30"`,
		`cast(convert_tz(t, z), "string")`: `"2024-07-01T06:00:00+02:00"`, `concat(convert_tz(t, z))`: `"2024-07-01T06:00:00+02:00"`,
		`hour(convert_tz(t, z))`: `6`, `day(convert_tz(i, "America/New_York"))`: `31`, `date_calc(convert_tz(t, z), "1h")`: `"2024-07-01 07:00:00"`,
		`format_time(convert_tz(t, z), "HH:mm XXX")`: `"06:00 +02:00"`, `date_diff(t, convert_tz(t, z))`: `0`, `to_seconds(convert_tz(t, z))`: `1719806400`,
		`convert_tz(convert_tz(t, z), "UTC")`: `"2024-07-01T04:00:00Z"`, `cast(convert_tz(t, z), "datetime")`: `"2024-07-01T06:00:00+02:00"`,
		`convert_tz(t, bad)`: `error`, `convert_tz(t, "")`: `"2024-07-01T04:00:00Z"`,
	})
}

func TestConvertTZRefusesAZone(t *testing.T) {
	_, err := mustScalar(t, "convert_tz").Bind([]Arg{{}, literal(value.OfString("../etc/passwd"))})
	var bad *BindError
	if !errors.As(err, &bad) || bad.Arg != 1 || bad.Msg != `there is no time zone "../etc/passwd"` || bad.Hint == "" {
		t.Errorf("%#v", err)
	}
}

// TestZoneOfAColumn: another zone in each row, and a NULL among them.
func TestZoneOfAColumn(t *testing.T) {
	b, err := mustScalar(t, "convert_tz").Bind([]Arg{{Kind: value.Time}, {Kind: value.String}})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		zone value.Value
		want string
	}{
		{value.OfString("Asia/Tokyo"), `"1970-01-01T09:00:00+09:00"`}, {value.OfString("Asia/Tokyo"), `"1970-01-01T09:00:00+09:00"`}, {value.Value{}, `null`},
		{value.OfString("UTC"), `"1970-01-01T00:00:00Z"`}, {value.OfString("Asia/Tokyo"), `"1970-01-01T09:00:00+09:00"`},
	} {
		if v, err := b.Call(testContext(), []value.Value{value.OfTime(0), row.zone}); err != nil || toText(t, v) != row.want {
			t.Errorf("in %v: %v, %v; want %s", row.zone, v, err, row.want)
		}
	}
}

package dialect

import (
	"maps"
	"strconv"
	"testing"
	"time"
)

func TestProp(t *testing.T) {
	s, ok := Prop("et")
	ms, err := strconv.ParseInt(s, 10, 64)
	if age := time.Since(time.UnixMilli(ms)); !ok || err != nil || age < 0 || age > time.Hour {
		t.Errorf("et is %q, %v: %v ago", s, err, age)
	}
	if s, ok := Prop("no such property"); ok {
		t.Errorf("an unknown property is %q", s)
	}
}

func TestPropsOfTheEnvironment(t *testing.T) {
	got := propsOf([]string{"HOME=/", "KUIPER_PROPS_PLANT=north", "KUIPER_PROPS_Key=a=b=", "KUIPER_PROPS_EMPTY=", "KUIPER_PROPS", "=C:"})
	want := map[string]string{"plant": "north", "key": "a=b=", "empty": ""}
	if !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

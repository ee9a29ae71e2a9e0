package codec

import (
	"strings"
	"testing"

	"sluice/sqlengine/value"
)

func TestBinary(t *testing.T) {
	s := fields("self")
	if got, want := decoded(t, decoder(t, "binary", s, DecoderOptions{}), s, "\x00\xff"), `BYTEA "AP8="`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	s = fields("image", "self")
	d := decoder(t, "binary", s, DecoderOptions{Fields: declaredFields("image", value.Bytes)})
	if got, want := decoded(t, d, s, "x"), `BYTEA "eA==", missing`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	s = &value.Schema{Columns: []value.Column{{Name: "*", Role: value.Whole}}}
	if got, want := decoded(t, decoder(t, "binary", s, DecoderOptions{}), s, "x"), `STRUCT {"self":"eA=="}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, wrong := range []any{"a", "b"} {
		if _, err := NewDecoder("binary", s, DecoderOptions{Fields: declaredFields("x", value.Bytes, wrong, value.Bytes)}); err == nil || !strings.Contains(err.Error(), "BYTEA") {
			t.Error(err)
		}
	}
}

func TestBinaryRowOutlivesTheBuffer(t *testing.T) {
	payload := []byte("x")
	rows, err := decoder(t, "binary", fields("self"), DecoderOptions{}).Decode(nil, payload, nil, 0)
	payload[0] = 'y'
	if err != nil || string(rows[0].Cols[0].Bytes()) != "x" {
		t.Error(rows, err)
	}
}

func TestBinaryWriter(t *testing.T) {
	w, err := NewWriter("binary", Form{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		row  map[string]any
		want string // an error begins with !
	}{
		{map[string]any{"self": []byte{0, 1}, "a": 1.0}, "\x00\x01"},
		{map[string]any{"self": "x"}, "x"},
		{map[string]any{"a": 1.0}, `!column "self" is missing`},
		{map[string]any{"self": 1.0}, `!column "self" is FLOAT where BYTEA or STRING is wanted`},
	} {
		got, err := w.Append(nil, rowsOf(t, c.row), true)
		if message, wrong := strings.CutPrefix(c.want, "!"); wrong {
			if err == nil || !strings.Contains(err.Error(), message) {
				t.Errorf("%v: %v", c.row, err)
			}
		} else if err != nil || string(got) != c.want {
			t.Errorf("%v: %q %v", c.row, got, err)
		}
	}
}

package codec

import (
	"fmt"
	"time"

	"github.com/valyala/fastjson"

	"sluice/sqlengine/value"
)

// layouts are the texts that a DATETIME column takes under STRICT_VALIDATION.
var layouts = []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", "2006-01-02"}

// time keeps a DATETIME as it came, so that it goes out as it came; a strict
// stream makes an instant of it.
func (g *generic) time(v *fastjson.Value, strict bool) (value.Value, error) {
	if v.Type() == fastjson.TypeNumber {
		ms, err := g.whole(v)
		if err != nil || !strict {
			return ms, err
		}
		return value.OfTime(time.UnixMilli(ms.Int()).UnixNano()), nil
	}
	b, _ := v.StringBytes()
	if !strict {
		return value.OfString(text(b)), nil
	}
	for _, l := range layouts {
		if t, err := time.Parse(l, string(b)); err == nil {
			return value.OfTime(t.UnixNano()), nil
		}
	}
	return value.Value{}, fmt.Errorf(": %q is no DATETIME: milliseconds or a text such as %q are wanted", b, layouts[1])
}

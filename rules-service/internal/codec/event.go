package codec

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"

	"github.com/fxamacker/cbor/v2"
	"github.com/valyala/fastjson"

	"sluice/sqlengine/value"
)

// event is an EdgeX event of API v3, read from either encoding. Its texts may
// point into the parser's buffer: what is kept is copied.
type event struct {
	id, device, profile, source []byte
	origin                      int64
	tags                        value.Value
	readings                    []reading // those that a rule reads
	total                       int       // of readings that the event has
}

// reading is one value of an event.
type reading struct {
	id, device, resource, profile, valueType, mediaType []byte
	origin                                              int64
	text                                                []byte      // of a simple value
	binary                                              []byte      // of Binary, ours to keep
	object                                              value.Value // of Object; Missing elsewhere
}

// readJSON reads an AddEventRequest or a bare event. Tags and objects are
// converted when something reads them.
func (e *event) readJSON(g *generic, v *fastjson.Value, tags bool, wanted func([]byte) bool) error {
	if inner := v.Get("event"); inner != nil {
		v = inner
	}
	if v.Type() != fastjson.TypeObject {
		return errors.New("an event is an object, not " + typeName(v))
	}
	*e = event{id: v.GetStringBytes("id"), device: v.GetStringBytes("deviceName"), profile: v.GetStringBytes("profileName"),
		source: v.GetStringBytes("sourceName"), tags: value.Missing, readings: e.readings[:0]}
	var err error
	if e.origin, err = g.origin(v.Get("origin")); err != nil {
		return err
	}
	if t := v.Get("tags"); tags && t != nil {
		if e.tags, err = g.value(t); err != nil {
			return fmt.Errorf("tags%w", err)
		}
	}
	list := v.GetArray("readings")
	e.total = len(list)
	for i, r := range list {
		name := r.GetStringBytes("resourceName")
		if !wanted(name) {
			continue
		}
		read, err := g.reading(r, name)
		if err != nil {
			return fmt.Errorf("readings[%d]: %w", i, err)
		}
		e.readings = append(e.readings, read)
	}
	return nil
}

func (g *generic) reading(r *fastjson.Value, name []byte) (reading, error) {
	out := reading{id: r.GetStringBytes("id"), device: r.GetStringBytes("deviceName"), resource: name,
		profile: r.GetStringBytes("profileName"), valueType: r.GetStringBytes("valueType"),
		mediaType: r.GetStringBytes("mediaType"), text: r.GetStringBytes("value"), object: value.Missing}
	var err error
	if out.origin, err = g.origin(r.Get("origin")); err != nil {
		return out, err
	}
	if b := r.GetStringBytes("binaryValue"); b != nil {
		if out.binary, err = base64.StdEncoding.AppendDecode(nil, b); err != nil {
			return out, fmt.Errorf("binaryValue: %w", err)
		}
	}
	if o := r.Get("objectValue"); o != nil {
		if out.object, err = g.value(o); err != nil {
			return out, fmt.Errorf("objectValue%w", err)
		}
	}
	return out, nil
}

func (g *generic) origin(v *fastjson.Value) (int64, error) {
	if v == nil {
		return 0, nil
	}
	if v.Type() != fastjson.TypeNumber {
		return 0, fmt.Errorf("origin is %s, not nanoseconds", typeName(v))
	}
	n, err := strconv.ParseInt(g.digits(v), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("origin %q is not in nanoseconds", g.number)
	}
	return n, nil
}

// The shapes of the CBOR form; the library reads the json tags' names.
type cborRequest struct {
	Event *cborEvent `cbor:"event"`
	cborEvent
}

type cborEvent struct {
	ID       string         `cbor:"id"`
	Device   string         `cbor:"deviceName"`
	Profile  string         `cbor:"profileName"`
	Source   string         `cbor:"sourceName"`
	Origin   int64          `cbor:"origin"`
	Tags     map[string]any `cbor:"tags"`
	Readings []cborReading  `cbor:"readings"`
}

type cborReading struct {
	ID        string `cbor:"id"`
	Device    string `cbor:"deviceName"`
	Resource  string `cbor:"resourceName"`
	Profile   string `cbor:"profileName"`
	ValueType string `cbor:"valueType"`
	MediaType string `cbor:"mediaType"`
	Origin    int64  `cbor:"origin"`
	Value     string `cbor:"value"`
	Binary    []byte `cbor:"binaryValue"`
	Object    any    `cbor:"objectValue"`
}

// readCBOR reads an AddEventRequest or a bare event.
func (e *event) readCBOR(payload []byte, wanted func([]byte) bool) error {
	var in cborRequest
	if err := cborMode.Unmarshal(payload, &in); err != nil {
		return err
	}
	from := &in.cborEvent
	if in.Event != nil {
		from = in.Event
	}
	*e = event{id: []byte(from.ID), device: []byte(from.Device), profile: []byte(from.Profile), source: []byte(from.Source),
		origin: from.Origin, tags: value.Missing, readings: e.readings[:0], total: len(from.Readings)}
	if from.Tags != nil {
		e.tags = FromGo(from.Tags)
	}
	for _, r := range from.Readings {
		if !wanted([]byte(r.Resource)) {
			continue
		}
		read := reading{id: []byte(r.ID), device: []byte(r.Device), resource: []byte(r.Resource), profile: []byte(r.Profile),
			valueType: []byte(r.ValueType), mediaType: []byte(r.MediaType), origin: r.Origin, text: []byte(r.Value),
			binary: r.Binary, object: value.Missing}
		if r.Object != nil {
			read.object = FromGo(r.Object)
		}
		e.readings = append(e.readings, read)
	}
	return nil
}

// cborMode bounds what a message can ask for.
var cborMode = func() cbor.DecMode {
	m, err := cbor.DecOptions{MaxNestedLevels: 64, DefaultMapType: mapType}.DecMode()
	if err != nil {
		panic(err)
	}
	return m
}()

package edgex

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/google/uuid"

	"sluice/rules-service/internal/codec"
	"sluice/sqlengine/value"
)

// anyBytes is the media type of bytes of which nothing else is known.
const anyBytes = "application/text"

// readingOf makes a reading of a column, as its metadata says.
func readingOf(e *dtos.Event, resource string, v value.Value, m metadata) (dtos.BaseReading, error) {
	r := dtos.BaseReading{Id: cmp.Or(m.text("id"), uuid.NewString()), Origin: cmp.Or(m.origin(), e.Origin), ResourceName: resource,
		DeviceName: cmp.Or(m.text("deviceName"), e.DeviceName), ProfileName: cmp.Or(m.text("profileName"), e.ProfileName),
		ValueType: m.text("valueType")}
	var err error
	if r.ValueType == "" {
		if r.ValueType, err = valueType(v); err != nil {
			return r, err
		}
	}
	switch r.ValueType {
	case common.ValueTypeBinary:
		r.MediaType = cmp.Or(m.text("mediaType"), anyBytes)
		r.BinaryValue, err = bytesOf(v)
	case common.ValueTypeObject:
		r.ObjectValue = codec.ToGo(v)
	default:
		r.Value, err = valueText(v, r.ValueType)
	}
	return r, err
}

// valueType is EdgeX's type for a value of which nothing else is known.
func valueType(v value.Value) (string, error) {
	switch v.Kind() {
	case value.Bool:
		return common.ValueTypeBool, nil
	case value.Int:
		return common.ValueTypeInt64, nil
	case value.Float:
		return common.ValueTypeFloat64, nil
	case value.String, value.Time:
		return common.ValueTypeString, nil
	case value.Bytes:
		return common.ValueTypeBinary, nil
	case value.List:
		return arrayType(v.List())
	}
	return common.ValueTypeObject, nil
}

// arrayType goes by the first element.
func arrayType(l []value.Value) (string, error) {
	if len(l) == 0 {
		return common.ValueTypeStringArray, nil
	}
	switch l[0].Kind() {
	case value.Null:
		return "", errors.New("the first element of the array is NULL, so it has no type")
	case value.Bool, value.Int, value.Float, value.String:
		t, err := valueType(l[0])
		return t + "Array", err
	}
	return common.ValueTypeObject, nil
}

// valueText is the text of a value of a simple type or an array of them.
func valueText(v value.Value, valueType string) (string, error) {
	element, ok := strings.CutSuffix(valueType, "Array")
	if !ok {
		return simpleText(v, valueType)
	}
	if v.Kind() != value.List {
		return "", unfit(v, valueType)
	}
	texts := make([]string, len(v.List()))
	for i, e := range v.List() {
		t, err := simpleText(e, element)
		if err != nil {
			return "", fmt.Errorf("[%d]: %w", i, err)
		}
		texts[i] = t
	}
	if element == common.ValueTypeString { // JSON: a text may hold what parts others
		b, err := json.Marshal(texts)
		return string(b), err
	}
	return "[" + strings.Join(texts, ", ") + "]", nil
}

// bits of the types of numbers.
var bits = map[string]int{
	common.ValueTypeInt8: 8, common.ValueTypeInt16: 16, common.ValueTypeInt32: 32, common.ValueTypeInt64: 64,
	common.ValueTypeUint8: 8, common.ValueTypeUint16: 16, common.ValueTypeUint32: 32, common.ValueTypeUint64: 64,
	common.ValueTypeFloat32: 32, common.ValueTypeFloat64: 64,
}

func simpleText(v value.Value, valueType string) (string, error) {
	switch valueType {
	case common.ValueTypeBool:
		if v.Kind() == value.Bool {
			return strconv.FormatBool(v.True()), nil
		}
	case common.ValueTypeString:
		switch v.Kind() {
		case value.String:
			return v.Str(), nil
		case value.Time:
			var s string
			b, err := v.AppendJSON(nil)
			return s, errors.Join(err, json.Unmarshal(b, &s))
		}
	case common.ValueTypeFloat32, common.ValueTypeFloat64:
		if f, ok := v.Number(); ok {
			return strconv.FormatFloat(f, 'g', -1, bits[valueType]), nil
		}
	default:
		if n, ok := bits[valueType]; ok {
			return wholeText(v, valueType, n)
		}
		return "", fmt.Errorf("unknown valueType %q", valueType)
	}
	return "", unfit(v, valueType)
}

// wholeText writes a BIGINT, or a FLOAT that is whole: arithmetic makes these.
func wholeText(v value.Value, valueType string, bits int) (string, error) {
	var text string
	switch v.Kind() {
	case value.Int:
		text = strconv.FormatInt(v.Int(), 10)
	case value.Float:
		if f := v.Float(); f != math.Trunc(f) || math.IsInf(f, 0) {
			return "", fmt.Errorf("%v is not whole, as %s wants", f, valueType)
		}
		text = strconv.FormatFloat(v.Float(), 'f', 0, 64)
	default:
		return "", unfit(v, valueType)
	}
	var err error
	if strings.HasPrefix(valueType, "Uint") {
		_, err = strconv.ParseUint(text, 10, bits)
	} else {
		_, err = strconv.ParseInt(text, 10, bits)
	}
	if err != nil {
		return "", fmt.Errorf("%s is out of the range of %s", text, valueType)
	}
	return text, nil
}

func bytesOf(v value.Value) ([]byte, error) {
	switch v.Kind() {
	case value.Bytes:
		return v.Bytes(), nil
	case value.String:
		b, err := base64.StdEncoding.DecodeString(v.Str())
		if err != nil {
			return nil, errors.New("a text for Binary is base64")
		}
		return b, nil
	}
	return nil, unfit(v, common.ValueTypeBinary)
}

func unfit(v value.Value, valueType string) error {
	return fmt.Errorf("%s does not fit %s", v.Kind(), valueType)
}

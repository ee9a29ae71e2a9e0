package geneva

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
)

// valueTypes are the types of v3 by those of v1 in upper case.
var valueTypes = func() map[string]string {
	m := map[string]string{"STRING": "String", "BINARY": "Binary", "STRINGARRAY": "StringArray"}
	for _, t := range []string{"Bool", "Int8", "Int16", "Int32", "Int64", "Uint8", "Uint16", "Uint32", "Uint64", "Float32", "Float64"} {
		m[strings.ToUpper(t)] = t
		m[strings.ToUpper(t)+"ARRAY"] = t + "Array"
	}
	return m
}()

// resource converts a resource.
func (c *converter) resource(profile string, v1 resourceV1) dtos.DeviceResource {
	path := profile + "." + v1.Name
	c.unknown(path, v1.Rest)
	r := dtos.DeviceResource{Name: v1.Name, Description: v1.Description}
	if v1.Tag != "" {
		r.Tags = map[string]any{"tag": v1.Tag}
	}
	r.Properties = c.properties(path, v1.Properties.Value)
	r.Properties.Units = v1.Properties.Units["defaultValue"]
	r.Attributes = c.attributes(path, v1.Attributes, r.Properties.ValueType)
	if s := r.Properties.Scale; s != nil && *s != float64(int64(*s)) {
		c.float(path, &r)
	}
	return r
}

// properties converts what v1 has under properties.value.
func (c *converter) properties(path string, v1 map[string]string) dtos.ResourceProperties {
	p := dtos.ResourceProperties{ValueType: valueTypes[strings.ToUpper(v1["type"])], ReadWrite: strings.ToUpper(v1["readWrite"]),
		DefaultValue: v1["defaultValue"], Assertion: v1["assertion"], MediaType: v1["mediaType"]}
	if p.ValueType == "" {
		c.fail(path+".type", "unknown type %q", v1["type"])
	}
	if p.ReadWrite == "" {
		p.ReadWrite = "R"
		c.note(path+".readWrite", "is missing: it is read only")
	}
	p.Minimum, p.Maximum = c.number(path, v1, "minimum", ""), c.number(path, v1, "maximum", "")
	if p.ValueType == "Bool" && (p.Minimum != nil || p.Maximum != nil) {
		p.Minimum, p.Maximum = nil, nil
		c.note(path, "minimum and maximum of a boolean are dropped")
	}
	p.Scale, p.Offset, p.Base = c.number(path, v1, "scale", "1"), c.number(path, v1, "offset", "0"), c.number(path, v1, "base", "0")
	p.Mask, p.Shift = c.mask(path, v1["mask"]), c.shift(path, v1["shift"])
	if strings.HasPrefix(p.ValueType, "Float") && !strings.EqualFold(v1["floatEncoding"], "eNotation") {
		c.note(path+".floatEncoding", "Base64 is not there any more: values are texts such as 2.5e+01")
	}
	for _, key := range slices.Sorted(maps.Keys(v1)) {
		if !knownProperties[key] {
			c.note(path+"."+key, "is not there any more and dropped")
		}
	}
	return p
}

var knownProperties = map[string]bool{"type": true, "readWrite": true, "defaultValue": true, "assertion": true, "mediaType": true, "minimum": true, "maximum": true,
	"scale": true, "offset": true, "base": true, "mask": true, "shift": true, "floatEncoding": true}

// number is a text as a number, nil when it is empty or neutral.
func (c *converter) number(path string, v1 map[string]string, key, neutral string) *float64 {
	s := strings.TrimSpace(v1[key])
	if s == "" {
		return nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		c.fail(path+"."+key, "%q is not a number", s)
		return nil
	}
	if n, err := strconv.ParseFloat(neutral, 64); err == nil && n == f {
		return nil
	}
	return &f
}

func (c *converter) mask(path, s string) *uint64 {
	if s == "" {
		return nil
	}
	m, err := strconv.ParseUint(s, 0, 64)
	if err != nil {
		c.fail(path+".mask", "%q is not a number", s)
	}
	if m == 0 {
		return nil
	}
	return &m
}

func (c *converter) shift(path, s string) *int64 {
	if s == "" {
		return nil
	}
	i, err := strconv.ParseInt(s, 0, 64)
	if err != nil {
		c.fail(path+".shift", "%q is not a number", s)
	}
	if i == 0 {
		return nil
	}
	return &i
}

// The attributes of Modbus that differ from v1 to v3.
const (
	primaryTable    = "primaryTable"
	startingAddress = "startingAddress"
	rawType         = "rawType"
)

const addresses = 65536

// attributes converts texts to values. Those of Modbus count addresses from 0
// in v3, from 1 in v1.
func (c *converter) attributes(path string, v1 map[string]string, kind string) map[string]any {
	out := map[string]any{}
	for key, s := range v1 {
		out[key] = typed(s)
	}
	table, isModbus := v1[primaryTable]
	if !isModbus {
		return out
	}
	out[primaryTable] = strings.ToUpper(table)
	address, err := strconv.ParseInt(strings.TrimSpace(v1[startingAddress]), 10, 64)
	switch {
	case err != nil:
		c.fail(path+"."+startingAddress, "%q is not a whole number", v1[startingAddress])
	case address < 0 || address > addresses:
		c.fail(path+"."+startingAddress, "%d is not between 1 and %d", address, addresses)
	case address == 0:
		address = addresses
		c.note(path+"."+startingAddress, "v1 counts from 1 and reads address %d for 0: so does this", addresses-1)
	}
	out[startingAddress] = address - 1
	if kind == "Bool" && strings.HasSuffix(out[primaryTable].(string), "_REGISTERS") {
		c.note(path, "v1 tests bit 8 of the register; the device service tests bit 0: write %q as %s for bit 8", strconv.FormatInt(address-1, 10)+".8", startingAddress)
	}
	return out
}

// typed is a text as the value that it stands for.
func typed(s string) any {
	if i, err := strconv.ParseInt(s, 10, 64); err == nil && strconv.FormatInt(i, 10) == s {
		return i
	}
	switch strings.ToLower(s) {
	case "true":
		return true
	case "false":
		return false
	}
	return s
}

// float makes a float of an integer with a fractional scale: EdgeX's SDK v3
// reads such integers wrong, and divides by zero on a write.
func (c *converter) float(path string, r *dtos.DeviceResource) {
	kind := r.Properties.ValueType
	if !strings.HasPrefix(kind, "Int") && !strings.HasPrefix(kind, "Uint") {
		return
	}
	r.Properties.ValueType = "Float64"
	if r.Attributes[rawType] == nil {
		r.Attributes[rawType] = strings.ToUpper(kind)
	}
	c.note(path+".scale", "a fractional scale is wrong on an integer of v3: it is Float64 with rawType %v", r.Attributes[rawType])
}

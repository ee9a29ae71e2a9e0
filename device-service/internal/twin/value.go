package twin

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The types of properties that edgecore's check knows. It refuses double.
const (
	typeInt     = "int"
	typeFloat   = "float"
	typeBoolean = "boolean"
	typeString  = "string"
)

// What edgecore takes at most.
const (
	longestName  = 128
	longestValue = 512
)

// value makes the value of a twin of a reading. The error says why a twin
// cannot have it.
func value(r Reading) (Value, error) {
	if err := checkName(r.Property); err != nil {
		return Value{}, err
	}
	v := Value{Property: r.Property}
	var err error
	switch r.Type {
	case "Bool":
		v.Type = typeBoolean
		v.Text, err = boolean(r.Value)
	case "Int8", "Int16", "Int32", "Int64", "Uint8", "Uint16", "Uint32", "Uint64":
		v.Type = typeInt
		v.Text, err = integer(r.Value)
	case "Float32":
		v.Type = typeFloat
		v.Text, err = float(r.Value, 32)
	case "Float64":
		v.Type = typeFloat
		v.Text, err = float(r.Value, 64)
	case "String":
		v.Type, v.Text = typeString, r.Value
		err = checkText(r.Value)
	default:
		err = fmt.Errorf("a twin cannot have a value of type %s", r.Type)
	}
	return v, err
}

func boolean(s string) (string, error) {
	b, err := strconv.ParseBool(s)
	if err != nil {
		return "", fmt.Errorf("%q is neither true nor false", s)
	}
	return strconv.FormatBool(b), nil
}

func integer(s string) (string, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return "", fmt.Errorf("%q is no int of 64 bits with a sign", s)
	}
	return strconv.FormatInt(n, 10), nil
}

// float writes a float without an exponent, whose sign + twins refuse.
func float(s string, bits int) (string, error) {
	f, err := strconv.ParseFloat(s, bits)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return "", fmt.Errorf("%q is no finite number", s)
	}
	return strconv.FormatFloat(f, 'f', -1, bits), nil
}

// checkName finds why a property cannot be one of a twin.
func checkName(name string) error {
	if name == "" || len(name) > longestName {
		return fmt.Errorf("the name of a property of a twin has 1 to %d characters, this one has %d", longestName, len(name))
	}
	if i := strange(name); i >= 0 {
		return fmt.Errorf("the name of a property of a twin cannot have the character %q; %s", rune(name[i]), allowed)
	}
	return nil
}

func checkText(s string) error {
	if len(s) > longestValue {
		return fmt.Errorf("a text of %d characters is longer than the %d that a twin takes", len(s), longestValue)
	}
	if i := strange(s); i >= 0 {
		r := []rune(s[i:])[0]
		return fmt.Errorf("a twin cannot have the character %q of the text; %s", r, allowed)
	}
	return nil
}

const allowed = "letters, digits and - _ . , : / @ # are possible"

// strange is where the first character is that twins refuse, or -1.
func strange(s string) int {
	return strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.,:/@#", r)
	})
}

// same tells whether two texts are one value: "80.0" is 80.
func same(a, b string) bool {
	if a == b {
		return true
	}
	x, err := strconv.ParseFloat(a, 64)
	if err != nil {
		return false
	}
	y, err := strconv.ParseFloat(b, 64)
	return err == nil && x == y
}

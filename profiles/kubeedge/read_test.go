package kubeedge

import (
	"strings"
	"testing"
)

// A file of many aliases, or of very deep values, ends with a finding.
func TestReadBounds(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 10; i++ {
		n := string(rune('0' + i))
		p := string(rune('0' + i - 1))
		bomb.WriteString("a" + n + ": &a" + n + " [" + strings.Repeat("*a"+p+", ", 9) + "*a" + p + "]\n")
	}
	for name, text := range map[string]string{
		"aliases":   bomb.String(),
		"itself":    "a: &a [*a]",
		"deep YAML": strings.Repeat("- ", 200) + "x",
		"deep JSON": strings.Repeat("[", 200) + strings.Repeat("]", 200),
		"cut":       `[{"a": `,
	} {
		_, findings := Read(File{"f", []byte(text)})
		if findings.Errors() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// JSON may have tabs, surrogates, a byte order mark, and many values.
func TestReadJSON(t *testing.T) {
	set, findings := Read(File{"f.json", []byte("\xef\xbb\xbf{\n\t\"apiVersion\": \"devices.kubeedge.io/v1beta1\",\n\t\"kind\": \"DeviceModel\", \"metadata\": {\"name\": \"m\"},\n" +
		"\t\"spec\": {\"properties\": [{\"name\": \"a\", \"type\": \"INT\", \"description\": \"\\ud83d\\ude00\"}]}}\n{\"apiVersion\": \"devices.kubeedge.io/v1beta1\", \"kind\": \"DeviceModel\", \"metadata\": {\"name\": \"n\"}, \"spec\": {}}")})
	if len(findings) > 0 || len(set.Models) != 2 {
		t.Fatalf("%d models, %v", len(set.Models), findings)
	}
	if d := set.Models[0].Properties[0].Description; d != "😀" {
		t.Errorf("description is %q", d)
	}
	if line := set.Models[1].Line; line != 5 {
		t.Errorf("the second model is in line %d, want 5", line)
	}
}

func TestOptions(t *testing.T) {
	for _, o := range []Options{
		{Choices: Choices{CycleUnit: "s"}}, {Choices: Choices{Semantics: "upstream"}}, {Choices: Choices{Semantics: Literal, Signed: true}},
	} {
		if _, findings := Convert(Set{}, o); findings.Errors() == nil {
			t.Errorf("%+v is taken", o)
		}
	}
	if _, findings := Export("v1", nil, nil); findings.Errors() == nil {
		t.Error("format v1 is taken")
	}
}

func TestCycleUnits(t *testing.T) {
	for _, c := range []struct {
		unit  CycleUnit
		cycle int64
		want  string
	}{
		{Auto, 5000, "5s"}, {Auto, 99_999_999, "99999999ms"}, {Auto, 100_000_000, "100ms"}, {Auto, 10_000_000_000, "10s"},
		{Nanoseconds, 5_000_000, "5ms"}, {Nanoseconds, 5000, "1ms"}, {Milliseconds, 10_000_000_000, "10000000s"},
	} {
		d, err := c.unit.duration(&c.cycle)
		if got := interval(d); err != nil || got != c.want {
			t.Errorf("%d in %s is %s, %v, want %s", c.cycle, c.unit, got, err, c.want)
		}
	}
	for _, wrong := range []int64{-1, 1 << 62} {
		if d, err := Milliseconds.duration(&wrong); err == nil {
			t.Errorf("%d is %v", wrong, d)
		}
	}
}

// Passwords are neither kept nor shown; the path of a file with one is.
func TestPasswords(t *testing.T) {
	_, r, findings := func() (Set, Result, Findings) { g := goldenNamed(t, "opcua.txtar"); return g.convert() }()
	b, err := treeOf(r.Devices[0].Device)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ToLower(strings.Join([]string{shownAll(b), shownFindings(findings)}, "\n"))
	if strings.Contains(text, "hush") {
		t.Error("the password is there")
	}
	g := goldenNamed(t, "configmap_1_9.txtar")
	_, r, _ = g.convert()
	objects, _ := Export(V1Alpha2, r.profiles(), r.devices())
	if !strings.Contains(string(Text(objects)), "password: /etc/password") {
		t.Error("the path of the password is lost")
	}
}

func shownAll(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var b strings.Builder
		for key, in := range v {
			b.WriteString(key + "=" + shownAll(in) + ";")
		}
		return b.String()
	case []any:
		var b strings.Builder
		for _, in := range v {
			b.WriteString(shownAll(in) + ",")
		}
		return b.String()
	}
	return text(v)
}

func shownFindings(f Findings) string {
	var b strings.Builder
	for _, one := range f {
		b.WriteString(one.String() + "\n")
	}
	return b.String()
}

// A deviceProfile.json is that of one node, and does not say of which; others
// say it.
func TestNodes(t *testing.T) {
	for name, want := range map[string]int{"configmap_1_4.txtar": 1, "configmap_1_9.txtar": 3, "v1alpha1.txtar": 1, "v1beta1.txtar": 1, "push.txtar": 0} {
		g := goldenNamed(t, name)
		g.options.Node = "edge1"
		if _, r, _ := g.convert(); len(r.Devices) != want {
			t.Errorf("%s: %d devices of edge1, want %d", name, len(r.Devices), want)
		}
	}
}

// What is wrong with the JSON in a ConfigMap is told with its line in the file.
func TestLinesInConfigMaps(t *testing.T) {
	head := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: device-profile-config-n}\ndata:\n  deviceProfile.json: "
	for text, want := range map[string]string{
		"|\n    {\n      \"deviceModels\": [\n        {\"name\": \"m\",}\n      ]\n    }\n": "f:8: error: data.deviceProfile.json: read JSON: invalid character",
		"''\n":      "f:5: error: data.deviceProfile.json: one JSON object is wanted here, not 0",
		"'{} {}'\n": "f:5: error: data.deviceProfile.json: one JSON object is wanted here, not 2",
		"'[]'\n":    "f:5: error: an object is wanted here, not a list",
	} {
		_, findings := Read(File{"f", []byte(head + text)})
		if told := shownFindings(findings); !strings.HasPrefix(told, want) {
			t.Errorf("%q\nwant %q", told, want)
		}
	}
}

package geneva

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// All ways to write a device in TOML say the same.
func TestDeviceInTOML(t *testing.T) {
	want, notes := Convert([]File{{"a.toml", []byte(`
[[DeviceList]]
Name = "one"
Profile = "P"
Labels = ["a.b.c.d", "[[[[[[[[[[[[[[[[[[[["]
[DeviceList.Protocols.modbus-tcp]
Port = "502"
[[DeviceList.AutoEvents]]
Frequency = "1s"
OnChange = true
Resource = "R"
`)}}, Options{})
	if len(want.Devices) != 1 || notes != nil {
		t.Fatal(want, notes)
	}
	for _, text := range []string{
		`DeviceList = [{Name = "one", Profile = 'P', Labels = ['a.b.c.d', "[[[[[[[[[[[[[[[[[[[["], Protocols = {modbus-tcp = {Port = 502}}, AutoEvents = [{Frequency = "1s", OnChange = true, Resource = "R"}]}]`,
		"\ufeff[[devicelist]] # it's {{{{{{{{{{{{{{{{{{{{{{\r\nname = \"\"\"\r\none\"\"\"\r\nprofile = '''P'''\r\nlabels = [\r\n  \"a.b.c.d\", '[[[[[[[[[[[[[[[[[[[[', # two\r\n]\r\nprotocols.modbus-tcp.Port = 502\r\nautoevents = [{frequency = '1s', onchange = \"TRUE\", resource = 'R'}]\r\n",
	} {
		got, notes := Convert([]File{{"a.toml", []byte(text)}}, Options{})
		if diff := cmp.Diff(want, got); diff != "" || notes != nil {
			t.Errorf("%s: %v (-want +got):\n%s", text, notes, diff)
		}
	}
}

// What would take the library all memory or time is refused at once.
func TestTooDeep(t *testing.T) {
	for _, text := range []string{
		"a = " + strings.Repeat("[", 40_000),
		"a = " + strings.Repeat("[\n']', # ]\n", 4_000),
		"a = " + strings.Repeat("[\"\"\"]\\\"\"\"\"\"\", ", 4_000),
		"a = " + strings.Repeat("{a = ", 4_000),
		strings.Repeat("a.", 4_000) + "a = 1",
		"[" + strings.Repeat(`"". `, 4_000) + "a]",
	} {
		_, notes := Convert([]File{{"a.toml", []byte(text)}}, Options{})
		if len(notes) != 1 || !notes[0].Error || !strings.Contains(notes[0].Message, "more than 16 deep") {
			t.Errorf("%.20s: %.200v", text, notes)
		}
	}
}

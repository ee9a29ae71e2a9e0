package edgex

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestParseDevices(t *testing.T) {
	rows, err := parseDevices(strings.NewReader("\ufeffname,profile,labels,modbus-tcp.Address, modbus-tcp.UnitID,autoEvents\n" +
		"# a comment\n" +
		`m1,Meter,hall1 energy,10.0.0.1,1,Values@1s Alarm@100ms!` + "\n" +
		`"m 2",Meter,,10.0.0.1,,` + "\n"))
	if err != nil || len(rows) != 2 {
		t.Fatal(rows, err)
	}
	one, two := rows[0], rows[1]
	if one.Line != 3 || one.Name != "m1" || fmt.Sprint(one.device.Labels) != "[hall1 energy]" || one.device.Protocols["modbus-tcp"]["UnitID"] != "1" ||
		autoEventsText(one.device.AutoEvents) != "Values@1s Alarm@100ms!" {
		t.Errorf("%+v", one)
	}
	if two.Name != "m 2" || len(two.device.AutoEvents) != 0 || two.device.Protocols["modbus-tcp"]["UnitID"] != nil {
		t.Errorf("%+v", two)
	}
}

func TestBadLists(t *testing.T) {
	for in, want := range map[string]string{
		"":                         "the list is empty; its first line names the columns, such as name,profile,modbus-tcp.Address",
		"name\n":                   "the list needs the columns name and profile",
		"name,profile,adress\n":    `column "adress" is unknown; there are name, profile, description, labels, autoEvents, and properties such as modbus-tcp.Address`,
		"name,profile,name\n":      `column "name" stands there twice`,
		"name,profile\n\"a,b\nc\n": `list of devices: record on line 2; parse error on line 3, column 3: extraneous or missing " in quoted-field`,
	} {
		if rows, err := parseDevices(strings.NewReader(in)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, %v, want %s", in, rows, err, want)
		}
	}
	rows, err := parseDevices(strings.NewReader("name,profile,autoEvents\nonly\n,P,\na,,\nb,P,Values\nc,P,Values@1s\n"))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"1 cells where the head line has 3", "column name: is empty", "column profile: is empty",
		`column autoEvents: "Values" is no auto-event such as Values@1s`, ""} {
		if rows[i].Error != want || (want != "") != (rows[i].Action == actionError) {
			t.Errorf("line %d: %+v, want %s", rows[i].Line, rows[i], want)
		}
	}
}

func FuzzParseDevices(f *testing.F) {
	f.Add("name,profile,modbus-tcp.Address,autoEvents\na,P,x,V@1s!\n")
	f.Add("name,profile\n\"")
	f.Fuzz(func(t *testing.T, in string) {
		rows, err := parseDevices(strings.NewReader(in))
		for _, r := range rows {
			if err == nil && r.Action != actionError && (r.Name == "" || r.device.ProfileName == "") {
				t.Fatalf("%+v", r)
			}
		}
	})
}

// The list in the guide is one.
func TestGuideList(t *testing.T) {
	b, err := os.ReadFile("../../docs/modbus.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(b), "```csv meters.csv\n")
	list, _, _ = strings.Cut(list, "```")
	rows, err := parseDevices(strings.NewReader(list))
	if err != nil || len(rows) != 2 || rows[0].Action == actionError || rows[1].Action == actionError {
		t.Errorf("%+v, %v", rows, err)
	}
}

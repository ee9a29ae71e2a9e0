package opcua

import (
	"strings"
	"testing"
)

func TestParseNodeID(t *testing.T) {
	for text, want := range map[string]string{
		"i=85":                                   "i=85",
		"i=4294967295":                           "i=4294967295",
		"ns=0;i=85":                              "i=85",
		"ns=2;i=1001":                            "ns=2;i=1001",
		"ns=65535;i=70000":                       "ns=65535;i=70000",
		"s=Boiler":                               "s=Boiler",
		"s=Boiler;Pressure":                      "s=Boiler;Pressure",
		"ns=2;s=Boiler.Pressure":                 "ns=2;s=Boiler.Pressure",
		"ns=2;s=a=b;c":                           "ns=2;s=a=b;c",
		"ns=2;s= spaced ":                        "ns=2;s= spaced ",
		"ns=2;b=M/RbKBsRVkePCePcx24oRA==":        "ns=2;b=M/RbKBsRVkePCePcx24oRA==",
		"g=09087e75-8e5e-499b-954f-f2a9603db28a": "g=09087E75-8E5E-499B-954F-F2A9603DB28A",
	} {
		ref, err := parseNodeID(text)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := ref.id.String(); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestParseNodeIDRefusals(t *testing.T) {
	for text, want := range map[string]string{
		"":                     "empty",
		"Boiler.Pressure":      "no identifier",
		"ns=2":                 "no identifier after the namespace",
		"ns=2;":                "no identifier",
		"ns=2;s=":              "no identifier",
		"ns=2;Boiler":          "no identifier",
		"ns=x;s=a":             `namespace "x" is not a number from 0 to 65535`,
		"ns=65536;s=a":         `namespace "65536" is not a number from 0 to 65535`,
		"ns=-1;s=a":            `namespace "-1" is not a number from 0 to 65535`,
		"ns=2;i=x":             `identifier "x" is not a number from 0 to 4294967295`,
		"ns=2;i=4294967296":    `identifier "4294967296" is not a number from 0 to 4294967295`,
		"ns=2;g=12":            `identifier "12" is not a GUID`,
		"ns=2;b=***":           `identifier "***" is not base64`,
		"ns=2;x=a":             `identifier type "x" is none of i, s, g and b`,
		" ns=2;s=a":            "is none of i, s, g and b",
		"nsu=urn:plant":        "no identifier after the namespace",
		"nsu=;s=a":             "no identifier after the namespace",
		"nsu=urn:plant;Boiler": "no identifier",
	} {
		_, err := parseNodeID(text)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "ns=2;s=Boiler.Pressure") {
			t.Errorf("%q: %v; want an error with %q and the right form", text, err, want)
		}
	}
}

func TestNamespaceURI(t *testing.T) {
	namespaces := []string{"http://opcfoundation.org/UA/", "urn:other", "urn:plant"}
	ref, err := parseNodeID("nsu=urn:plant;i=7")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		id, err := ref.resolve(namespaces)
		if err != nil || id.String() != "ns=2;i=7" {
			t.Errorf("%v, %v", id, err)
		}
	}
	if _, err := ref.resolve(namespaces[:2]); err == nil || !strings.Contains(err.Error(), `namespace "urn:plant" is unknown to the server`) {
		t.Error(err)
	}
}

func FuzzParseNodeID(f *testing.F) {
	for _, text := range []string{
		"i=85", "ns=2;s=Boiler", "ns=2;g=09087e75-8e5e-499b-954f-f2a9603db28a", "ns=2;b=AQ==", "nsu=urn:plant;s=a", "ns=;", "s==;", "",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ref, err := parseNodeID(text)
		if err != nil {
			return
		}
		if ref.uri != "" {
			return
		}
		again, err := parseNodeID(ref.id.String())
		if err != nil || !again.id.Equal(ref.id) {
			t.Errorf("%q is %v, which reads as %v, %v", text, ref.id, again.id, err)
		}
		if _, err := ref.id.Encode(); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}
